"""Champions: floor, margin, majority of windows, bias, simplicity, reasons."""

import pandas as pd
import pytest
from echelon.core.forecast.champion import CHAMPION_COLUMNS, ChampionRule, choose_champions

ORDER = ["seasonal_naive", "sba", "theta", "lightgbm"]
RULE = ChampionRule(margin=0.02, bias_limit=0.2)


def summary(losses: dict[str, list[float]], bias: dict[str, float] | None = None, segment: str = "A-lumpy"):
    rows = [
        {"segment": segment, "model": model, "cutoff": cutoff, "series": 10, "rmsse": 2 * loss, "pinball": loss,
         "bias": 100 * (bias or {}).get(model, 0.0), "demand": 100.0}
        for model, by_window in losses.items()
        for cutoff, loss in enumerate(by_window)
    ]  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def choose(*args, **kwargs):
    return choose_champions(summary(*args, **kwargs), ORDER, RULE).iloc[0]


def test_the_better_model_wins_and_says_why() -> None:
    row = choose({"seasonal_naive": [1.0, 1.0, 1.0], "sba": [0.8, 0.9, 1.1], "theta": [0.99, 1.2, 1.0]}, {"sba": 0.05})
    assert list(row.index) == CHAMPION_COLUMNS
    assert (row["model"], row["runner_up"], row["series"], row["windows"]) == ("sba", "seasonal_naive", 10, 3)
    assert row["pinball"] == pytest.approx(2.8 / 3)
    assert row["rmsse"] == pytest.approx(5.6 / 3)
    assert (row["naive_pinball"], row["naive_rmsse"]) == (1.0, 2.0)
    assert row["bias"] == pytest.approx(0.05)
    assert row["reason"] == (
        "sba has 6.7% less pinball loss than seasonal_naive (0.9333 against 1.0000), lower in 2 of 3 windows, "
        "bias +5.0%; theta loses 13.9% more."
    )


def test_a_gain_below_the_margin_is_not_enough() -> None:
    row = choose({"seasonal_naive": [1.0, 1.0, 1.0], "sba": [0.99, 0.99, 0.99]})
    assert row["model"] == "seasonal_naive"
    assert row["reason"] == (
        "No challenger beat seasonal_naive (pinball loss 1.0000, bias +0.0%); "
        "sba loses 1.0% less, lower in 3 of 3 windows: not enough."
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
