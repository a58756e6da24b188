"""The known name that a written one probably meant; the work is bounded for any word and list."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher
from functools import lru_cache

_LONGEST = 100
_NAMES = 1_000
_FINALISTS = 8
"""Letters and pairs choose so many; only these are compared letter by letter, which is dear."""


def closest(written: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name of `known` that is most like `written`, or None if none is like it.

    >>> closest("zoens", ["sites", "zones"]), closest("DE", ["de", "fr"]), closest("x", ["sites"])
    ('zones', 'de', None)
    """
    if not written or len(written) > _LONGEST:
        return None
    word = written.casefold()
    mine = _features(word)
    likely = sorted(_chosen(word, known), key=lambda name: (-len(mine & _features(name)), name))
    scored = ((_likeness(word, name.casefold()), name) for name in likely[:_FINALISTS])
    score, best = min(((-score, name) for score, name in scored), default=(0.0, ""))
    return best if -score >= cutoff else None


def surely(written: str, known: Collection[str]) -> str | None:
    """The one name that can be meant: very much alike, and no other is nearly as much.

    >>> surely("zoness", ["sites", "zones"]), surely("site-3", ["site-1", "site-2"])
    ('zones', None)
    """
    best = closest(written, known, 0.8)
    if best is None:
        return None
    other = closest(written, (name for name in known if name != best), 0.6)
    word = written.casefold()
    if other is None:
        return best
    clear = _likeness(word, best.casefold()) - _likeness(word, other.casefold()) > 0.15
    return best if clear else None


def _chosen(word: str, known: Iterable[str]) -> list[str]:
    """At most `_NAMES` names, those that begin alike first, without those of another length."""
    alike: list[str] = []
    others: list[str] = []
    for name in known:
        if len(name) > _LONGEST or not name:
            continue
        (alike if name[0].casefold() == word[0] else others).append(name)
        if len(alike) == _NAMES:
            break
    length = len(word)
    return [n for n in (alike + others)[:_NAMES] if 0.4 < len(n) / length < 2.5]


@lru_cache(maxsize=4096)
def _features(name: str) -> frozenset[str]:
    """Letters and pairs of letters."""
    plain = name.casefold()
    return frozenset(plain) | {plain[i : i + 2] for i in range(len(plain) - 1)}


def _likeness(written: str, name: str) -> float:
    """Between 0 and 1; two neighbours in the wrong order weigh as little as one wrong letter."""
    if len(written) == len(name):
        wrong = [i for i, (a, b) in enumerate(zip(written, name, strict=True)) if a != b]
        if len(wrong) == 2 and wrong[1] == wrong[0] + 1 and sorted(written) == sorted(name):
            return max(0.8, 1 - 1 / len(name))
    if len(written) > 32 and written != name:
        mine, other = _features(written), _features(name)
        return len(mine & other) / len(mine | other)
    return SequenceMatcher(None, name, written).ratio()
