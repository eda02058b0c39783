"""Columns of quantiles: their names, and the contract and the checks of a table with other ones."""

import pytest
from echelon.lake.checks.suites import load_suite
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.quantiles import as_published, quantile_name
from support import ROOT

FORECASTS = TABLES["forecasts"]
FIXED = ["sku", "location", "date", "model", "mean"]


@pytest.mark.parametrize(
    ("probability", "name"),
    [(0.05, "q05"), (0.1, "q10"), (0.5, "q50"), (0.975, "q975"), (0.999, "q999"), (0.001, "q001"), (0.0025, "q0025")],
)
def test_a_column_is_named_by_the_decimals_of_its_probability(probability: float, name: str) -> None:
    assert quantile_name(probability) == name


def test_by_default_those_that_are_scored_are_there_and_two_more() -> None:
    assert FORECASTS.quantiles == ("q05", "q25", "q50", "q75", "q90", "q95", "q975", "q99", "q995")
    assert as_published(FORECASTS, FORECASTS.column_names) == FORECASTS


def test_other_columns_have_a_contract_and_meanings_of_their_own() -> None:
    table = as_published(FORECASTS, [*FIXED, "q05", "q10", "q999"])
    assert table.column_names == [*FIXED, "q05", "q10", "q999"]
    assert [column.meaning.partition(" ")[0] for column in table.columns[5:]] == ["5%", "10%", "99.9%"]


def test_tables_without_quantiles_stay_as_they_are() -> None:
    assert as_published(TABLES["stock"], ["q05"]) is TABLES["stock"]


def test_the_suite_asks_for_the_columns_that_are_there_and_keeps_what_was_added_by_hand() -> None:
    usual = load_suite(ROOT / "expectations", FORECASTS)
    changed = load_suite(ROOT / "expectations", as_published(FORECASTS, [*FIXED, "q05", "q10", "q999"]))
    assert changed[0].kwargs["column_list"] == [*FIXED, "q05", "q10", "q999"]
    queries = {each.notes: each.kwargs["unexpected_rows_query"] for each in changed if each.notes}
    assert queries["quantiles do not cross"].endswith("WHERE q05 > q10 OR q10 > q999")
    assert [each.notes for each in changed if each.notes] == [each.notes for each in usual if each.notes]
    assert [each.number for each in changed] == list(range(1, len(changed) + 1))
