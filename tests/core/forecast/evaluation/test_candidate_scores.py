"""Sums by segment become scores, whatever rows the sums come in."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.forecast.evaluation.backtest import COVERAGE_COLUMNS
from echelon.core.forecast.evaluation.candidate_scores import CANDIDATE_COLUMNS, candidate_scores, window_summary
from support.cells import at


def row(model: str, cutoff: int, series: int, known: int, pinball: float, **more: float) -> dict[str, object]:
    """Sums over `series` forecasts; those with a scale have the mean pinball loss given, and demand is 100 in all."""
    means = {name: known * pinball for name in ("rmsse", "pinball", "crps")}
    totals = {"bias": 5.0, "absolute_error": 40.0, "periods_in_stock": 300.0, "inventory_cost": 7.0, "demand": 100.0}
    covered = {name: 0.5 * series for name in COVERAGE_COLUMNS}
    knowns = {f"{name}_known": known for name in means}
    key = {"segment": "A-smooth", "model": model, "cutoff": cutoff, "series": series, "failed": 0}
    return {**key, **knowns, **means, **totals, **covered, **more}


SUMS = pd.DataFrame(
    [
        row("sba", 1, series=4, known=2, pinball=1.0),
        row("sba", 2, series=6, known=6, pinball=3.0, failed=1, bias=-25.0),
        row("naive", 1, series=4, known=2, pinball=2.0),
        row("naive", 2, series=6, known=6, pinball=2.0, demand=0.0),
        {**row("naive", 1, series=3, known=0, pinball=0.0), "segment": "C-lumpy", "demand": 0.0},
    ]
)


def test_means_are_over_forecasts_and_totals_over_demand() -> None:
    found = candidate_scores(SUMS).set_index(["segment", "model"])
    assert [*found.index.names, *found.columns] == CANDIDATE_COLUMNS
    sba = at(found, ("A-smooth", "sba"))
    assert sba[["series", "windows", "forecasts", "failed"]].tolist() == [6, 2, 10, 1]
    assert sba["pinball"] == sba["rmsse"] == sba["crps"] == pytest.approx((2 * 1 + 6 * 3) / 8)
    assert (sba["wape"], sba["bias"]) == pytest.approx((80 / 200, -20 / 200))
    assert (sba["periods_in_stock"], sba["inventory_cost"]) == (3.0, 14.0)
    assert sba[COVERAGE_COLUMNS].tolist() == [0.5] * 4


def test_a_segment_without_demand_has_no_scale() -> None:
    nothing = at(candidate_scores(SUMS).set_index(["segment", "model"]), ("C-lumpy", "naive"))
    assert nothing[["wape", "bias", "periods_in_stock", "pinball", "rmsse", "crps"]].isna().all()


def test_rows_may_come_split_and_in_any_order() -> None:
    amounts = [name for name in SUMS.columns if name not in ("segment", "model", "cutoff")]
    half = SUMS.assign(**{name: SUMS[name] / 2 for name in amounts})
    split = pd.concat([half, half]).sample(frac=1, random_state=4)
    pdt.assert_frame_equal(candidate_scores(split), candidate_scores(SUMS), check_dtype=False)
    whole, parts = window_summary(SUMS), window_summary(split)
    pdt.assert_frame_equal(parts, whole, check_dtype=False)
    assert whole.query("model == 'sba'")["pinball"].tolist() == [1.0, 3.0]
    assert np.isnan(at(whole.set_index("segment"), ("C-lumpy", "pinball")))
