"""A little SVG: escaped elements, linear scales, ticks. Colours come from the page's style sheet by class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from markupsafe import Markup, escape


def element(name: str, *children: Any, **attributes: Any) -> Markup:
    """One element; children and attribute values are escaped unless they are Markup. `class_` and `stroke_width` work."""
    pairs = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(_short(v))}"' for key, v in attributes.items())
    return Markup(f"<{name}{pairs}>{''.join(str(escape(child)) for child in children)}</{name}>")


def _short(value: Any) -> Any:
    """One decimal is enough for a screen and keeps the page small."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value


def drawing(width: float, height: float, label: str, marks: Iterable[Markup], class_: str = "") -> Markup:
    """A whole picture that scales with its column, up to a little over its own size. `label` is what a screen reader says."""
    return element(
        "svg",
        *marks,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        style=f"max-width:{width * 1.16:.0f}px",
        aria_label=label,
        class_=class_ or "chart",
    )


@dataclass(frozen=True)
class Scale:
    """Linear map from data [low, high] to pixels [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers (1, 2, 5 x 10^k) that lie in [low, high], about `about` of them."""
    step = _round_step((high - low) / about)
    return [round(k * step, 12) for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _round_step(raw: float) -> float:
    power = 10.0 ** floor(log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if raw <= factor * power * 1.0001)


def polyline(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """An open line through points in pixels."""
    return element("path", d=_path(points), class_=class_)


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], class_: str) -> Markup:
    """The area between two lines that run in the same direction."""
    return element("path", d=_path([*upper, *reversed(lower)]) + "Z", class_=class_)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def text(x: float, y: float, content: Any, class_: str = "", anchor: str = "start") -> Markup:
    """Text at a baseline point; anchor start, middle or end."""
    return element("text", content, x=float(x), y=float(y), class_=class_, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def dot(x: float, y: float, radius: float, class_: str, hint: str = "") -> Markup:
    """A filled circle; `hint` shows while the pointer rests on it."""
    children = [element("title", hint)] if hint else []
    return element("circle", *children, cx=float(x), cy=float(y), r=float(radius), class_=class_)


def bar(x: float, y: float, width: float, height: float, class_: str, hint: str = "") -> Markup:
    """A rectangle."""
    children = [element("title", hint)] if hint else []
    return element("rect", *children, x=float(x), y=float(y), width=float(max(width, 0)), height=float(height), class_=class_)


def shorten(name: str, most: int) -> str:
    """A name that fits: cut with an ellipsis when longer than `most` letters."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"
