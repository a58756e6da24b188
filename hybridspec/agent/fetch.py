"""Bytes of a channel, over HTTP or from a folder: from any offset, and never too slow for ever."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlparse

import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError
from tuf.ngclient import FetcherInterface
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

CHUNK = 1 << 16
WINDOW_S, SLOWEST = 60.0, 1024
"""In each window of a stream's time so many bytes per second arrive, or it is given up."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time of day, which decides what has expired, and one that only runs forwards."""

    now: Callable[[], datetime] = _now
    monotonic: Callable[[], float] = time.monotonic


class Source(Protocol):
    """A fetcher of python-tuf that can also go on where a download broke off."""

    def fetch(self, url: str) -> Iterator[bytes]:
        """All bytes of a file."""

    def resume(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        """Bytes from an offset, and the offset they start at: 0 where parts cannot be had."""


class _Watched(FetcherInterface):
    """Lets a stream that breaks off or trickles be a download fault, like one that never starts."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def fetch(self, url: str) -> Iterator[bytes]:
        return self.resume(url, 0)[1]

    def resume(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        """See `Source`."""
        try:
            start, chunks = self._open(url, offset)
        except DownloadError:
            raise
        except Exception as fault:
            raise DownloadError(f"{url}: {fault}") from fault
        return start, self._watch(url, chunks)

    def _open(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        raise NotImplementedError

    def _fetch(self, url: str) -> Iterator[bytes]:
        return self._open(url, 0)[1]

    def _watch(self, url: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        start, received = self._clock.monotonic(), 0
        try:
            for chunk in chunks:
                received += len(chunk)
                yield chunk
                spent = self._clock.monotonic() - start
                if spent >= WINDOW_S:
                    if received < SLOWEST * spent:
                        raise SlowRetrievalError(f"{url}: {received} bytes in {spent:.0f} s")
                    start, received = start + spent, 0
        except DownloadError:
            raise
        except Exception as fault:
            raise DownloadError(f"{url}: {fault}") from fault


class Web(_Watched, Urllib3Fetcher):
    """Reads a channel over HTTP from where it was set up: bytes as they come, never decoded."""

    def __init__(self, clock: Clock) -> None:
        Urllib3Fetcher.__init__(self)
        self._clock = clock

    def _open(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        try:
            response = self._proxy_env.request(
                "GET", url, preload_content=False, timeout=urllib3.Timeout(self.socket_timeout),
                headers={"Range": f"bytes={offset}-"} if offset else {}, redirect=False,
            )  # fmt: skip
        except urllib3.exceptions.MaxRetryError as fault:
            if isinstance(fault.reason, urllib3.exceptions.ReadTimeoutError):
                raise SlowRetrievalError(url) from fault
            raise
        if 300 <= response.status < 400:  # to plain HTTP, or to what only the device can reach
            response.close()
            raise DownloadError(f"{url}: the server sends us elsewhere, and a device goes nowhere")
        if response.status >= 400:
            response.close()
            raise DownloadHTTPError(f"HTTP status {response.status}", response.status)
        partly = response.headers.get("Content-Range", "").startswith(f"bytes {offset}-")
        start = offset if response.status == 206 and partly else 0
        return start, self._stream(response)

    def _stream(self, response: Any) -> Iterator[bytes]:
        try:
            # One read of the socket at a time: a server that trickles is seen while it does.
            while chunk := response.read1(CHUNK, decode_content=False):
                yield chunk
        except urllib3.exceptions.TimeoutError as fault:
            raise SlowRetrievalError(str(fault)) from fault
        finally:
            response.close()


class Folder(_Watched):
    """Reads a channel from a mounted folder, such as a USB kit; plain files only."""

    def _open(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        path = Path(unquote(urlparse(url).path))
        try:
            if path.exists() and not stat.S_ISREG(path.stat().st_mode):
                raise DownloadError(f"{path.name} is no plain file")  # a pipe would never answer
            stream = path.open("rb")
        except (FileNotFoundError, NotADirectoryError) as fault:
            raise DownloadHTTPError(f"{path.name} is not in the channel", 404) from fault
        return offset, self._read(stream, offset)

    def _read(self, stream: Any, offset: int) -> Iterator[bytes]:
        with stream:
            stream.seek(offset)
            while chunk := stream.read(CHUNK):
                yield chunk


def source(url: str, clock: Clock) -> Web | Folder:
    """The fetcher for a channel's address."""
    return Folder(clock) if url.startswith("file:") else Web(clock)
