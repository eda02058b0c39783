"""Which periods have a promotion or a cut price, by what a signal says."""

import numpy as np
from echelon.core.forecast.features.promotions import promoted
from echelon.core.forecast.panel import Covariate

NAN = np.nan


def signal(*values: float, length: int = 100, usual: float = 10.0) -> Covariate:
    """One series: the usual value, and these in the last periods."""
    past = np.full(length - len(values), usual)
    return Covariate("signal", np.concatenate([past, values])[None], 0)


def test_a_promotion_is_on_where_its_signal_is_known_and_not_zero() -> None:
    on = promoted(signal(0.0, 1.0, NAN, -0.5), "promotion", 96, 4, "D")
    assert on.tolist() == [[False, True, False, True]]


def test_a_price_is_cut_where_it_is_a_twentieth_below_its_usual_mean() -> None:
    on = promoted(signal(9.5, 9.51, NAN, 12.0), "price_cut", 96, 4, "D")
    assert on.tolist() == [[True, False, False, False]]


def test_the_usual_price_is_that_of_the_last_91_days_that_are_known() -> None:
    values = np.concatenate([np.full(200, 20.0), np.full(60, 10.0), np.full(31, NAN), [10.0, 9.0]])
    assert promoted(Covariate("price", values[None], 0), "price_cut", 291, 2, "D").tolist() == [[False, True]]


def test_without_an_earlier_price_nothing_is_cut_and_periods_that_no_signal_reaches_have_no_promotion() -> None:
    unknown = Covariate("price", np.full((1, 10), NAN), 0)
    assert not promoted(unknown, "price_cut", 8, 2, "D").any()
    assert promoted(signal(1.0, 1.0, length=98), "promotion", 96, 4, "D").tolist() == [[True, True, False, False]]
