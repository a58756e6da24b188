"""Read-only arrays of integers, and of amounts that can be added up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridspec.place.problem import MAX_MONEY, Choice, Ints


class TooDear(Exception):
    """The costs of a plan could be more than can be added up exactly."""


def money(amounts: Sequence[int]) -> Ints:
    """Amounts, with room to add up hundreds of them.

    Raises:
        TooDear: one of them leaves none.
    """
    if any(amount >= MAX_MONEY >> 8 for amount in amounts):
        raise TooDear
    return ints(amounts)


def ints(values: Sequence[int]) -> Ints:
    """A column."""
    return frozen(np.array(values, np.int64))


def table(rows: Sequence[Sequence[int]], columns: int) -> Ints:
    """Rows of so many columns each."""
    return frozen(np.array(rows, np.int64).reshape(len(rows), columns))


def free(alternatives: int, quotas: int) -> Choice:
    """A choice of which no alternative costs anything, or takes anything of a quota."""
    return Choice(cost=ints([0] * alternatives), use=table([[0] * quotas] * alternatives, quotas))


def frozen(array: Ints) -> Ints:
    """The array, which nobody changes from now on."""
    array.flags.writeable = False
    return array
