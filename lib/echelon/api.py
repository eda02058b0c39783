"""What a Python user may import; other modules may change from one version to the next. Nothing here needs Spark.

Plan the supply network of a SKU: a hub with a lead time of two days, and a shop that it supplies the next day.

>>> import numpy as np
>>> from echelon.api import Demand, LeadTime, SupplyNetwork, plan_network, tree_point
>>> demand = Demand(np.full(28, 4.0), dispersion=0.2)
>>> hub = tree_point("hub", "maker", -1, LeadTime.fixed(2), holding_cost=1.0)
>>> shop = tree_point("shop", "hub", 0, LeadTime.fixed(1), holding_cost=1.0, demand=demand, target_fill_rate=0.95)
>>> plan = plan_network(SupplyNetwork("A", (hub, shop))).plan
>>> plan.status, bool(plan.fill_rate[1] > 0.945)
('ok', True)

Forecast series by a model of your own (`Candidate`, `each_series`; docs/candidates.md), read the tables of a release
(`read_release`; docs/reading.md).
"""

from echelon.core.forecast.base.candidate import Candidate, Means, each_series
from echelon.core.forecast.panel import Panel, make_panel
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime, ProblemError
from echelon.core.inventory.model.supply_network import (
    Disruption,
    Link,
    Point,
    Policy,
    Start,
    SupplyNetwork,
    UnitCosts,
    every,
    tree_point,
)
from echelon.core.inventory.planning.plan import NetworkPlan, plan_network
from echelon.core.inventory.planning.stock_plan import SimulationSize, StockPlan
from echelon.errors import EchelonError
from echelon.reading import Release, read_release

__all__ = [
    "Candidate",
    "Demand",
    "Disruption",
    "EchelonError",
    "LeadTime",
    "Link",
    "Means",
    "NetworkPlan",
    "Panel",
    "Point",
    "Policy",
    "ProblemError",
    "Release",
    "Shape",
    "SimulationSize",
    "Start",
    "StockPlan",
    "SupplyNetwork",
    "UnitCosts",
    "each_series",
    "every",
    "make_panel",
    "plan_network",
    "read_release",
    "tree_point",
]
