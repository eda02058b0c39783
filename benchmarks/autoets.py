"""AutoETS of statsforecast on the M5 sample, the yardstick: fitted once, which takes ten minutes, and kept."""

from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from echelon.core.forecast.panel import Panel

KEPT = Path(".cache") / "autoets_m5.parquet"
PERCENT = [50, 67, 95, 99]


def autoets(known: Panel, horizon: int, kept: Path = KEPT) -> pd.DataFrame:
    """unique_id (item/store), ds (number of the day), AutoETS and its intervals of PERCENT (AutoETS-lo-50, ...), with a season
    of seven days. Read from `kept` if it is there, else fitted and written to it."""
    if not kept.exists():
        print(f"fitting AutoETS to {len(known.keys):,} series for {kept}: ten minutes", flush=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        _fitted(known, horizon).to_parquet(kept)
    return pd.read_parquet(kept)


def _fitted(known: Panel, horizon: int) -> pd.DataFrame:
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS

    names = (known.keys["sku"] + "/" + known.keys["location"]).to_numpy()
    series, day = np.nonzero(~np.isnan(known.values))
    rows = pd.DataFrame({"unique_id": names[series], "ds": day + 1, "y": known.values[series, day]})
    models = StatsForecast([AutoETS(season_length=7)], freq=1, n_jobs=1)
    return cast(pd.DataFrame, models.forecast(df=rows, h=horizon, level=PERCENT))
