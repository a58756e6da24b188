"""What the commands say of sizes that a model leaves open, and of work that nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hybridspec.cli import output

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Look
    from hybridspec.ir.measurement import Timed


def at_size(took: Sequence[Timed], look: Look) -> tuple[Timed, ...]:
    """What was measured; of this model at the size that is asked for, it holds as any other."""
    return tuple(
        replace(one, free=0) if one.free == look.size and one.model == look.facts.digest else one
        for one in took
    )


def unused(models: Sequence[Look], took: Sequence[Timed]) -> None:
    """Say which measurements are not used, since they hold for one size only."""
    for look in models:
        own = [one for one in took if one.model == look.facts.digest]
        sizes = sorted({one.free for one in own if one.free != look.size})
        if sizes:
            output.say(
                f"warning: {look.name} was measured with {', '.join(map(str, sizes))} in its open "
                "sizes, which says nothing of others, so that it is not used: ask for that size by "
                "`--free`; in a spec, `measured` of the model states what your inputs take"
            )


def hidden(models: Sequence[Look], *, alone: bool) -> None:
    """Say of which models nobody can tell how long they take, and what would help.

    Raises:
        UsageError: there is nothing else to say, since these are `alone`.
    """
    from hybridspec.base.errors import UsageError

    for look in models:
        if not look.facts.unpriced:
            continue
        why = (f"nobody can tell how much `{look.name}` computes: "
               f"`{'`, `'.join(look.facts.unpriced[:4])}` {_over(look)}")  # fmt: skip
        if alone:
            raise UsageError(why, help=way_out(look))
        output.say(f"warning: {why}; {way_out(look)}")


def _over(look: Look) -> str:
    count = len(look.facts.unpriced)
    verb = "computes" if count == 1 else "compute"
    return f"{verb} over open sizes" if look.left else f"{verb} as the data have it"


def way_out(look: Look) -> str:
    """How a model whose work is hidden gets a figure."""
    measure = "`hybridspec model measure` says what it takes"
    return f"say how large it is: `--free {look.left[0]}=128`" if look.left else measure
