"""What a search for the best variant of a model tried, what it found, and what it chose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hybridspec.ir.artefact import Verdict
from hybridspec.ir.plan import Estimate


class State(StrEnum):
    """How far a candidate came."""

    PASSED = "passed"
    REJECTED = "rejected"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One recipe for one variant of a model on a device.

    `latency` is measured where somebody asked for it, else estimated, None where nobody has
    figures. `memory` and `size` are bytes; what was never built has no size. `built` says that
    there is a file whose outputs were compared. `reasons` are those against it. `front` says that
    no other candidate is better in one thing and worse in none.
    """

    variant: str
    recipe: str
    why: str
    state: State
    reasons: tuple[str, ...] = ()
    verdict: Verdict | None = None
    built: bool = False
    latency: Estimate | None = None
    memory: int = 0
    size: int = 0
    folder: Path | None = None
    digest: str = ""
    front: bool = False
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """All candidates of a model for a device in the order in which they were to be tried.

    `cut` says what the budget left out; empty if nothing was.
    """

    model: str
    device: str
    candidates: tuple[Candidate, ...]
    cut: str = ""

    @property
    def chosen(self) -> Candidate | None:
        """What to ship; None if nothing may."""
        return next((one for one in self.candidates if one.chosen), None)
