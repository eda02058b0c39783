"""Reverse-mode differentiation by a tape (Griewank & Walther, Evaluating Derivatives, 2nd ed., chapter 3).

Every quantity of the simulation is a number on the tape: its value, and the (at most two) earlier numbers it depends on
with the partial derivatives. Number 0 is the constant zero, numbers 1.. are the levels. Smaller and larger return one of
their arguments, so they cost nothing; running the tape backwards once gives the derivatives in all levels.
"""

from typing import NamedTuple

import numpy as np

from echelon.core.arrays import Ints, Records
from echelon.core.inventory.kernels.jit import helper

ZERO = 0


NUMBER = np.dtype(
    [("value", "f8"), ("by_first", "f8"), ("by_second", "f8"), ("worth", "f8"), ("first", "i8"), ("second", "i8")], align=True
)


class Tape(NamedTuple):
    """size: (1,), numbers in use; number: (room,) of NUMBER; `worth` is the derivative of the cost in it."""

    size: Ints
    number: Records


def make_tape(room: int) -> Tape:
    """An empty tape with room for so many numbers."""
    return Tape(np.ones(1, np.int64), np.zeros(room, NUMBER))


@helper
def linear(tape: Tape, value: float, first: int, by_first: float, second: int, by_second: float) -> int:
    """A new number. Past the end of the tape nothing is kept; `overflown` tells."""
    at = tape.size[0]
    tape.size[0] = at + 1
    if at >= len(tape.number):
        return ZERO
    tape.number[at].value = value
    tape.number[at].first, tape.number[at].by_first = first, by_first
    tape.number[at].second, tape.number[at].by_second = second, by_second
    tape.number[at].worth = 0.0
    return at


@helper
def overflown(tape: Tape) -> bool:
    """Whether the tape was too short."""
    return tape.size[0] > len(tape.number)


@helper
def constant(tape: Tape, value: float) -> int:
    """A number that depends on nothing."""
    return linear(tape, value, ZERO, 0.0, ZERO, 0.0) if value != 0.0 else ZERO


@helper
def add(tape: Tape, a: int, b: int) -> int:
    """a + b"""
    if a == ZERO or b == ZERO:
        return a + b
    return linear(tape, tape.number[a].value + tape.number[b].value, a, 1.0, b, 1.0)


@helper
def minus(tape: Tape, a: int, b: int) -> int:
    """a - b"""
    if b == ZERO:
        return a
    if a == b:
        return ZERO
    return linear(tape, tape.number[a].value - tape.number[b].value, a, 1.0, b, -1.0)


@helper
def scaled(tape: Tape, a: int, factor: float) -> int:
    """a x factor"""
    if a == ZERO or factor == 1.0:
        return a
    return linear(tape, tape.number[a].value * factor, a, factor, ZERO, 0.0)


@helper
def times(tape: Tape, a: int, b: int) -> int:
    """a x b"""
    if a == ZERO or b == ZERO:
        return ZERO
    return linear(tape, tape.number[a].value * tape.number[b].value, a, tape.number[b].value, b, tape.number[a].value)


@helper
def ratio(tape: Tape, a: int, b: int) -> int:
    """a / b for b above 0"""
    if a == ZERO:
        return ZERO
    share = tape.number[a].value / tape.number[b].value
    return linear(tape, share, a, 1.0 / tape.number[b].value, b, -share / tape.number[b].value)


@helper
def straight_through(tape: Tape, value: float, a: int) -> int:
    """A rounded a: the value given, the derivative of a (Bengio, Leonard & Courville, arXiv 1308.3432, section 4)."""
    return linear(tape, value, a, 1.0, ZERO, 0.0)


@helper
def smaller(tape: Tape, a: int, b: int) -> int:
    """min(a, b)"""
    return a if tape.number[a].value <= tape.number[b].value else b


@helper
def larger(tape: Tape, a: int, b: int) -> int:
    """max(a, b)"""
    return a if tape.number[a].value >= tape.number[b].value else b


@helper
def run_back(tape: Tape) -> None:
    """Hand the worth of each number to those it depends on, last first."""
    for at in range(tape.size[0] - 1, 0, -1):
        worth = tape.number[at].worth
        if worth != 0.0:
            tape.number[tape.number[at].first].worth += worth * tape.number[at].by_first
            tape.number[tape.number[at].second].worth += worth * tape.number[at].by_second
