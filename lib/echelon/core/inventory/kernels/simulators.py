"""The simulator of a network: the fast one where it says all about it, else the general one."""

from echelon.core.inventory.kernels.drawing.paths import Sampled
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.supply_network import SupplyNetwork

Simulation = TreeSimulator | NetworkSimulator


def simulator_for(network: SupplyNetwork, paths: Sampled) -> Simulation:
    """The network on paths. Raises ProblemError on an impossible one."""
    if network.is_order_up_to_tree:
        return TreeSimulator(network, paths)
    return NetworkSimulator(network, paths)
