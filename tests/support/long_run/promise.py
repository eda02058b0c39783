"""A promise beside what happens, and how far they may be apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from echelon.api import ProblemError, SupplyNetwork, plan_network

from support.long_run.result import LongRun, long_run_of_plan
from support.long_run.tables import Published, long_run_of_tables

POINTS, SHARE = 0.003, 0.01  # of the fill rate; of the stock on hand
STANDARD_ERRORS = 2.0  # of the long run, which is not known exactly
NOTHING = 1e-9
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Promise:
    """Fill rate of customers where promise and long run differ most, beyond what is not known exactly, and stock
    on hand of all points together; status of the plan."""

    promised: float
    happens: float
    se: float
    stock: float
    stock_happens: float
    stock_se: float
    status: str

    @property
    def holds(self) -> bool:
        """Whether both are within the bounds, as far as can be told; what is not promised can't be broken."""
        served = abs(self.promised - self.happens) <= POINTS + STANDARD_ERRORS * self.se
        held = abs(self.stock - self.stock_happens) <= SHARE * self.stock_happens + STANDARD_ERRORS * self.stock_se + NOTHING
        return self.status.startswith("refused") or (served and held)

    def __str__(self) -> str:
        points = 100 * (self.promised - self.happens)
        more = self.stock / self.stock_happens - 1 if self.stock_happens > 1e-6 else np.inf
        served = f"{self.promised:8.4f} {self.happens:8.4f} {self.se:6.4f} {points:+7.2f}"
        note = "" if self.status == "ok" else f"  {self.status}"
        return f"{served} {self.stock:9.2f} {self.stock_happens:9.2f} {more:+7.1%}{'' if self.holds else '  broken'}{note}"


def promise_of(network: SupplyNetwork, periods: int = 400_000) -> Promise:
    """What the library plans and promises, and what it comes to."""
    try:
        planned = plan_network(network)
    except ProblemError as problem:
        return Promise(*(np.nan,) * 6, f"refused: {problem}")
    found = long_run_of_plan(planned, periods=periods, warm_up=min(periods // 10, 40_000))
    return _promise(planned.plan.customer_fill_rate, planned.plan.on_hand, planned.plan.status, found)


def published_promise(published: Published, sku: str, periods: int = 100_000) -> Promise:
    """The same of a release."""
    found = long_run_of_tables(published, sku, periods=periods)
    rows = {row["location"]: row for row in published.rows("stock_levels", sku=sku)}
    ordered = [rows[name] for name in found.names]
    fill_rate = np.array([np.nan if row["customer_fill_rate"] is None else row["customer_fill_rate"] for row in ordered])
    return _promise(fill_rate, np.array([row["on_hand"] for row in ordered]), ordered[0]["status"], found)


def _promise(promised: Array, stock: Array, status: str, found: LongRun) -> Promise:
    strays = np.abs(promised - found.customer_fill_rate) - STANDARD_ERRORS * found.customer_fill_rate_se
    worst = int(np.nanargmax(strays)) if np.any(np.isfinite(strays)) else 0
    total = found.total("on_hand").sum(axis=1) / found.periods
    return Promise(
        float(promised[worst]),
        float(found.customer_fill_rate[worst]),
        float(found.customer_fill_rate_se[worst]),
        float(stock.sum()),
        float(total.mean()),
        float(total.std(ddof=1) / np.sqrt(len(total))),
        status,
    )
