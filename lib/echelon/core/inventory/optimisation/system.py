"""What the optimisers need of a simulation: nothing else about the system matters to them."""

from typing import Protocol

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.measures import Measures, Totals


class System(Protocol):
    """One system on one set of paths; levels are arrays (nodes,), units."""

    @property
    def demand(self) -> Doubles:
        """Customers' demand per node over the measured periods of all replications, units."""

    @property
    def scale(self) -> float:
        """Measured periods x replications."""

    def totals(self, levels: Doubles) -> Totals:
        """Sums over measured periods and replications."""

    def gradient(
        self, levels: Doubles, hold: Doubles, unmet: Doubles, backorder: Doubles | None = None
    ) -> tuple[Totals, Doubles]:
        """The same, and the derivative of sum(hold x on hand + unmet x unmet + backorder x owed) in the levels."""

    def measure(self, levels: Doubles) -> Measures:
        """All measures, per replication."""
