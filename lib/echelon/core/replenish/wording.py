"""Figures as planners read them."""


def figure(value: float) -> str:
    """A number with thousands separators and few decimals: 1234.0 -> 1,234; 12.34 -> 12.3; 0.254 -> 0.25."""
    decimals = 2 if abs(value) < 1 else 1
    return f"{round(value, decimals) + 0.0:,.{decimals}f}".rstrip("0").rstrip(".")  # + 0.0 turns -0 into 0


def units(value: float) -> str:
    """A number of units: 1 -> 1 unit; 1234 -> 1,234 units."""
    text = figure(value)
    return f"{text} unit" if text == "1" else f"{text} units"
