"""Failures that are not the user's spec, each with its exit code and the next step.

HybridspecError (1)
├── UsageError (2)          flags or paths make no sense
├── AuthenticationFailed (3) a cloud, or what keeps the state, does not know who asks
├── ResourceFailed (4)      an agent, a stack or a publication did not come up
├── PolicyBroken (5)        what was asked breaks a rule, as somebody else's check says
├── StackNotFound (6)       no such stack was ever deployed
├── ChangesFound (7)        changes under --expect-no-changes
├── Cancelled (8)           interrupted by the user
└── TimedOut (9)            a step ran past its limit
"""

from __future__ import annotations

from typing import ClassVar


class HybridspecError(Exception):
    """A failure with one sentence, and the command or change that comes next."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(HybridspecError):
    """Flags, paths or the state of a folder make the request impossible."""

    exit_code = 2


class AuthenticationFailed(HybridspecError):
    """Whoever was asked does not know who asks, or does not let them."""

    exit_code = 3


class ResourceFailed(HybridspecError):
    """Something that was being deployed did not come up."""

    exit_code = 4


class PolicyBroken(HybridspecError):
    """A policy that others enforce refuses what was asked."""

    exit_code = 5


class StackNotFound(HybridspecError):
    """The named stack has no state here."""

    exit_code = 6


class ChangesFound(HybridspecError):
    """Changes exist although the user expected none."""

    exit_code = 7


class Cancelled(HybridspecError):
    """The user interrupted the run; what was done so far is kept and resumable."""

    exit_code = 8


class TimedOut(HybridspecError):
    """A step ran past its limit."""

    exit_code = 9
