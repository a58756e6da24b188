"""Reading the user's files: bounded, decoded, and inside the spec's folder."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.source import SourceFile, Span, position
from hybridspec.base.units import format_bytes
from hybridspec.ir.model_file import OUTSIDE

SPEC_NAME = "hybridspec.yaml"
MAX_SPEC = 4 * 2**20
MAX_MODEL = 512 * 2**20

_UNSAVED: ContextVar[Mapping[Path, bytes] | None] = ContextVar("unsaved", default=None)


@contextmanager
def unsaved(texts: Mapping[Path, bytes]) -> Iterator[None]:
    """Inside, these files (resolved paths) read as what an editor holds, not as what is on disk."""
    token = _UNSAVED.set(texts)
    try:
        yield
    finally:
        _UNSAVED.reset(token)


def locate(argument: Path) -> Path:
    """The spec file meant by a path: the file itself, or `hybridspec.yaml` in a folder."""
    return argument / SPEC_NAME if argument.is_dir() else argument


def read_source(path: Path) -> SourceFile | Diagnostic:
    """Read a text file of at most `MAX_SPEC` bytes, or say why it cannot be read."""
    source = SourceFile(shown=shown(path), name=_encodable(Path(path.name)), text="")
    data = read_bounded(path, MAX_SPEC)
    if isinstance(data, str):
        code = "HS0102" if "larger" in data else "HS0101"
        help = (
            "generate many sites with fewer lines, or split the system into several specs"
            if code == "HS0102"
            else "check the path, or start one with `hybridspec init`"
        )
        return Diagnostic(code=code, message=f"{source.shown}: {data}", span=None, help=help)
    data_digest, data = digest(data), data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode()
        return replace(source, text=text, digest=data_digest)
    except UnicodeDecodeError as fault:
        readable = data[: fault.start].decode()
        line, column = position(readable, len(readable))
        lossy = replace(source, text=data.decode("utf-8", "replace"))
        span = Span(file=lossy, line=line, column=column, end_line=line, end_column=column + 1)
        return Diagnostic(code="HS0103", message="the file is not UTF-8 text", span=span,
                          help="save the file as UTF-8")  # fmt: skip


def read_bounded(path: Path, limit: int) -> bytes | str:
    """The bytes of a regular file of at most `limit` bytes, or one clause that says why not."""
    data = _held(path)
    if data is not None:
        return data if len(data) <= limit else _too_large(limit)
    try:
        # Without O_NONBLOCK, a named pipe that nobody writes to would never open.
        with open(path, "rb", opener=_without_waiting) as stream:
            info = os.fstat(stream.fileno())
            if not stat.S_ISREG(info.st_mode):
                return "not a regular file"
            data = stream.read(limit + 1)
    except FileNotFoundError:
        return "there is no such file"
    except OSError as fault:
        return (fault.strerror or "cannot be read").lower()
    except ValueError:
        return "not a usable file name"
    return data if len(data) <= limit else _too_large(limit)


def _held(path: Path) -> bytes | None:
    """What an editor holds of the file, if one is looking on."""
    held = _UNSAVED.get()
    if not held:
        return None
    try:
        return held.get(path.resolve())
    except (OSError, ValueError, RuntimeError):
        return None


def _too_large(limit: int) -> str:
    return f"the file is larger than the limit of {format_bytes(limit)}"


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def inside(folder: Path, name: str) -> Path | str:
    """The path `name` relative to `folder`, or one clause if it leaves the folder."""
    try:
        path = (folder / name).resolve()
        if Path(name).is_absolute() or not path.is_relative_to(folder.resolve()):
            return OUTSIDE
    except (OSError, ValueError, RuntimeError):
        return "not a usable file name"
    return path


def digest(data: bytes) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(data).hexdigest()


def shown(path: Path) -> str:
    """The path as short as it can be said from where the user stands."""
    try:
        return _encodable(path.relative_to(Path.cwd()))
    except ValueError:
        return _encodable(path)


def _encodable(path: Path) -> str:
    """The path as text that can be written out, even where its bytes are not UTF-8."""
    return str(path).encode("utf-8", "replace").decode()
