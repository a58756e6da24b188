"""A zone's channel store: looked at, read and written through what its cloud speaks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hybridspec.base.errors import HybridspecError, ResourceFailed
from hybridspec.deliver.engine.fault import explained
from hybridspec.deliver.stores.request import Answer, send

ABSENT = ""
"""The version of what is not there."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Of a file: SHA-256 hex, and MD5, which two clouds check an upload by."""

    sha256: str
    md5: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a path: its digest as far as the store says it, its size and its version."""

    sha256: str
    size: int
    version: str


class Dialect(Protocol):
    """How one cloud's store is spoken to."""

    @property
    def place(self) -> str:
        """The store, for people."""

    def url(self, path: str) -> str:
        """The address of an object."""

    def signed(self, method: str, url: str, headers: Mapping[str, str], sha256: str) -> dict[
        str, str
    ]:  # fmt: skip
        """The headers with what proves who asks."""

    def asking(self) -> Mapping[str, str]:
        """The headers by which the store says what it knows of an object."""

    def writing(self, digests: Digests, size: int, version: str | None) -> Mapping[str, str]:
        """The headers of an upload, which the store refuses if the digest is not right, or if
        what is there is not of `version`, unless that is None."""

    def found(self, headers: Mapping[str, str]) -> Found:
        """What the headers of an answer say of an object."""

    def may(self) -> str:
        """What to do where the store lets nobody write."""


class Moved(ResourceFailed):
    """Somebody else wrote what was about to be written."""


@dataclass(frozen=True, slots=True)
class Store:
    """The channel store of a zone."""

    zone: str
    dialect: Dialect

    def find(self, path: str) -> Found | None:
        """What lies at a path; None if nothing does."""
        answer = self._ask("HEAD", path, self.dialect.asking())
        return self.dialect.found(answer.headers) if answer.good else None

    def read(self, path: str) -> tuple[bytes, Found] | None:
        """A small object and what the store says of it; None if there is none."""
        answer = self._ask("GET", path, self.dialect.asking())
        return (answer.body, self.dialect.found(answer.headers)) if answer.good else None

    def put(self, path: str, file: Path, sha256: str, version: str | None = None) -> None:
        """Write an object, which is checked on arrival.

        Raises:
            Moved: what is there is no longer of `version`.
        """
        with file.open("rb") as stream:
            md5 = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).digest()
        size = file.stat().st_size
        headers = {
            "Content-Type": _kind(path),
            **self.dialect.writing(Digests(sha256, md5), size, version),
        }
        url = self.dialect.url(path)
        answer = send("PUT", url, self.dialect.signed("PUT", url, headers, sha256), file)
        if answer.status in (409, 412) and version is not None:
            raise Moved(
                f"zone `{self.zone}`: {path} in {self.dialect.place} was written by somebody else "
                "at the same time",
                help="run this again: it looks at what is there now",
            )
        if not answer.good:
            raise self._refused(answer, f"write {path}")

    def public(self, path: str) -> bool:
        """Whether somebody without any credentials may read an object."""
        return send("HEAD", self.dialect.url(path), {}).good

    def _ask(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        url = self.dialect.url(path)
        nothing = hashlib.sha256().hexdigest()
        answer = send(method, url, self.dialect.signed(method, url, headers, nothing))
        if not answer.good and answer.status != 404:
            raise self._refused(answer, f"look at {path}")
        if answer.status == 404 and answer.body and "NoSuchBucket" in answer.cause:
            raise self._refused(answer, f"look at {path}")
        return answer

    def _refused(self, answer: Answer, doing: str) -> HybridspecError:
        where = f"zone `{self.zone}`: "
        return refusal(
            answer, f"{where}{self.dialect.place} does not let us {doing}", self.dialect.may()
        )


def refusal(answer: Answer, doing: str, allow: str) -> HybridspecError:
    """Why a cloud said no, of the class that carries Pulumi's exit code for it."""
    by_status = {401: "ExpiredToken", 403: "AccessDenied"}.get(answer.status, "")
    known = next(
        (k for text in (answer.cause, by_status) if (k := explained(text, f"{doing}: ",
                                                                    answer.cause))), None,
    )  # fmt: skip
    if known is not None:
        return type(known)(known.message, help=allow if answer.status == 403 else known.help)
    return ResourceFailed(
        f"{doing}: {answer.cause}",
        help="correct the cause, then run this again: what was done is kept",
    )


def parsed(answer: Answer) -> dict[str, object]:
    """An answer as an object; empty if it is none."""
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _kind(path: str) -> str:
    return "application/json" if path.endswith(".json") else "application/octet-stream"
