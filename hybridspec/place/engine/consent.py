"""What choices mean to the pairs that depend on them, and prices that bring them to consent.

Every pair may be imagined to choose for itself, if it pays for it: a payment for an alternative
that pairs make and the choice receives changes no answer in which all agree. Payments that leave
each pair nearly as well off with every alternative turn the cheapest plans of single sites into a
bound of the whole problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import BIG, Block, Floats
from hybridspec.place.engine.market import Market
from hybridspec.place.problem import ANY, Ints

FAR = 1e17
"""The price of an alternative with which a pair has no way at all, at first."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What each alternative costs the pairs of a class: by column, pairs and a row of each."""

    pairs: list[Ints]
    worth: list[Floats]


def views(market: Market, index: int, price: Ints, made: Sequence[int],
          bought: Sequence[int]) -> Views:  # fmt: skip
    """Look at a class with what its site has bought; choices but the one looked at stay made."""
    block = market.blocks[index]
    lacking = np.maximum(block.core.alone - np.array(bought, np.int64), 0).astype(float)
    fees = np.array(market.fees(index), dtype=float)
    plain = price.astype(float) + (lacking @ fees)[block.kind]
    plain[price >= BIG] = FAR
    pairs, worth = [], []
    free = block.needs == ANY
    strays = ~free & (block.needs != np.array(made, np.int64))
    others = strays.sum(axis=1)
    for column, choice in enumerate(block.choices):
        concerned = np.flatnonzero(np.bincount(block.pair, ~free[:, column], minlength=block.pairs))
        place = np.full(block.pairs, -1)
        place[concerned] = np.arange(len(concerned))
        rows = np.flatnonzero(place[block.pair] >= 0)
        value = np.where(others[rows] > strays[rows, column], FAR, plain[rows])
        wide = len(market.problem.choices[choice].cost) + 1
        table = np.full(len(concerned) * wide, FAR)
        at = place[block.pair[rows]] * wide + block.needs[rows, column] + 1
        np.minimum.at(table, at, value)
        least = table.reshape(-1, wide)
        own = np.minimum(least[:, :1], least[:, 1:])
        pairs.append(concerned)
        far = own.min(axis=1, initial=FAR, keepdims=True) + float(market.top[index] << market.shift)
        worth.append(np.minimum(own, far))
    return Views(pairs, worth)


def tally(market: Market, seen: Sequence[Views | None], prices: Ints) -> list[Floats]:
    """What each alternative of each choice costs everybody, as far as pairs can tell."""
    totals = [np.array(costs, dtype=float) for costs in market.choice_costs(prices)]
    for index, view in enumerate(seen):
        if view is None:
            continue
        for choice, worth in zip(market.blocks[index].choices, view.worth, strict=True):
            totals[choice] += market.sites[index] * worth.sum(axis=0)
    return totals


@dataclass(frozen=True, slots=True, eq=False)
class Payments:
    """What pairs pay for alternatives: by class and column, pairs by alternatives."""

    of: list[list[Ints]]


def payments(market: Market, seen: Sequence[Views | None], totals: Sequence[Floats],
             chosen: Sequence[int], share: float) -> Payments:  # fmt: skip
    """Payments with which each pair still likes what is chosen best, by a share of the advantage.

    The rest of the advantage is left to the choice, where it shows which alternatives are out.
    """
    weights = [0.0] * len(totals)
    for index, view in enumerate(seen):
        if view is not None:
            for choice, pairs in zip(market.blocks[index].choices, view.pairs, strict=True):
                weights[choice] += market.sites[index] * len(pairs)
    made: list[list[Ints]] = []
    for index, view in enumerate(seen):
        own: list[Ints] = []
        block = market.blocks[index]
        for column, choice in enumerate(block.choices if view is not None else ()):
            assert view is not None
            worth = view.worth[column]
            ahead = np.clip(totals[choice] - totals[choice][chosen[choice]], 0.0, FAR)
            paid = worth[:, [chosen[choice]]] - worth + share * ahead / max(1.0, weights[choice])
            paid[:, chosen[choice]] = 0.0
            own.append(np.rint(np.clip(paid, -(2.0**56), 2.0**56)).astype(np.int64))
        made.append(own)
    return Payments(made)


def charged(block: Block, price: Ints, view: Views, own: Sequence[Ints]) -> Ints:
    """Prices of options with the payments for what they need, or the least where they need none."""
    total = price
    for column, paid in enumerate(own):
        if not len(paid):
            continue
        needs = block.needs[:, column]
        place = np.full(block.pairs, -1)
        place[view.pairs[column]] = np.arange(len(paid))
        at = place[block.pair]
        table = np.concatenate([paid.min(axis=1)[:, None], paid], axis=1)
        total = total + np.where(at >= 0, table[at, needs + 1], 0)
    return np.where(price >= BIG, BIG, np.clip(total, -BIG, BIG))


def received(market: Market, seen: Sequence[Views | None], paid: Payments,
             prices: Ints) -> list[list[int]]:  # fmt: skip
    """What each alternative costs after what pairs pay for it."""
    costs = market.choice_costs(prices)
    for index, view in enumerate(seen):
        if view is None:
            continue
        for choice, own in zip(market.blocks[index].choices, paid.of[index], strict=True):
            for alternative, amount in enumerate(own.T.tolist()):
                costs[choice][alternative] -= market.sites[index] * sum(amount)
    return costs


def raised(market: Market, index: int, view: Views, own: Sequence[Ints], picked: Sequence[int],
           chosen: Sequence[int], loss: int, spare: Sequence[list[int]]) -> bool:  # fmt: skip
    """Let the pairs of a class that chose otherwise pay more, as far as choices can spare it.

    `spare` is by how much each alternative is dearer than what is chosen; it is used up.
    """
    block = market.blocks[index]
    strays = []
    for column, choice in enumerate(block.choices):
        place = {pair: at for at, pair in enumerate(view.pairs[column].tolist())}
        for pair, row in enumerate(picked):
            need = int(block.needs[row, column])
            if need not in (ANY, chosen[choice]):
                strays.append((column, choice, place[pair], need))
    changed = False
    for column, choice, at, need in strays:
        most = max(0, spare[choice][need]) // market.sites[index]
        more = min(most, -(-loss * 5 // (4 * len(strays))))
        if more > 0:
            own[column][at, need] += more
            spare[choice][need] -= more * market.sites[index]
            changed = True
    return changed
