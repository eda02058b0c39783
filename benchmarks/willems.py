"""Guaranteed-service placement on the 25 real supply chains of Willems (2008): cost, lower bound and time of each, the same
for all real service times, and what service the placement in whole days gives when it is simulated.

    PYTHONPATH=lib python -m benchmarks.willems [folder] [chain ...]

`folder` holds stages.parquet and arcs.parquet; without it ../shared/data/willems (the publisher's supplement, not included).
Conventions: a stage holds stock at 0.35 a year of its cumulative cost (its own added cost and its suppliers'); a customers'
stage with standard deviation sd and factor z bounds its demand at z sd sqrt(periods); upstream these bounds add up as if
independent, all units that a customers' stage takes by several ways counted together; customers' stages promise at most
their maximal service time (0 where none is given); processing times as given, promised times whole days. With these,
chains 23 and 25 cost what is reported for them to 0.15 %: 425,423 for 426,000 and 1,141,341 for 1,140,000. Adding the
bounds up without pooling costs 451,084 and 1,612,999. Source: Willems, Manufacturing & Service Operations Management
10(1), 2008, 19-23. Simulated (64 replications of 100 periods after a warm-up): customers' demand is gamma with the mean
and standard deviation given; `on time` is the share of it that is served within the promised time, `stock` what the mean
stock on hand costs in a year. The placement takes demand within its bounds as served and says nothing of the rest.
`real` is the cost where times may be any part of a day, and its gap to the lower bound: in the parts in which all processing
times are whole, or, where 10,000 are too few, in hundredths, with the bound of processing times rounded down to these.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.arrays import Floats
from echelon.core.inventory.kernels.drawing.paths import PathSource
from echelon.core.inventory.kernels.network.simulator import NetworkSimulator
from echelon.core.inventory.kernels.network.time_window_fill_rate import served_within
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.planning.warm_up import warm_up_periods
from echelon.textbook.multi_echelon.guaranteed_service import place_safety_stock
from echelon.textbook.multi_echelon.service_network import Placement, ServiceNetwork, Stage, base_stock_levels
from echelon.textbook.multi_echelon.service_time_grid import in_parts, parts_of_all_times, rounded_down
from echelon.textbook.multi_echelon.supply_network import as_supply_network

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "willems"
HOLDING_RATE = 0.35
SECONDS = 120.0  # for one chain
PERIODS = 100


def chains(folder: Path) -> Iterator[tuple[int, ServiceNetwork, dict[int, Demand]]]:
    """Number, network and customers' demand of each chain."""
    stages, arcs = (pd.read_parquet(folder / f"{name}.parquet") for name in ("stages", "arcs"))
    for number in sorted(stages["chain"].unique()):
        rows, mine = stages[stages["chain"] == number].set_index("stage"), arcs[arcs["chain"] == number]
        network = service_network(rows, mine)
        yield int(number), network, customers(rows, [stage.name for stage in network.stages])


def service_network(rows: pd.DataFrame, arcs: pd.DataFrame) -> ServiceNetwork:
    """One chain, its stages in an order that has suppliers first."""
    order = suppliers_first(list(rows.index), arcs)
    place = {name: i for i, name in enumerate(order)}
    links = [(place[a], place[b]) for a, b in zip(arcs["source"], arcs["dest"], strict=True)]
    rows = rows.loc[order]
    cost = cumulative_cost(rows["stage_cost_added"].to_numpy(), links, arcs["qty"].to_numpy())
    bound = (rows["safety_factor_z"] * rows["demand_std"]).fillna(0.0)
    longest = rows["max_service_time"].where(rows["max_service_time"].notna() | rows["demand_mean"].isna(), 0.0)
    made = [
        Stage(
            name, float(time), HOLDING_RATE * own, 1.0, float(sd), 0, None if np.isnan(promise) else int(promise), float(mean)
        )
        for name, time, own, sd, promise, mean in zip(
            order, rows["lead_time_mean"], cost, bound, longest, rows["demand_mean"].fillna(0.0), strict=True
        )
    ]
    return ServiceNetwork(tuple(made), tuple(links), tuple(arcs["qty"]))


def suppliers_first(names: list[str], arcs: pd.DataFrame) -> list[str]:
    """The stages sorted by the number of stages on the longest way to them."""
    depth = pd.Series(0, index=names)
    for _ in names:
        deeper = (depth[arcs["source"]].to_numpy() + 1).astype(int)
        longest = pd.Series(deeper).groupby(arcs["dest"].to_numpy()).max().reindex(names, fill_value=0)
        if longest.equals(depth):
            return list(depth.sort_values(kind="stable").index)
        depth = longest
    raise ValueError("the chain has a loop")


