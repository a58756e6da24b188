"""The same tasks on a Dask cluster: files travel as bytes, results come into the local cache."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridspec.base.errors import Cancelled, HybridspecError, TimedOut, UsageError
from hybridspec.ir.tree import digest_of
from hybridspec.optimise.remote import identity, perform
from hybridspec.optimise.store import Entry, find, made
from hybridspec.optimise.task import Task
from hybridspec.optimise.workshop import Progress, changed

_ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})")
_CONNECT_S = 10
_ATTEMPTS = 3
"""How often a task is sent before its cluster is given up; workers may be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files with the authority, the certificate and the key of TLS on both sides."""

    authority: Path
    certificate: Path
    key: Path


def address(written: str) -> str:
    """The address of a scheduler, if it is one.

    Raises:
        UsageError: it is of another kind.

    >>> address("tcp://10.0.0.7:8786")
    'tcp://10.0.0.7:8786'
    """
    found = _ADDRESS.fullmatch(written)
    if found is None or not 0 < int(found[3]) < 2**16:
        raise UsageError(
            f"`{written[:80]}` is no address of a Dask scheduler",
            help="write it as tcp://host:port, or tls://host:port with `--cluster-tls`",
        )
    return written


class Cluster:
    """The workers of a Dask scheduler, and the local cache for what they make."""

    def __init__(
        self, where: str, cache: Path, progress: Progress, *, tls: Certificates | None = None
    ) -> None:
        self._address = address(where)
        self._cache = cache
        self._progress = progress
        self._client = _client(self._address, tls)
        self._sent: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._ended = False
        try:
            self.width = self._threads()
        except BaseException:
            self._client.close()
            raise

    def known(self, task: Task) -> Entry | None:
        """What came of the task, if it was ever done."""
        return find(self._cache, task.key)

    def build(self, task: Task) -> Entry:
        """What came of the task, done now if it never was.

        Raises:
            HybridspecError: the cache cannot be written, or the cluster did not do the task.
        """

        def make(folder: Path, _: int) -> None:
            self._progress(f"building {task.label} on {self._address}")
            for name, content in self._files(task).items():
                if Path(name).name != name or name in (".", ".."):
                    raise self._failed("it sent a file with a path for a name")
                (folder / name).write_bytes(content)

        return made(self._cache, task.key, make, wait=self._pause)

    def end(self) -> None:
        """Give up what is under way, and leave the cluster; what a worker runs it ends alone."""
        self._ended = True
        self._client.close(timeout=2)

    def _pause(self) -> None:
        if self._ended:
            raise Cancelled("the search was ended")
        time.sleep(0.05)

    def _threads(self) -> int:
        """How many tasks can run at once, if all workers would make what we would make."""
        try:
            known = self._client.run(identity)
            threads = sum(self._client.nthreads().values())
        except (OSError, ImportError, AttributeError, TimeoutError) as fault:
            raise self._failed(
                f"its workers do not know this program: {_first_line(fault)}"
            ) from fault
        if not known:
            raise self._failed("it has no workers", "start some: dask worker {}")
        for worker, found in sorted(known.items()):
            if found != identity():
                raise self._foreign(worker, found)
        return max(1, int(threads))

    def _foreign(self, worker: str, found: Mapping[str, str]) -> HybridspecError:
        other = [f"{name} {found.get(name, 'none')} instead of {version}"
                 for name, version in identity().items() if found.get(name) != version]  # fmt: skip
        return HybridspecError(
            f"the worker {worker} would make other bytes: it has {', '.join(other)}",
            help="install the same versions on all workers",
        )

    def _files(self, task: Task) -> Mapping[str, bytes]:
        """What a worker made of a task; asked for again if workers are lost."""
        for _ in range(_ATTEMPTS):
            try:
                answer = self._asked(task)
            except (CancelledError, OSError, TimeoutError) as fault:
                lost = _first_line(fault)
                self._forget(task)
            except Exception as fault:
                # A task that takes several workers down, or one that cannot be sent at all.
                raise self._failed(_first_line(fault)) from fault
            else:
                if "stopped" not in answer:
                    return self._whole(task, answer)
                lost = str(answer["stopped"])
            if self._ended:
                raise Cancelled("the search was ended")
            self._progress(f"a worker of {self._address} was lost, asking again: {lost}")
        raise self._failed(f"{_ATTEMPTS} workers were lost over {task.label}: {lost}")

    def _whole(self, task: Task, answer: Mapping[str, Any]) -> Mapping[str, bytes]:
        if "late" in answer:
            raise TimedOut(str(answer["late"]), help="leave the variant out, or use faster workers")
        if "foreign" in answer:
            raise self._foreign("that took the task", answer["foreign"])
        files: Mapping[str, bytes] = answer["files"]
        return files

    def _asked(self, task: Task) -> dict[str, Any]:
        contents = {file.role: self._send(file.digest, file.path, task) for file in task.files}
        digests = {file.role: file.digest for file in task.files}
        if self._ended:
            raise Cancelled("the search was ended")
        future = self._client.submit(
            perform, task.key, dict(task.job), digests, task.need, task.label, contents, pure=False
        )
        try:
            while True:
                try:
                    answer: dict[str, Any] = future.result(timeout=0.5)
                except TimeoutError:
                    self._pause()
                    self._alive()
                else:
                    return answer
        finally:
            if not self._ended:
                future.release()

    def _alive(self) -> None:
        if self._client.status not in ("running", "connecting"):
            raise self._failed("its scheduler is gone")

    def _send(self, digest: str, path: Path, task: Task) -> Any:
        """The file on the cluster, sent once however many tasks read it."""
        with self._lock:
            if digest not in self._sent:
                content = path.read_bytes()
                if digest_of(content) != digest:
                    raise changed(task)
                name = f"hybridspec-{digest}-{time.monotonic_ns()}"
                self._sent[digest] = self._client.scatter({name: content})[name]
            return self._sent[digest]

    def _forget(self, task: Task) -> None:
        """What a lost worker held has to be sent again."""
        with self._lock:
            for file in task.files:
                self._sent.pop(file.digest, None)

    def _failed(self, why: str, next_step: str = "") -> HybridspecError:
        return HybridspecError(
            f"the cluster {self._address} cannot be used: {why}",
            help=next_step.format(self._address)
            or "look at the logs of its scheduler and workers; what was done so far is kept",
        )


def _client(where: str, tls: Certificates | None) -> Any:
    try:
        import distributed
    except ImportError as fault:
        raise HybridspecError(
            "`--cluster` needs the package `distributed`", help="pip install 'hybridspec[cluster]'"
        ) from fault
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    security = None if tls is None else distributed.Security(
        tls_ca_file=str(tls.authority), tls_client_cert=str(tls.certificate),
        tls_client_key=str(tls.key), require_encryption=True,
    )  # fmt: skip
    try:
        return distributed.Client(
            where, timeout=_CONNECT_S, set_as_default=False, security=security, name="hybridspec"
        )
    except (OSError, TimeoutError, TypeError, ValueError) as fault:
        raise HybridspecError(
            f"the cluster {where} does not answer: {_first_line(fault)}",
            help="check the address, that `dask scheduler` runs there, and the certificates",
        ) from fault


def _first_line(fault: BaseException) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0][:200]
