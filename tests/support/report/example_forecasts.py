"""Frames of a made-up run on forecasts: what they are, how good they were, and what drives them."""

from datetime import timedelta

import numpy as np
import pandas as pd

from support.report.example_report import RUN_DATE, SKUS, frame


def driver_totals() -> pd.DataFrame:
    parts = {
        "level": 900.0,
        "trend": -20.0,
        "season": 90.0,
        "price": 0.0,
        "promotion_event": 30.0,
        "other": 0.0,
        "correction": 0.0,
    }
    return frame("driver_totals", [(s, name, 40, units) for s in ("A-smooth", "C<b>lumpy") for name, units in parts.items()])


def series() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """History, forecasts and segments of four SKU-locations, weekly."""
    rng = np.random.default_rng(7)
    names = list(SKUS)
    chosen = [
        (names[0], "United Kingdom", 160, "A-smooth", "dynamic optimised theta"),
        (names[1], "United Kingdom", 420, "A-erratic", "lightgbm"),
        (names[0], "Germany", 14, "B-intermittent", "sba"),
        (names[2], "France", 4, "C-lumpy", "sba"),
    ]
    history, forecasts, segments = [], [], []
    for sku, location, mean, segment, model in chosen:
        weeks = np.arange(40)
        season = 1 + 0.25 * np.sin(weeks / 6) + 0.008 * weeks
        values = rng.negative_binomial(
            3 if mean > 50 else 0.6, (3 if mean > 50 else 0.6) / ((3 if mean > 50 else 0.6) + mean * season)
        )
        history += [
            (sku, location, RUN_DATE - timedelta(weeks=int(40 - w)), float(v), 0.0, float(v), 0.0)
            for w, v in zip(weeks, values, strict=True)
        ]
        for h in range(8):
            level = mean * (1.3 + 0.03 * h)
            quantiles = np.quantile(
                rng.negative_binomial(
                    3 if mean > 50 else 0.6, (3 if mean > 50 else 0.6) / ((3 if mean > 50 else 0.6) + level), 4000
                ),
                (0.05, 0.25, 0.75, 0.95),
            )
            forecasts.append((sku, location, RUN_DATE + timedelta(weeks=h), model, level, *quantiles))
        segments.append(
            (sku, location, segment, segment[0], "X", segment[2:], 40, 38, 1.1, 0.4, 0.5, float(mean), mean * 52 * 2.9)
        )
    return frame("history", history), frame("forecasts", forecasts), frame("segments", segments)


def coverage() -> pd.DataFrame:
    levels = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995)
    rows = [
        (segment, periods, level, level - 0.01 * (segment == "B-lumpy"), 2800.0 / periods)
        for segment in ("A-smooth", "B-lumpy")
        for periods in (1, 7, 14, 28)
        for level in levels
    ]
    return frame("coverage", rows)


def champions() -> pd.DataFrame:
    segments = ["A-smooth", "A-erratic", "A-lumpy", "B-erratic", "B-intermittent", "B-lumpy", "C-intermittent", "C-lumpy"]
    rows = []
    for purpose in ("plan", "replay"):
        for i, segment in enumerate(segments):
            naive = 0.30 + 0.05 * i
            model = ["dynamic optimised theta", "lightgbm", "sba"][i % 3] if i != 6 else "seasonal naive"
            ours = naive * (0.74 + 0.03 * i) if i != 6 else naive
            rows.append(
                (
                    purpose,
                    segment,
                    model,
                    40 + 60 * i,
                    3,
                    ours,
                    0.78 + 0.02 * i,
                    0.01 * (i - 3),
                    naive,
                    1.02 + 0.02 * i,
                    "sba" if i % 3 else "lightgbm",
                    f"lowest pinball loss in 3 of 3 windows, {100 - 100 * ours / naive:.0f} % below the naive",
                    700.0 - 50 * i,
                    1_000.0 - 50 * i,
                    model if i % 2 else None,
                )
            )
    return frame("champions", rows)


def candidate_scores() -> pd.DataFrame:
    """Two segments; lightgbm is the champion of both, and costs a quarter less than the naive."""
    rows = []
    for purpose, scale in (("plan", 1.0), ("replay", 9.0)):
        for segment, forecasts, demand in (("A-smooth", 100, 900.0), ("B-lumpy", 300, 100.0)):
            for model, loss in (("seasonal naive", 0.4), ("lightgbm", 0.3)):
                scores = (loss * scale, 0.8, 0.05, None if segment == "B-lumpy" else 0.2, 0.5, 0.5, 0.8, 0.9, 0.95, 3.0)
                rows.append((purpose, segment, model, model == "lightgbm", 50, 3, forecasts, 1, demand, *scores, 1000 * loss))
    return frame("candidate_scores", rows)


def level_scores() -> pd.DataFrame:
    rows = [
        ("total", 1, 2, 0.75, 0.11, 0.08, -0.06, -0.02, 0.7, 0.5),
        ("location", 10, 2, None, 0.19, 0.17, -0.06, -0.02, 0.8, 0.7),
        ("SKU", 480, 2, None, 0.49, 0.48, -0.06, -0.02, None, None),
    ]
    return frame("level_scores", rows)


def forecast_bias() -> pd.DataFrame:
    """Too low in all; one location is too high again and again."""
    rows = [
        ("total", "all", 5, 1000.0, -0.02, -0.05, 0.02, False),
        ("location", "Germany", 5, 400.0, 0.11, 0.09, 0.01, True),
        ("category", "tea", 5, 300.0, None, None, None, False),
    ]
    return frame("forecast_bias", rows)


def situation_scores() -> pd.DataFrame:
    """Events are harder than ordinary days; the moving average did not compete, and nothing was sold at a launch."""
    rows = [
        (name, model, 40, 900, 500.0, wape + worse, 0.02)
        for name, wape in (("ordinary", 0.4), ("event", 0.55))
        for model, worse in (("champion", 0.0), ("seasonal_naive", 0.2))
    ]
    newest = [("event", "with_drivers", 8, 180, 100.0, 0.5, 0.01), ("event", "without_drivers", 8, 180, 100.0, 0.7, -0.3)]
    return frame("situation_scores", [*rows, *newest, ("launch", "champion", 3, 21, 0.0, None, None)])


def promotion_uplift() -> pd.DataFrame:
    """A promotion that doubles the demand for tea, and in all; too few SKUs of cups had it to say how sure that is."""
    rows = [
        ("flyer", "total", "all", 15, 40, 300, 9000.0, 1.8, 1.6, 2.0, 1.7),
        ("flyer", "category", "cups", 3, 9, 60, 2500.0, 1.2, None, None, 1.3),
        ("flyer", "category", "tea", 12, 31, 240, 6500.0, 2.0, 1.9, 2.1, 1.95),
    ]
    return frame("promotion_uplift", rows)


def candidate_levels() -> pd.DataFrame:
    """Sums are less wrong than their parts; nothing is known of the naive at the top."""
    wape = {"sku": 0.6, "location": 0.4, "category": 0.3, "total": 0.2}
    rows = [(level, "lightgbm", 10, 1000.0, error, -0.01) for level, error in wape.items()]
    return frame("candidate_levels", [*rows, ("sku", "seasonal naive", 10, 1000.0, 0.9, 0.1)])


def ahead_scores() -> pd.DataFrame:
    """Errors grow; in the second horizon the moving average is not known."""
    rows = [(1, "champion", 5, 40, 500.0, 0.42, -0.03), (1, "moving_average", 5, 40, 500.0, 0.5, 0.04)]
    return frame("ahead_scores", [*rows, (2, "champion", 4, 32, 400.0, 0.47, -0.05)])