def cumulative_cost(added: np.ndarray, links: list[tuple[int, int]], quantities: np.ndarray) -> np.ndarray:
    """Cost of one unit at each stage: its own and its suppliers'."""
    cost = added.astype(float)
    for (supplier, customer), quantity in sorted(zip(links, quantities, strict=True), key=lambda item: item[0][1]):
        cost[customer] += quantity * cost[supplier]
    return cost


def customers(rows: pd.DataFrame, order: list[str]) -> dict[int, Demand]:
    """Demand of the customers' stages, by their places in the network."""
    asked = rows.loc[order, ["demand_mean", "demand_std"]].reset_index(drop=True).dropna(subset="demand_mean")
    return {
        int(place): Demand(np.full(1, mean), (sd / mean) ** 2 if mean > 0 else 0.0, counts=False)
        for place, mean, sd in asked.fillna(0.0).itertuples()
    }


def simulated(network: ServiceNetwork, placed: Placement, demand: dict[int, Demand]) -> str:
    """Service and stock of a placement in the simulator, and how fast it was."""
    supply = as_supply_network(network, demand, "chain")
    before = warm_up_periods(supply)
    simulator = NetworkSimulator(supply, PathSource(supply, PERIODS, before).draw("judge", 64))
    levels = np.concatenate([base_stock_levels(network, placed), np.zeros(len(demand))])
    began = time.thread_time()
    trace = simulator.trace(levels)
    speed = len(levels) * simulator.periods * 64 / (time.thread_time() - began) / 1e6
    rates = [demand[stage].rate for stage in sorted(demand)]
    share = np.average(on_time(network, simulator, trace[:, :, 1], sorted(demand)), weights=rates)
    hold = np.array([point.holding_cost for point in supply.nodes])
    return f"{share:8.2%} {hold @ trace[:, before:, 0].mean(axis=(0, 1)):15,.2f} {speed:6.1f}"


def on_time(network: ServiceNetwork, simulator: NetworkSimulator, owed: Floats, stages: list[int]) -> list[float]:
    """Share of the demand of each of the stages that is served in the time it promises."""
    first = len(network.stages)  # the customers' points come after the stages
    return [
        served_within(
            simulator.demand_of(first + i).astype(float),
            owed[:, :, first + i].astype(float),
            (network.stages[stage].outbound_time or 0) + 1,
            simulator.warm_up,
        )
        for i, stage in enumerate(stages)
    ]


def in_real_times(network: ServiceNetwork, whole: Placement) -> str:
    """Cost where all real service times are allowed, its gap to the lower bound, and seconds."""
    start, parts = time.perf_counter(), parts_of_all_times(network)
    found = whole if parts == 1 else place_safety_stock(in_parts(network, parts or 100), SECONDS)
    bound = found.bound if parts else place_safety_stock(rounded_down(in_parts(network, 100), 1), SECONDS).bound
    return f"{found.cost:15,.2f} {gap(found.cost, bound)} {time.perf_counter() - start:8.1f}"


def gap(cost: float, bound: float) -> str:
    """By how much the cost can be above the least."""
    return f"{cost / bound - 1:8.3%}" if bound > 0 else f"{'-':>8}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Guaranteed-service placement on Willems' chains")
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("chain", nargs="*", type=int, help="numbers of chains; all where none is given")
    asked = parser.parse_args()
    heads = f"{'real':>15} {'gap':>8} {'seconds':>8} {'on time':>8} {'stock':>15} {'M/s':>6}"
    print(f"{'chain':>5} {'stages':>6} {'arcs':>6} {'cost':>15} {'bound':>15} {'gap':>8} {'seconds':>8} {heads}")
    for number, network, demand in chains(asked.folder):
        if asked.chain and number not in asked.chain:
            continue
        start = time.perf_counter()
        found = place_safety_stock(network, SECONDS)
        seconds = time.perf_counter() - start
        sizes = f"{number:5} {len(network.stages):6} {len(network.links):6}"
        placed = f"{sizes} {found.cost:15,.2f} {found.bound:15,.2f} {gap(found.cost, found.bound)} {seconds:8.1f}"
        print(placed, in_real_times(network, found), simulated(network, found, demand), flush=True)


if __name__ == "__main__":
    main()
