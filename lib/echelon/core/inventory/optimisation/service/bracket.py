"""Least levels at which a simulated share of good periods reaches its target, for all nodes at once."""

import numpy as np
from scipy import special

from echelon.core.arrays import Doubles, Flags

_LEAST = 1e-4  # shares are kept this far from 0 and 1 in normal scores
_BISECT = 4  # every so many steps the middle is taken, whatever the interpolation says


class Bracket:
    """Per node (nodes,) the highest level seen to fail and the lowest seen to be enough.

    The share must not fall with the own level. Interpolation is linear in normal scores; it is pushed `width` over the
    root, so that the bracket closes from both sides. What contradicts it (another level moved) opens it again.
    """

    def __init__(self, target: Doubles, bound: Flags, spread: Doubles, width: Doubles, whole: bool) -> None:
        self._target, self._bound, self._spread, self._width, self._whole = target, bound, spread, width, whole
        self.low, self.high = np.full(len(target), -1.0), np.full(len(target), np.inf)
        self._low_share, self._high_share = np.zeros(len(target)), np.ones(len(target))
        self._steps = 0

    def see(self, levels: Doubles, share: Doubles) -> None:
        """Add the shares seen at the levels."""
        enough = share >= self._target
        self.low = np.where(enough & (levels <= self.low), -1.0, self.low)
        self.high = np.where(~enough & (levels >= self.high), np.inf, self.high)
        higher, lower = ~enough & (levels > self.low), enough & (levels < self.high)
        self.low, self._low_share = np.where(higher, levels, self.low), np.where(higher, share, self._low_share)
        self.high, self._high_share = np.where(lower, levels, self.high), np.where(lower, share, self._high_share)
        self._last, self._failed = share, ~enough
        self._steps += 1

    @property
    def open(self) -> Flags:
        """Nodes whose level is not known yet."""
        return self._bound & (self.high - self.low > 1.001 * self._width) & (self.high > 0)

    def next(self, levels: Doubles) -> Doubles:
        """Levels to look at."""
        inside = (self.low >= 0) & np.isfinite(self.high)
        missing = _score(self._target) - _score(self._last)
        away = np.where(self._failed, 1.0, -1.0)
        outward = levels + self._spread * missing + away * np.maximum(0.1 * self._spread, self._width)
        between = (self.low + self.high) / 2 if self._steps % _BISECT == 0 else self.root() + away * self._width
        wanted = np.where(inside, between, outward)
        wanted = np.rint(wanted) if self._whole else wanted
        least = np.where(self._whole, self._width, np.minimum(self._width, (self.high - self.low) / 2))
        return np.maximum(np.clip(wanted, self.low + least, self.high - least), 0.0)

    def root(self) -> Doubles:
        """Where the share meets the target between the ends; the end that is enough while the other is unknown."""
        low, high = _score(self._low_share), _score(self._high_share)
        place = (_score(self._target) - low) / np.maximum(high - low, 1e-9)
        known = (self.low >= 0) & np.isfinite(self.high)
        gap = np.where(known, self.high - self.low, 0.0)
        end = np.where(np.isfinite(self.high), self.high, np.maximum(self.low, 0.0))
        return np.where(known, self.low + np.clip(place, 0.05, 1.0) * gap, end)


def _score(share: Doubles) -> Doubles:
    return np.asarray(special.ndtri(np.clip(share, _LEAST, 1 - _LEAST)))
