"""Refuse signals of which nobody said when they are known, and settings for signals that are not there."""

import difflib

from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.stages.ingest.classify import RULE, first_reasons
from echelon.stages.ingest.records import Frames
from echelon.stages.shared.context import Context

_SHOWN = 5


def check_signals(context: Context, rows: Frames) -> None:
    """Every signal of the input has its settings, and all settings have a signal.

    Raises InputRefused, since a signal that is used before it was published makes a forecast look better than it is.
    """
    wanted = context.settings.signals
    given = {name for name, chosen in wanted.items() if chosen.source == "signals"}
    known = _names(rows)
    if strange := sorted(known - set(wanted)):
        raise InputRefused(
            f"signals: nothing says when {_listed(strange)} is known: give it under signals in the configuration, "
            f"for example signals: {{{strange[0]}: {{delay_days: 7}}}} or {{known_ahead: true}}"
        )
    if absent := sorted(given - known):
        _refuse_only_refused(rows, absent[0])
        close = difflib.get_close_matches(absent[0], sorted(known), n=1)
        hint = f"Did you mean '{close[0]}'? " if close else ""
        raise InputRefused(f"signals: no row is named {_listed(absent)}. {hint}The input has: {_listed(sorted(known))}")
    _check_derived(context, known)


def _refuse_only_refused(rows: Frames, name: str) -> None:
    if "signals" not in rows:
        return
    rows_of_signal = rows["signals"].where(F.col("name") == name)
    if reasons := first_reasons(rows_of_signal):
        raise InputRefused(f"signals: not one row of '{name}' was accepted: {reasons}")


def _check_derived(context: Context, known: set[str]) -> None:
    for name, chosen in context.settings.signals.items():
        source = chosen.source
        if source != "signals" and name in known:
            raise InputRefused(f"signals: '{name}' is both an input and taken from {source}: name one of them otherwise")
        if source != "signals" and getattr(context.settings.sources, source) is None:
            raise InputRefused(f"signals: '{name}' is to be taken from {source}, but sources.{source} is not given")


def _names(rows: Frames) -> set[str]:
    if "signals" not in rows:
        return set()
    names = rows["signals"].where(F.col(RULE).isNull()).select("name").distinct()
    return {row["name"] for row in names.collect()}


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN]) or "nothing"
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
