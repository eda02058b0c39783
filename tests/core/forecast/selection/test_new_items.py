"""New items: credibility as in the textbook, and real items whose history is hidden."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.selection.new_items import SIMILAR, blended, cells, expected, learn, price_band
from support import INCLUDED

HIDDEN_FROM, AHEAD = 8, 8  # items that began in week 8 or later; weeks forecast


def made(seed: int, groups: int, items: int, spread: float) -> pd.DataFrame:
    """Items at one place whose categories differ by `spread`."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.gamma(1 / spread**2, spread**2 * 10, groups), items)
    own = level * rng.gamma(4, 0.25, groups * items)
    frame = {"place": "X", "category": np.repeat(np.arange(groups).astype(str), items), "price_band": 0.0}
    return pd.DataFrame(frame | {"recent": own * rng.gamma(9, 1 / 9, len(own)), "earlier": own * rng.gamma(9, 1 / 9, len(own))})


def test_categories_are_believed_as_far_as_they_differ() -> None:
    unlike, alike = made(1, 12, 40, 0.8), made(2, 12, 40, 0.01)
    for frame, low, high in ((unlike, 0.9, 1.1), (alike, -0.1, 0.5)):
        means = frame.groupby("category")["recent"].mean()
        items = pd.DataFrame({"place": "X", "category": means.index, "price_band": 0.0})
        found, overall = expected(learn(cells(frame), 2), items), frame["recent"].mean()
        slope = float(np.polyfit(means - overall, found - overall, 1)[0])
        assert low < slope < high, (slope, low, high)


def test_k_is_that_of_the_best_straight_line() -> None:
    frame = made(3, 1, 4000, 0.5)
    found = learn(cells(frame), 2)
    prior = expected(found, frame)
    weight = float(((frame["earlier"] - prior) * (frame["recent"] - prior)).sum() / ((frame["earlier"] - prior) ** 2).sum())
    assert 2 / (2 + found.k) == pytest.approx(weight)


def test_own_history_takes_over() -> None:
    assert blended(np.array([np.nan, 6.0, 6.0]), np.array([0.0, 2.0, 1e9]), np.array([3.0, 3.0, 3.0]), 2.0) == pytest.approx(
        [3.0, 4.5, 6.0]
    )


def test_what_was_never_seen_is_like_the_rest() -> None:
    frame = made(4, 3, 30, 0.8)
    found = learn(cells(frame), 2)
    other = pd.DataFrame({"place": ["Y"], "category": ["9"], "price_band": [7.0]})
    assert expected(found, other)[0] == pytest.approx(frame["recent"].mean())
    nothing = learn(cells(frame.assign(recent=0.0, earlier=0.0)), 2)
    assert expected(nothing, other).tolist() == [0.0]


def test_price_bands_are_a_factor_of_two_wide() -> None:
    assert price_band(np.array([1.0, 2.1, 4.2, 0.0, np.nan])).tolist() == [0, 1, 2, -1000, -1000]


def test_order_of_rows_does_not_matter() -> None:
    frame = made(5, 6, 20, 0.6)
    one, other = learn(cells(frame), 2), learn(cells(frame).sample(frac=1, random_state=1), 2)
    assert one == other


@pytest.fixture(scope="module")
def weeks() -> tuple[pd.DataFrame, np.ndarray]:
    """Items at countries of the included sales: category, price and demand by week."""
    lines = pd.read_csv(INCLUDED / "sales.csv.gz", usecols=["StockCode", "Country", "InvoiceDate", "Quantity"])
    lines = lines[lines["Quantity"] > 0]
    week = (pd.to_datetime(lines["InvoiceDate"]) - pd.Timestamp("2010-11-29")).dt.days // 7
    table = lines.assign(week=week).pivot_table("Quantity", ["StockCode", "Country"], "week", "sum", fill_value=0)
    items = pd.read_csv(INCLUDED / "items.csv").set_index("sku")
    keys = table.index.to_frame(index=False)
    known = keys["StockCode"].isin(items.index).to_numpy()
    keys, table = keys[known].reset_index(drop=True), table[known]
    places = keys["StockCode"].map(items["category"]), price_band(keys["StockCode"].map(items["unit_price"]).to_numpy())
    return pd.DataFrame(dict(zip(SIMILAR, (keys["Country"], *places), strict=True))), table.to_numpy(float)


@pytest.mark.parametrize(("age", "gain"), [(1, 0.0), (3, 0.03), (5, 0.3)])
def test_real_new_items_are_told_better_than_by_their_category(
    weeks: tuple[pd.DataFrame, Doubles], age: int, gain: float
) -> None:
    """Every item that begins later is forecast at `age` weeks from what was known then, as if its rest were hidden."""
    items, demand = weeks
    first = (demand > 0).argmax(axis=1)
    errors: list[np.ndarray] = []
    for now in range(20, demand.shape[1] - AHEAD):
        young = np.flatnonzero((first >= HIDDEN_FROM) & (first + age == now))
        old = np.flatnonzero(first + AHEAD + 3 <= now)
        if len(young) == 0:
            continue
        recent, earlier = demand[old, now - AHEAD : now].mean(axis=1), demand[old, now - AHEAD - 2 : now - AHEAD].mean(axis=1)
        known = items.iloc[old].assign(recent=recent, earlier=earlier)
        similar = learn(cells(known), 2)
        own = demand[young, now - age + 1 : now].mean(axis=1) if age > 1 else np.zeros(len(young))
        ours = blended(own, np.full(len(young), age - 1.0), expected(similar, items.iloc[young]), similar.k)
        means = [_mean_of(known, items.iloc[young], keys) for keys in (["category"], ["place", "category"])]
        actual = demand[young, now : now + AHEAD].mean(axis=1)
        errors.append(np.stack([told - actual for told in (ours, *means)]) ** 2)
    ours_rmse, *others = np.sqrt(np.concatenate(errors, axis=1).mean(axis=1))
    assert ours_rmse < (1 - gain) * min(others), (ours_rmse, others)
    assert ours_rmse < 0.7 * others[0]


def _mean_of(known: pd.DataFrame, items: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """Mean recent demand of the category (at the place), what a planner would take by hand."""
    means = known.groupby(keys)["recent"].mean().rename("mean").reset_index()
    return items.merge(means, on=keys, how="left")["mean"].fillna(known["recent"].mean()).to_numpy(float)
