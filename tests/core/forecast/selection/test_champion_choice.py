"""Champions: floor, margin, majority of windows, bias, simplicity, reasons."""

from typing import Any

import pandas as pd
import pytest
from echelon.core.forecast.selection.champion import CHAMPION_COLUMNS, ChampionRule, choose_champions
from hypothesis import given, settings
from hypothesis import strategies as st

ORDER = ["seasonal_naive", "sba", "theta", "lightgbm"]
RULE = ChampionRule(margin=0.02, bias_limit=0.2)


def summary(
    losses: dict[str, list[float]],
    bias: dict[str, float] | None = None,
    segment: str = "A-lumpy",
    cost: dict[str, float] | None = None,
) -> pd.DataFrame:
    """By model its pinball loss in each window; the inventory cost of a window is 100 x that unless given."""
    rows = [
        {"segment": segment, "model": model, "cutoff": cutoff, "series": 10, "rmsse": 2 * loss, "pinball": loss,
         "bias": 100 * (bias or {}).get(model, 0.0), "demand": 100.0, "inventory_cost": 100 * (cost or {}).get(model, loss)}
        for model, by_window in losses.items()
        for cutoff, loss in enumerate(by_window)
    ]  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def choose(*args: Any, **kwargs: Any) -> pd.Series:
    return choose_champions(summary(*args, **kwargs), ORDER, RULE).iloc[0]


def defended(previous: str, losses: dict[str, list[float]], bias: dict[str, float] | None = None) -> pd.Series:
    return choose_champions(summary(losses, bias), ORDER, RULE, {"A-lumpy": previous, "C-smooth": "theta"}).iloc[0]


def test_the_better_model_wins_and_says_why() -> None:
    row = choose({"seasonal_naive": [1.0, 1.0, 1.0], "sba": [0.8, 0.9, 1.1], "theta": [0.99, 1.2, 1.0]}, {"sba": 0.05})
    assert list(row.index) == CHAMPION_COLUMNS
    assert (row["model"], row["runner_up"], row["series"], row["windows"]) == ("sba", "seasonal_naive", 10, 3)
    assert row["pinball"] == pytest.approx(2.8 / 3)
    assert row["rmsse"] == pytest.approx(5.6 / 3)
    assert (row["naive_pinball"], row["naive_rmsse"]) == (1.0, 2.0)
    assert row["bias"] == pytest.approx(0.05)
    assert (row["inventory_cost"], row["naive_inventory_cost"]) == (pytest.approx(280), 300)
    assert row["previous"] is None
    assert row["reason"] == (
        "sba loses 6.7% less than seasonal_naive (pinball loss 0.9333, inventory cost 280 against pinball loss 1.0000, "
        "inventory cost 300), less pinball loss in 2 of 3 windows, bias +5.0%; theta loses 13.9% more."
    )


def test_a_gain_below_the_margin_is_not_enough() -> None:
    row = choose({"seasonal_naive": [1.0, 1.0, 1.0], "sba": [0.99, 0.99, 0.99]})
    assert row["model"] == "seasonal_naive"
    assert row["reason"] == (
        "No challenger beat seasonal_naive (pinball loss 1.0000, inventory cost 300, bias +0.0%); "
        "sba loses 1.0% less, with less pinball loss in 3 of 3 windows: not enough."
    )


def test_one_lucky_window_is_not_enough() -> None:
    assert choose({"seasonal_naive": [1.0, 1.0, 1.0], "sba": [0.1, 1.01, 1.01]})["model"] == "seasonal_naive"


def test_equal_models_the_simpler_wins() -> None:
    row = choose({"lightgbm": [0.5] * 3, "seasonal_naive": [1.0] * 3, "theta": [0.5] * 3})
    assert (row["model"], row["runner_up"]) == ("theta", "lightgbm")


def test_bias_disqualifies() -> None:
    row = choose({"seasonal_naive": [1.0] * 3, "sba": [0.5] * 3, "theta": [0.6] * 3}, {"sba": -0.25})
    assert row["model"] == "theta"
    assert "sba is biased by -25.0%, over the limit of 20%" in row["reason"]


def test_a_biased_challenger_may_beat_a_more_biased_floor() -> None:
    row = choose({"seasonal_naive": [1.0] * 3, "sba": [0.5] * 3}, {"seasonal_naive": 0.9, "sba": 0.3})
    assert row["model"] == "sba"


def test_series_without_a_scale_do_not_count() -> None:
    losses = summary({"seasonal_naive": [float("nan"), 1.0], "sba": [float("nan"), 0.5]})
    row = choose_champions(losses, ORDER, RULE).iloc[0]
    assert row["pinball"] == 1.0  # lower in 1 of 2 windows is no majority


def test_unequal_coverage_is_refused() -> None:
    rows = summary({"seasonal_naive": [1.0, 1.0], "sba": [1.0]})
    with pytest.raises(ValueError, match="segment A-lumpy do not cover the same series and windows"):
        choose_champions(rows, ORDER, RULE)


def test_segments_are_judged_apart() -> None:
    rows = pd.concat([
        summary({"seasonal_naive": [1.0] * 3, "sba": [0.5] * 3}, segment="A-lumpy"),
        summary({"seasonal_naive": [1.0] * 3, "sba": [1.5] * 3}, segment="C-smooth"),
    ])  # fmt: skip
    assert choose_champions(rows, ORDER, RULE)["model"].tolist() == ["sba", "seasonal_naive"]


