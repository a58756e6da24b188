"""How a run that fails ends: what happened and the way out, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from hybridspec.base.source import printable
from hybridspec.cli import output

_KEPT = "\n\t"
"""What a message may hold beside letters; what somebody typed may hold more."""


def wants_json(argv: Sequence[str]) -> bool:
    """Whether the arguments ask for a document, also where they are otherwise wrong."""
    return "--format=json" in argv or ("--format", "json") in pairwise(argv)


def fail(message: str, help: str, code: int, *, as_json: bool) -> int:
    """Say what happened on stderr, and on stdout too if a document was asked for."""
    output.say(f"error: {printable(message, keep=_KEPT)}")
    if help:
        output.say(f"  help: {printable(help, keep=_KEPT)}")
    if as_json:
        output.document({"schemaVersion": "hybridspec.dev/error/v1", "message": message,
                         "help": help, "exitCode": code})  # fmt: skip
    return code


def system_fault(fault: OSError, *, as_json: bool) -> int:
    """A file, a disk or a pipe that the system does not let us use."""
    return fail(f"{fault.strerror or fault}: {fault.filename or ''}".rstrip(": "),
                "check the path, the permissions and the free disk space", 1,
                as_json=as_json)  # fmt: skip


def unexpected(fault: Exception, *, as_json: bool) -> int:
    """Flags that make no sense end with 2; anything else is a fault of ours and ends with 255."""
    message = getattr(fault, "format_message", None)
    if message is not None and type(fault).__name__ == "NoArgsIsHelpError":
        output.say(message())
        return 2
    if message is not None:
        return fail(message(), "see `hybridspec --help`", 2, as_json=as_json)
    place = fault.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else ""
    return fail(
        f"internal error: {type(fault).__name__}: {str(fault)[:300]} ({where})",
        "this is a fault of hybridspec, not of your spec; please report it",
        255,
        as_json=as_json,
    )
