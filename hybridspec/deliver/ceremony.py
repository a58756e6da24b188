"""A request for signatures that waits: kept with the stack, filled by each file that comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata
from tuf.api.serialization.json import JSONSerializer

from hybridspec.base.errors import HybridspecError, ResourceFailed, UsageError
from hybridspec.bundle.meaning import meaning
from hybridspec.bundle.request import LARGEST, Request, gathered, read, written
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.stack import Stack


class Unsigned(ResourceFailed):
    """Nothing was published, since other people have to sign first."""


def folder(stack: Stack) -> Path:
    """Where requests of a stack lie."""
    return stack.folder / "ceremony"


def waiting(stack: Stack) -> Request | None:
    """The open request, with the signatures that came back so far; None if there is none.

    Raises:
        Tampered: it was changed on this disk.
    """
    try:
        return read((folder(stack) / "open.json").read_bytes())
    except FileNotFoundError:
        return None


def wait(stack: Stack, request: Request, rest: Mapping[str, Any] | None = None) -> Path:
    """Keep a request, also under the name by which it travels; gives that file.

    `rest` is what else whoever completes it has to know.
    """
    if rest is not None:
        done(stack)
        write_durably(folder(stack) / "rest.json", json.dumps(rest, indent=1).encode())
    data = written(request, meaning(request))
    path = path_of(stack, request)
    write_durably(path, data)
    write_durably(folder(stack) / "open.json", data)
    return path


def path_of(stack: Stack, request: Request) -> Path:
    """The file by which a request travels."""
    return folder(stack) / f"request-{request.digest[:12]}.json"


def rest_of(stack: Stack) -> dict[str, Any]:
    """What was kept beside the open request."""
    found: dict[str, Any] = json.loads((folder(stack) / "rest.json").read_bytes())
    return found


def done(stack: Stack) -> None:
    """Forget the open request: it was published, or nobody is to sign it any more."""
    for path in folder(stack).glob("*.json"):
        path.unlink()


def staged(request: Request | None) -> dict[str, dict[str, bytes]]:
    """What was signed so far, by repository and role, for whoever publishes next."""
    parts = request.parts if request is not None else {}
    return {where: {name: _bytes(made) for name, made in part.roles.items()}
            for where, part in parts.items()}  # fmt: skip


def _bytes(made: Metadata[Any]) -> bytes:
    data: bytes = made.to_bytes(JSONSerializer(compact=True))
    return data


def collect(stack: Stack, files: list[Path]) -> tuple[Request, tuple[HybridspecError, ...]]:
    """Take signatures in; each file that is refused says why, and the others count.

    Raises:
        UsageError: nothing waits for signatures.
    """
    request = waiting(stack)
    if request is None:
        raise UsageError(f"nothing of stack `{stack.name}` waits for signatures",
                         help=f"`hybridspec channel publish --stack {stack.name}` asks for them, "
                         "where it needs any")  # fmt: skip
    refused: list[HybridspecError] = []
    for path in files:
        try:
            request = gathered(request, _read(path), path.name)
        except HybridspecError as fault:
            refused.append(fault)
    wait(stack, request)
    return request, tuple(refused)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except OSError as fault:
        raise UsageError(f"`{path}` cannot be read: {fault.strerror}",
                         help="name the file that came back") from None  # fmt: skip


def unsigned(request: Request, path: Path, absent: Mapping[str, HybridspecError]) -> Unsigned:
    """What to tell whoever publishes: who has to sign what, and how."""
    lines = [f"{role}: {text}" for role, text in _open(request)]
    away = [f"{name}: {fault.message}" for name, fault in sorted(absent.items())]
    said = "; ".join([*lines, *(["not here: " + ", ".join(away)] if away else [])])
    return Unsigned(
        f"nothing is published yet: too few have signed ({said})",
        help=f"send {path} to them: each runs `hybridspec keys sign {path.name} --key URI` and "
        "sends a file back; then `hybridspec keys ceremony FILES "
        f"--stack {request.stack}`, which publishes",
    )


def _open(request: Request) -> list[tuple[str, str]]:
    found = []
    for where, part in request.parts.items():
        for name in part.open():
            for ask in part.asks(name):
                count = part.missing(name, ask)
                rest = [request.who(k) for k in ask.keys if k not in set(part.valid(name, ask))]
                if count:
                    found.append((f"{where}{name}", f"{count} more of {', '.join(rest)}"))
    return list(dict.fromkeys(found))