def test_what_costs_more_stock_does_not_win() -> None:
    """The loss is the geometric mean of pinball loss and inventory cost."""
    losses = {"seasonal_naive": [1.0] * 3, "sba": [0.9] * 3, "theta": [0.8] * 3}
    assert choose(losses, cost={"seasonal_naive": 1.0, "sba": 0.9, "theta": 1.2})["model"] == "sba"  # 0.9 against 0.98
    assert choose(losses, cost={"seasonal_naive": 1.0, "sba": 1.3, "theta": 1.6})["model"] == "seasonal_naive"


def test_where_stock_costs_nothing_pinball_loss_decides_alone() -> None:
    row = choose({"seasonal_naive": [1.0] * 3, "sba": [0.9] * 3}, cost={"seasonal_naive": 0.0, "sba": 0.0})
    assert row["model"] == "sba"
    assert "sba loses 10.0% less" in row["reason"]


def test_the_champion_before_stays_unless_beaten_by_the_margin() -> None:
    losses = {"seasonal_naive": [1.0] * 3, "sba": [0.50] * 3, "theta": [0.495] * 3, "lightgbm": [0.505] * 3}
    assert choose(losses)["model"] == "sba"
    for incumbent in ("sba", "theta", "lightgbm"):
        row = defended(incumbent, losses)
        assert (row["model"], row["previous"]) == (incumbent, incumbent)
        assert row["reason"].startswith(f"No challenger beat {incumbent}, the champion before (pinball loss")
    row = defended("lightgbm", {**losses, "theta": [0.48] * 3})
    assert (row["model"], row["previous"]) == ("theta", "lightgbm")
    assert row["reason"].startswith("theta loses 5.0% less than lightgbm, the champion before (pinball loss 0.4800")
    assert defended("seasonal_naive", losses)["model"] == "sba"


def test_a_combination_is_beaten_by_what_is_clearly_better() -> None:
    order = ["weighted", "median", *ORDER]
    losses = {"weighted": [1.0] * 3, "median": [1.1] * 3, "seasonal_naive": [0.91] * 3, "sba": [1.2] * 3}
    row = choose_champions(summary(losses), order, RULE).iloc[0]
    assert (row["model"], row["runner_up"], row["naive_pinball"]) == ("weighted", "seasonal_naive", pytest.approx(0.91))
    assert choose_champions(summary({**losses, "sba": [0.89] * 3}), order, RULE).iloc[0]["model"] == "sba"
    for loss, champion in ((0.91, "weighted"), (0.89, "median")):
        assert choose_champions(summary({**losses, "median": [loss] * 3}), order, RULE).iloc[0]["model"] == champion
    for loss, champion in ((1.01, "median"), (1.05, "weighted")):
        found = choose_champions(summary({**losses, "median": [loss] * 3}), order, RULE, {"A-lumpy": "median"})
        assert found.iloc[0]["model"] == champion


@settings(max_examples=200)
@given(st.lists(st.lists(st.floats(0.5, 1.5), min_size=5, max_size=5), min_size=4, max_size=4))
def test_the_same_data_choose_the_same_champion_again(by_model: list[list[float]]) -> None:
    losses = dict(zip(ORDER, by_model, strict=True))
    first = choose(losses)["model"]
    assert defended(first, losses)["model"] == first


def test_a_model_that_can_not_beat_the_floor_does_not_beat_the_champion_either() -> None:
    """sba wins too few windows against the floor, but enough against theta, which beats the floor."""
    losses = {"seasonal_naive": [1.0] * 5, "sba": [0.1, 0.1, 1.1, 1.1, 1.1], "theta": [0.5, 0.5, 0.9, 1.15, 1.15]}
    assert choose(losses)["model"] == "theta"
    assert defended("theta", losses)["model"] == "theta"


def test_the_floor_may_beat_the_champion_before() -> None:
    assert defended("sba", {"seasonal_naive": [0.5] * 3, "sba": [1.0] * 3})["model"] == "seasonal_naive"


def test_a_champion_that_is_gone_or_biased_does_not_defend() -> None:
    losses = {"seasonal_naive": [1.0] * 3, "sba": [0.99] * 3}
    gone = defended("prophet", losses)
    assert (gone["model"], gone["previous"]) == ("seasonal_naive", "prophet")
    assert gone["reason"].startswith(
        "prophet, the champion before, is no candidate any more; No challenger beat seasonal_naive"
    )
    biased = defended("sba", losses, {"sba": 0.5})
    assert biased["model"] == "seasonal_naive"
    assert biased["reason"].startswith("sba, the champion before, is biased by +50.0%, over the limit of 20%; ")


def test_with_too_few_windows_nobody_takes_over() -> None:
    rows = summary({"seasonal_naive": [1.0], "sba": [0.5]})
    row = choose_champions(rows, ORDER, ChampionRule(least_windows=2)).iloc[0]
    assert row["model"] == "seasonal_naive"
    assert row["reason"].endswith(": 1 of the 2 windows that a challenger needs.")
    kept = choose_champions(rows, ORDER, ChampionRule(least_windows=2), {"A-lumpy": "sba"}).iloc[0]
    assert kept["model"] == "sba"


def test_scores_that_are_not_known_are_no_zeros_and_need_no_challenger() -> None:
    rows = summary({"seasonal_naive": [0.0, 0.0, 0.0], "sba": [0.0, 0.0, 0.0]})
    row = choose_champions(rows.assign(pinball=float("nan"), rmsse=float("nan"), demand=0.0), ORDER, RULE).iloc[0]
    assert row["model"] == "seasonal_naive"
    assert row[["pinball", "rmsse", "bias", "naive_pinball", "naive_rmsse"]].isna().all()
    assert row["reason"].startswith("No challenger beat seasonal_naive (pinball loss -, inventory cost 0, bias -)")
