"""Levels found by simulation and optimisation, judged by the exact cost of systems whose optimum is known.

    PYTHONPATH=lib python benchmarks/optimal_cost.py [seed]

One warehouse and its retailers under continuous review: 72 systems (2 to 20 retailers, slow to fast demand, short and long
lead times, two backorder costs). The gap is the exact cost of the levels found over the least exact cost, less 1.
"""

import itertools
import statistics
import sys
import time
from dataclasses import replace

import numpy as np
from echelon.core.inventory.optimisation.cost.continuous_review import OneWarehouse, one_warehouse_levels
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.textbook.multi_echelon.one_warehouse import Retailers, Warehouse, evaluate, optimal_levels

TIMES = ((1.0, 1.0), (2.0, 1.0), (5.0, 2.0))  # of replenishment and transport


def gap(number: int, rate: float, times: tuple[float, float], backorder: float, seed: int) -> float:
    """Of one system with holding costs 1 at the warehouse and 1.5 at the retailers."""
    warehouse, one = Warehouse(times[0], 1.0), Retailers(1, rate, times[1], 1.5, backorder)
    hold = np.array([1.0] + [1.5] * number)
    costs = Costs(hold, np.where(hold > 1, backorder, 0.0), np.zeros(number + 1))
    levels = one_warehouse_levels(OneWarehouse([rate] * number, times[0], [times[1]] * number), costs, seed)
    found = evaluate(warehouse, [one] * number, int(levels[0]), [int(own) for own in levels[1:]])
    return found.cost / optimal_levels(warehouse, [replace(one, number=number)]).cost - 1


def main() -> None:
    """Print the gaps above a hundredth of a percent, and their summary."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    start, gaps = time.process_time(), []
    for case in itertools.product((2, 5, 10, 20), (0.1, 0.5, 2.0), TIMES, (10, 40)):
        gaps.append(gap(*case, seed))
        if gaps[-1] > 1e-4:
            print(f"retailers, rate, times, backorder cost {case}: gap {gaps[-1]:.3%}", flush=True)
    seconds = time.process_time() - start
    within = sum(value <= 1e-3 for value in gaps)
    print(f"{within} of {len(gaps)} within 0.1 %; worst {max(gaps):.3%}, mean {statistics.mean(gaps):.4%}; {seconds:.0f} s")


if __name__ == "__main__":
    main()
