"""One HTTPS request to a cloud: tried again where that may help, and never sent elsewhere."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hybridspec.base.errors import ResourceFailed, UsageError

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_PAUSES_S = (0.5, 2.0, 5.0)
_LIMIT_S = 120.0
_MOST_BYTES = 1 << 20
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def good(self) -> bool:
        """Whether it did what was asked."""
        return 200 <= self.status < 300

    @property
    def cause(self) -> str:
        """The provider's own words: its code and message, or the status alone."""
        text = self.body.decode(errors="replace")
        found = [
            re.search(
                rf'<(?:{name})>([^<]+)<|"(?:{name})"\s*:\s*"((?:[^"\\]|\\.)*)"', text, re.IGNORECASE
            )
            for name in ("code|error|status", "message|error_description")
        ]
        said = ": ".join((f[1] or f[2]).strip().splitlines()[0] for f in found if f)
        return (said or self.headers.get("x-ms-error-code", "") or f"HTTP {self.status}")[:400]


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: what is signed for one place is not sent to another."""

    def redirect_request(self, *_: Any) -> None:
        return None


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | Path = b"",
    pause: Callable[[float], None] = time.sleep,
) -> Answer:  # fmt: skip
    """Send a request and return the answer, whatever it says.

    Raises:
        ResourceFailed: nobody answers.
    """
    opener = urllib.request.build_opener(_Stay)
    fault = ""
    for wait in (*_PAUSES_S, None):
        try:
            answer = _once(opener, method, url, headers, body)
            if answer.status not in _PASSING or wait is None:
                return answer
        except OSError as error:
            fault = str(getattr(error, "reason", "") or error or type(error).__name__)
        if wait is not None:
            pause(wait)
    host = urlsplit(url).hostname
    raise ResourceFailed(
        f"{host} does not answer: {fault}",
        help="check the network and any proxy (`HTTPS_PROXY`), then run this again: what was "
        "done is kept",
    )


def _once(
    opener: urllib.request.OpenerDirector, method: str, url: str, headers: Mapping[str, str],
    body: bytes | Path,
) -> Answer:  # fmt: skip
    with _stream(body) as (data, length):
        sized = {**headers, "Content-Length": str(length)} if method in ("PUT", "POST") else headers
        asked = urllib.request.Request(url, data=data, headers=dict(sized), method=method)
        try:
            with opener.open(asked, timeout=_LIMIT_S) as got:
                return _answer(got)
        except urllib.error.HTTPError as refused:
            with refused:
                return _answer(refused)


@contextmanager
def _stream(body: bytes | Path) -> Iterator[tuple[Any, int]]:
    if isinstance(body, bytes):
        yield body or None, len(body)
        return
    with body.open("rb") as stream:
        yield stream, body.stat().st_size


def _answer(got: Any) -> Answer:
    headers = {name.lower(): value for name, value in got.headers.items()}
    return Answer(int(got.status), headers, got.read(_MOST_BYTES))


def endpoint(environment: Mapping[str, str], names: tuple[str, ...], usual: str) -> str:
    """Where a service is: as the first of some variables says, else where it usually is.

    Raises:
        UsageError: it would be sent to without encryption, over a network.
    """
    name = next((name for name in names if environment.get(name)), "")
    found = environment[name] if name else usual
    parts = urlsplit(found if "://" in found else f"http://{found}")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise UsageError(
            f"`{name}` is {found}: credentials are not sent over a network in the clear",
            help="give an address that begins with https://",
        )
    return parts.geturl().rstrip("/")
