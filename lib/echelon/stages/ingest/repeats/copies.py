"""Rows that are given again, and rows of one key that do not agree.

- Rows that are equal in every column of the file, mapped or not, are copies: one of them stays. Sales are copies only where
  they name a document: two customers may buy the same.
- Rows of one key with differing values are parts of one thing where that has a meaning: stock of several bins or lots is added
  up (`complete`) unless it is that of several days (`snapshots`), receipts of one order are kept. Else they conflict, and none
  of them is taken.
- Rows of one key that say the same, and differ only in columns that are not mapped, are copies too, except parts.
"""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.lake.inputs import INPUTS
from echelon.lake.sources.part import FILE
from echelon.lake.sources.read import ROW
from echelon.stages.ingest.classify import RULE, Rule, refuse

_AGAIN = "the same row again"


def settle_copies(frame: DataFrame, name: str, source: Source) -> DataFrame:
    """Quarantine copies and conflicting rows of an input; which copy stays does not depend on the order of rows."""
    if name == "sales":
        return _settle_sales(frame)
    key = list(INPUTS[name].key)
    if name == "deliveries":  # an order that was received on one day was placed on one day
        rows = _Rows([*key, "source", "destination", "sku", "received_date"])
        return refuse(frame, rows.copy(), rows.conflict(["order_date"]))
    rows = _Rows(key)
    values = [column.name for column in INPUTS[name].columns if column.name not in key]
    if name == "stock":
        return refuse(frame, rows.copy())
    if name == "stock_history":
        return refuse(frame, rows.copy(), *rows.unless_bins(source.columns.get("date", "date"), values))
    return refuse(frame, rows.copy(), rows.conflict(values), rows.said())


def _settle_sales(frame: DataFrame) -> DataFrame:
    rows, named = _Rows([ROW]), F.col("document").isNotNull()
    return refuse(frame, rows.copy("the same line of the same document again", named))


class _Rows:
    """The rows of a key that no rule has refused yet, and the rules that compare them."""

    def __init__(self, key: Sequence[str]) -> None:
        self._what = " and ".join(key)
        self._named = F.concat_ws(", ", *(F.coalesce(F.col(name).cast("string"), F.lit("none")) for name in key))
        self._all = Window.partitionBy(*key, F.col(RULE).isNull())
        self._ordered = self._all.orderBy(ROW, FILE)

    def copy(self, reason: str = _AGAIN, where: Column | None = None) -> Rule:
        """Equal in every column of the file to a row before it."""
        again = F.coalesce(F.lag(ROW).over(self._ordered) == F.col(ROW), F.lit(False))
        return Rule("duplicate", again if where is None else where & again, F.lit(reason))

    def said(self) -> Rule:
        """Any row but the first; of rows that do not conflict."""
        number = F.row_number().over(self._ordered)
        return Rule("duplicate", number > 1, F.lit(f"another row for this {self._what} says the same"))

    def conflict(self, values: Sequence[str]) -> Rule:
        """Rows with different values; the reason has both."""
        pairs = [F.when(self._differ(F.col(name)), F.concat(F.lit(f"{name} "), self._both(name))) for name in values]
        met = reduce(Column.__or__, (self._differ(F.col(name)) for name in values), F.lit(False))
        where = F.concat(F.lit(f"rows for one {self._what} ("), self._named, F.lit(") differ: "))
        return Rule("conflicting", met, F.concat(where, F.concat_ws(", ", *pairs)))

    def unless_bins(self, date: str, values: Sequence[str]) -> list[Rule]:
        """Stock at the end of one day, unless it is that of several bins, which is added up; two times of a day are none."""
        bare = F.count("on_hand").over(self._all) < F.count("*").over(self._all)
        bins = ~bare & ~self._differ(F.col("stocked_out")) & ~self._differ(_cell(rf"^\Q{date.lower()}\E$"))
        return [Rule(rule.name, ~bins & rule.condition, rule.reason) for rule in (self.conflict(values), self.said())]

    def _differ(self, value: Column) -> Column:
        text = F.coalesce(value.cast("string"), F.lit(""))
        return F.min(text).over(self._all) != F.max(text).over(self._all)

    def _both(self, name: str) -> Column:
        text = F.coalesce(F.regexp_replace(F.col(name).cast("string"), r"\.0$", ""), F.lit("empty"))
        return F.concat_ws(" and ", F.min(text).over(self._all), F.max(text).over(self._all))


def _cell(pattern: str) -> Column:
    """The text of the first column of the file whose name, in small letters, has the pattern."""
    cells = F.map_entries(F.from_json(ROW, "map<string,string>"))
    return F.get(F.filter(cells, lambda cell: F.lower(cell["key"]).rlike(pattern)), 0)["value"]
