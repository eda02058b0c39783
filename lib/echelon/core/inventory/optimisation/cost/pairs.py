"""Policies of one node with two whole parameters: a level and a gap (S and S - s, or r and Q).

For a given gap the cost is convex in the level where the cost of a position is (a weighted sum of shifted convex costs:
Zheng & Federgruen, Operations Research 39(4), 1991, equation 3; Federgruen & Zheng, 40(4), 1992, for (r, Q)); that is
walked down in whole steps. The least cost as a function of the gap is flat and, for (s, S), not convex: it is searched by
steps of falling length which look a few gaps beyond the best.
"""

from collections.abc import Callable
from dataclasses import dataclass

_VALLEYS = 3  # the best of the first gaps, from which the search goes on
_LOOK_AHEAD = 4  # gaps beyond the best that are tried with the last steps


@dataclass(frozen=True)
class Pair:
    """A level, a gap, and what they cost."""

    level: int
    gap: int
    cost: float


class _Search:
    """Costs known so far; levels are searched from the one that was best for the gap before."""

    def __init__(self, cost: Callable[[int, int], float]) -> None:
        self._cost = cost
        self._known: dict[tuple[int, int], float] = {}

    def at(self, level: int, gap: int) -> Pair:
        if (level, gap) not in self._known:
            self._known[level, gap] = self._cost(level, gap)
        return Pair(level, gap, self._known[level, gap])

    def best_level(self, level: int, gap: int, step: int) -> Pair:
        """The least cost of a gap: steps of a falling length either way."""
        best = self.at(level, gap)
        while step >= 1:
            better = min((self.at(best.level + move, gap) for move in (step, -step)), key=lambda pair: pair.cost)
            best, step = (better, step) if better.cost < best.cost else (best, step // 2)
        return best


def best_pair(cost: Callable[[int, int], float], level: int, gap: int, least_gap: int = 1) -> Pair:
    """Level and gap of least cost(level, gap), searched from the given ones (sqrt(2 x fixed cost x demand / holding
    cost) is a good gap). With a simulated cost, use the same random numbers for all pairs.

    With lumpy demand there are valleys at gaps of about one, two, ... periods' demand: gaps down to the least, each half
    the one before, are tried first, and the best of them searched further.
    """
    search = _Search(cost)
    best = search.best_level(level, max(2 * gap, least_gap), max(gap // 2, 1))
    coarse = [best]
    while coarse[-1].gap > least_gap:
        narrower = max(coarse[-1].gap // 2, least_gap)
        coarse.append(search.best_level(coarse[-1].level, narrower, max(narrower // 2, 1)))
    coarse.sort(key=lambda pair: pair.cost)
    return min((_refined(search, pair, least_gap) for pair in coarse[:_VALLEYS]), key=lambda pair: pair.cost)


def _refined(search: _Search, best: Pair, least_gap: int) -> Pair:
    """Steps of falling length in the gap, each with its best level."""
    step = max(best.gap // 4, 1)
    while step >= 1:
        reach = _LOOK_AHEAD if step == 1 else 1
        moves = [sign * n * step for n in range(1, reach + 1) for sign in (1, -1)]
        gaps = [best.gap + move for move in moves if best.gap + move >= least_gap]
        trials = [search.best_level(best.level, other, max(step // 2, 1)) for other in gaps]
        better = min(trials, key=lambda pair: pair.cost, default=best)
        best, step = (better, step) if better.cost < best.cost else (best, step // 2)
    return best
