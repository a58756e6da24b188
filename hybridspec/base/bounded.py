"""Bounds on a process: a limit is lowered, and never above what its surroundings allow already."""

from __future__ import annotations

import resource


def lower(what: int, most: int) -> None:
    """Bound a resource of this process for good; where it is bounded further, that stays.

    A shell or a container may have set a limit that only root could raise.
    """
    hard = resource.getrlimit(what)[1]
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (least, least))
