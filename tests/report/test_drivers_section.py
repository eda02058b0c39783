"""Drivers of forecasts in words."""

import pandas as pd
from echelon.lake.contracts import TABLES
from echelon.report.data import FRAMES
from echelon.report.sections.drivers import NAMES, _segment


def totals(**units: float) -> pd.DataFrame:
    rows = [("A-smooth", driver, 12, units.get(driver, 0.0)) for driver in NAMES]
    return pd.DataFrame(rows, columns=list(FRAMES["driver_totals"]))


def test_every_driver_has_words() -> None:
    assert tuple(NAMES) == next(c.allowed for c in TABLES["forecast_explanations"].columns if c.name == "driver")


def test_largest_parts_first_and_small_ones_not_at_all() -> None:
    found = _segment("A-smooth", totals(level=940.0, season=70.0, price=-14.0, promotion_event=20.0, trend=-16.0, other=3.0))
    assert (found.series, found.units) == (12, 1003.0)
    assert found.words == (
        "94% is what sells as a rule; the season adds 7%; promotions and events add 2%; the trend takes off 2%; "
        "the price takes off 1%."
    )


def test_dead_items() -> None:
    assert _segment("C-lumpy", totals()).words == "Nothing is forecast."
