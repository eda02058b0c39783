"""Weights of members from their errors on all series: by hand, against every mixture of a grid, in any pieces and order."""

import itertools

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.selection.stacking import BORROWED_CASES, CASE_COLUMNS, LARGEST_RMSSE, error_products, stacked
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cells import records

MODELS = ["imapa", "sba", "tsb"]


def rows(errors: np.ndarray, naive: float = 1.0) -> pd.DataFrame:
    """errors (models, series, periods) about a demand of 5, with a naive error of that size."""
    return pd.DataFrame(
        [
            (
                f"S{i}",
                "X",
                model,
                pd.Timestamp("2024-01-01"),
                "ok",
                5.0 + e,
                np.full(len(e), 5.0),
                np.sqrt((e**2).mean()) / naive,
            )
            for model, of_model in zip(MODELS, errors, strict=False)
            for i, e in enumerate(of_model)
        ],
        columns=[*KEYS, "model", "cutoff", "status", "forecast", "actual", "rmsse"],
    )


def products(known: pd.DataFrame) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(r.together, r.first, r.second): (r.cases, r.product) for r in records(error_products(known))}


def test_products_by_hand() -> None:
    """Errors in naive errors of 2: (1, 0) and (1, -1) of one series; of the other only the second member's, (0, 2)."""
    both = rows(np.array([[[2.0, 0.0], [9.0, 9.0]], [[2.0, -2.0], [0.0, 4.0]]]), naive=2.0)
    both.loc[(both["model"] == "imapa") & (both["sku"] == "S1"), "status"] = "out of time"
    assert products(both) == {
        ("imapa,sba", "imapa", "imapa"): (1, 500_000),
        ("imapa,sba", "imapa", "sba"): (1, 500_000),
        ("imapa,sba", "sba", "sba"): (1, 1_000_000),
        ("sba", "sba", "sba"): (1, 2_000_000),
    }


def test_one_series_can_not_decide_for_all() -> None:
    found = products(rows(np.full((1, 1, 4), 1000.0)))
    assert found["imapa", "imapa", "imapa"] == (1, LARGEST_RMSSE**2 * 1e6)


def test_products_are_the_same_in_any_pieces_and_order() -> None:
    known = rows(np.random.default_rng(1).normal(0, 1, (3, 40, 4)))
    pieces = [error_products(part.sample(frac=1, random_state=2)) for _, part in known.groupby(known["sku"] < "S3")]
    added = pd.concat(pieces).groupby(CASE_COLUMNS)[["cases", "product"]].sum().reset_index()
    pd.testing.assert_frame_equal(added, error_products(known))


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(-0.9, 0.9))
def test_no_mixture_of_a_grid_errs_less(seed: int, shared: float) -> None:
    """Weights are those of the errors with BORROWED_CASES more of like and independent errors."""
    errors = np.random.default_rng(seed).normal(0, [[[0.4]], [[0.6]], [[0.8]]], (3, 12, 4))
    errors[1] += shared * errors[0]
    found, share = stacked(error_products(rows(errors)), MODELS)
    assert (found >= 0).all() and found.sum() == pytest.approx(1)
    square = (errors**2).mean(axis=2).sum(axis=1)
    assert share == pytest.approx(square / square.mean(), abs=1e-4)

    def loss(weight: np.ndarray) -> float:
        borrowed = BORROWED_CASES / 12 * square.mean() * (weight**2).sum()
        return float((np.tensordot(weight, errors, 1) ** 2).mean(axis=1).sum() + borrowed)

    grid = (np.array([a, b, 10 - a - b]) / 10 for a, b in itertools.product(range(11), range(11)) if a + b <= 10)
    assert loss(found) <= min(map(loss, grid)) + 1e-4


def test_alike_where_the_members_were_never_seen_together() -> None:
    alone = error_products(rows(np.ones((1, 2, 3))))
    assert [part.tolist() for part in stacked(alone, ["imapa", "sba"])] == [[0.5, 0.5], [1.0, 1.0]]
    assert stacked(alone, ["imapa"])[0].tolist() == [1.0]
