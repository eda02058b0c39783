"""Numbers, dates and counts as text for people. A missing value is a dash everywhere."""

from datetime import date
from typing import Any

import pandas as pd

DASH = "–"
MINUS = "−"
_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def missing(value: Any) -> bool:
    """True for None, NaN and NaT."""
    return value is None or bool(pd.isna(value))


def _minus(text: str) -> str:
    """A proper minus sign, and no sign before a zero."""
    if not any(digit in text for digit in "123456789"):
        return text.lstrip("+-")
    return text.replace("-", MINUS)


def count(value: Any) -> str:
    """A whole number with thousands separated: 1,712."""
    return DASH if missing(value) else _minus(f"{float(value):,.0f}")


def plural(value: Any, one: str, many: str = "") -> str:
    """A count with its noun: 1 order, 1,712 orders."""
    return f"{count(value)} {one if float(value) == 1 else many or one + 's'}"


def compact(value: Any) -> str:
    """Three significant digits and a scale: 0.52, 51.2, 412, 4.12k, 1.24M; small whole numbers as they are."""
    if missing(value):
        return DASH
    number = float(value)
    if number == int(number) and abs(number) < 1000:
        return _minus(f"{number:.0f}")
    for size, suffix in _SCALES:
        # 999.5 rounds to four digits, so it belongs to the next scale
        if abs(number) >= size * 0.9995:
            return _minus(_three_digits(number / size) + suffix)
    return _minus(_three_digits(number))


def _three_digits(number: float) -> str:
    size = abs(number)
    if size >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if size >= 9.995 else f"{number:.2f}"


def tick(value: float) -> str:
    """A round number on an axis: 0.25, 20k, 1.5M."""
    for size, suffix in _SCALES:
        if abs(value) >= size:
            return _minus(f"{value / size:.4g}{suffix}")
    return _minus(f"{value:.4g}")


def money(value: Any, currency: str) -> str:
    """An amount of money: £4.12k with a symbol, 4.12k GBP with a code, 4.12k without either."""
    return DASH if missing(value) else _with_currency(compact(value), currency)


def _with_currency(text: str, currency: str) -> str:
    if not currency:
        return text
    if currency.isalpha():
        return f"{text} {currency}"
    return f"{MINUS}{currency}{text[1:]}" if text.startswith(MINUS) else f"{currency}{text}"


def percent(share: Any, digits: int = 1) -> str:
    """A share as a percentage: 0.9523 -> 95.2%."""
    return DASH if missing(share) else _minus(f"{float(share) * 100:.{digits}f}%")


def change(new: Any, old: Any) -> str:
    """Relative change with its sign: 91 after 100 -> −9.0%; a dash where there is nothing to compare with."""
    if missing(new) or missing(old) or float(old) == 0:
        return DASH
    return _minus(f"{(float(new) / float(old) - 1) * 100:+.1f}%")


def points(difference: Any) -> str:
    """Difference of two shares in percentage points: 0.031 -> +3.1 points."""
    return DASH if missing(difference) else _minus(f"{float(difference) * 100:+.1f} points")


def between(ends: tuple[float, float] | None, digits: int = 1) -> str:
    """Both ends of an interval of shares, in percent or points: 17.8 to 23.2; a dash where there is none."""
    return DASH if ends is None else " to ".join(_minus(f"{end * 100:.{digits}f}") for end in ends)


def decimal(value: Any, digits: int = 3) -> str:
    """A plain number: 0.812."""
    return DASH if missing(value) else _minus(f"{float(value):.{digits}f}")


def day(value: Any) -> str:
    """A date with its year: 1 Nov 2011."""
    return DASH if missing(value) else f"{as_date(value).day} {as_date(value):%b %Y}"


def short_day(value: Any) -> str:
    """A date without its year: 1 Nov."""
    return DASH if missing(value) else f"{as_date(value).day} {as_date(value):%b}"


def as_date(value: Any) -> date:
    """A date, whatever Spark and pandas made of it."""
    return pd.Timestamp(value).date()


def seconds(value: Any) -> str:
    """A duration: 4.1 s, 2 min 05 s."""
    if missing(value):
        return DASH
    total = float(value)
    if total < 99.95:
        return f"{total:.1f} s"
    return f"{round(total) // 60} min {round(total) % 60:02d} s"


def words(items: list[str], most: int = 4) -> str:
    """A list in words: a, b and c; from more than `most` the rest is counted."""
    if len(items) > most:
        return f"{', '.join(items[:most])} and {count(len(items) - most)} more"
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
