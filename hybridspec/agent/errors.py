"""Why an update stops: one family, each with a reason code that reaches the report."""

from __future__ import annotations


class Stopped(Exception):
    """An update must not go on; the running release stays. `reason` is a stable code."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Unreachable(Stopped):
    """The channel did not answer; try again later."""


class Refused(Stopped):
    """Something was not what was signed, or not for this device."""


class Unhealthy(Stopped):
    """A release failed its trial."""
