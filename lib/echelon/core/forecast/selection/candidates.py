"""The candidates that compete, built from their names (`names.py`)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from echelon.core.arrays import Vector
from echelon.core.demand.life_cycle import DEFAULT, LifeCycle
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import SECONDS_PER_SERIES, Candidate, ForecastOne, each_series, naive_means
from echelon.core.forecast.models.arima import auto_arima
from echelon.core.forecast.models.exponential import auto_ets
from echelon.core.forecast.models.lightgbm_direct import fit_lightgbm, lightgbm_direct
from echelon.core.forecast.models.lstm import lstm
from echelon.core.forecast.models.moving_average import moving_average
from echelon.core.forecast.models.mstl import mstl
from echelon.core.forecast.models.sba import sba
from echelon.core.forecast.models.theta import theta, theta_weekly
from echelon.core.forecast.models.tsb import tsb
from echelon.core.forecast.selection.aggregation import adida, imapa
from echelon.core.forecast.selection.names import COMBINATIONS, FLOOR, competing, model_name, own_candidate

# Of the whole panel.
PANEL = {
    FLOOR: Candidate(FLOOR, naive_means),
    "moving_average": Candidate("moving_average", moving_average),
    "lightgbm": Candidate("lightgbm", lightgbm_direct, pooled=True, fit=fit_lightgbm),
    "lightgbm_blocks": Candidate(
        "lightgbm_blocks", partial(lightgbm_direct, blocks=True), pooled=True, fit=partial(fit_lightgbm, blocks=True)
    ),
    "lstm": Candidate("lstm", lstm, pooled=True),
}
# Of one series, whatever its frequency.
ONE_SERIES: dict[str, ForecastOne] = {
    "sba": sba,
    "tsb": tsb,
    "adida": adida,
    "imapa": imapa,
    "theta_weekly": theta_weekly,
}
# Of one series with the season of its frequency.
SEASONAL: dict[str, Callable[[Frequency, Vector, int, int], Vector]] = {
    "theta": theta,
    "auto_ets": auto_ets,
    "mstl": mstl,
    "auto_arima": auto_arima,
}


def candidates(
    freq: Frequency,
    names: Sequence[str] | None = None,
    seconds: float = SECONDS_PER_SERIES,
    care: LifeCycle = DEFAULT,
) -> list[Candidate]:
    """The candidates of these names (default: those of the frequency), simplest first, without combinations, which are made
    from their forecasts (`combination.py`). seconds: most time for one fit of one series. care: all but the floor learn from
    demand without spikes and forecast what is dead by this rule as zero."""
    single = [name for name in competing(names, freq) if name not in COMBINATIONS]
    return [replace(_candidate(name, freq, seconds), care=None if name == FLOOR else care) for name in single]


def _candidate(name: str, freq: Frequency, seconds: float) -> Candidate:
    if name in PANEL:
        return PANEL[name]
    if name in SEASONAL:
        return Candidate(name, each_series(partial(SEASONAL[name], freq), seconds))
    model = own_candidate(name) if ":" in name else ONE_SERIES[name]
    if isinstance(model, Candidate):
        return replace(model, name=model_name(name))
    return Candidate(model_name(name), each_series(model, seconds))
