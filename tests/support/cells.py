"""Rows and cells of frames as values of any type: pandas' own types allow for everything that a cell might hold."""

from typing import Any

import pandas as pd


def records(frame: pd.DataFrame) -> list[Any]:
    """The rows, with the columns as attributes."""
    return list(frame.itertuples())


def at(frame: pd.DataFrame, place: Any) -> Any:
    """What `frame.loc` has there: a label of the index, or a tuple of labels, the column last."""
    return frame.loc[place]
