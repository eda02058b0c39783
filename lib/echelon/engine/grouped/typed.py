"""Results of grouped functions, typed by their schema: pandas guesses a type where there are no values to show it."""

from collections.abc import Callable
from typing import cast

import pandas as pd
from pyspark.sql.types import BooleanType, NumericType, StructType

PandasFunction = Callable[[pd.DataFrame], pd.DataFrame]


def typed(function: PandasFunction, schema: str) -> PandasFunction:
    """The function, whose results have the columns of the schema, in its order.

    A column without values is a column of numbers to pandas (an empty frame's, or one of missing texts and dates), which
    Arrow takes for no text and no date; as objects, with None for what is missing, it is of any type.
    """
    fields = cast(StructType, StructType.fromDDL(schema)).fields
    names = [field.name for field in fields]
    others = [field.name for field in fields if not isinstance(field.dataType, NumericType | BooleanType)]

    def result(rows: pd.DataFrame) -> pd.DataFrame:
        table = function(rows)[names]
        if table.empty:
            return table.astype(object)
        silent = [name for name in others if table[name].isna().all()]
        return table.assign(**{name: pd.Series([None] * len(table), table.index, object) for name in silent})

    return result
