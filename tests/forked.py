"""Programs in processes of their own that start at once: forks of one that has imported it all.

Most of the time of a short run goes into imports. A mother process does them once; every
command is a child of it with its own arguments, folder, environment and streams, ends as a process
does, and leaves nothing behind in another. What a test says about how a process starts, about
signals, hash seeds or terminals needs a real start and does without this.

As a program it is the mother if the environment says so, and else a command: its arguments go to
the mother at the address that is the first of them, together with its own streams.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import resource
import selectors
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

Done = subprocess.CompletedProcess[str]

_STREAMS = 3
_MOTHER = "HYBRIDSPEC_FORKED_MOTHER"
COMMANDS, PROGRAMS = "commands", "programs"
"""What a mother bears: runs of `hybridspec`, or evaluations of emitted programs."""

_LATE = ("highspy", "rich._emoji_codes", "typer._adapters", "typer._click.decorators",
         "encodings.cp437", "importlib.resources.readers")  # fmt: skip
"""What the command line imports only when it is needed."""
_SDKS = {
    "pulumi_aws": "ecr iam iot kms s3 sagemaker scheduler",
    "pulumi_azure_native": "authorization containerregistry iothub keyvault managedidentity "
    "machinelearningservices resources storage",
    "pulumi_gcp": "artifactregistry cloudscheduler kms orgpolicy projects pubsub serviceaccount "
    "storage",
}
"""What emitted programs import."""


@contextmanager
def mother(kind: str = COMMANDS) -> Iterator[Path]:
    """A mother process; its address, which is a folder that also holds `hybridspec` to be run."""
    with tempfile.TemporaryDirectory(prefix="hybridspec-") as folder:
        address = Path(folder)
        script = address / "hybridspec"
        words = shlex.join([sys.executable, "-SEI", __file__, folder])
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        script.chmod(0o755)
        plain = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
        with subprocess.Popen(
            [sys.executable, "-P", __file__, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**plain, _MOTHER: kind, "OPENBLAS_NUM_THREADS": "1"},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield address


def run(
    address: Path, arguments: Sequence[str | Path], *, env: Mapping[str, str],
    cwd: Path | None = None, timeout: float = 120, limits: Mapping[int, int] | None = None,
) -> Done:  # fmt: skip
    """Run a command line to its end, as `subprocess.run` does; `limits` are of `setrlimit`."""
    with (
        Path(os.devnull).open("rb") as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        words = [str(a) for a in arguments]
        streams = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
        code = ask(address, words, folder=str(cwd or Path.cwd()), environment=env, streams=streams,
                   timeout=timeout, limits=limits)  # fmt: skip
        said = []
        for stream in (stdout, stderr):
            stream.seek(0)
            said.append(stream.read().decode().replace("\r\n", "\n"))
        return Done(words, code, *said)


def ask(
    address: Path, arguments: Sequence[str], *, folder: str, environment: Mapping[str, str],
    streams: Sequence[int], timeout: float | None = None,
    limits: Mapping[int, int] | None = None,
) -> int:  # fmt: skip
    """Run a command line to its end; its exit code, or the negative number of a signal.

    Raises:
        TimeoutError: it took too long, and was killed.
    """
    request = {"arguments": list(arguments), "folder": folder, "environment": dict(environment),
               "limits": list((limits or {}).items())}  # fmt: skip
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(address / "socket"))
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))]
        text = json.dumps(request).encode() + b"\n"
        sent = line.sendmsg([text], rights)
        line.sendall(text[sent:])
        line.settimeout(timeout)
        answer = line.recv(64)
    if not answer:
        raise EOFError("the process that commands are forked from has ended")
    return int(answer)


class Mother:
    """Waits for requests, forks a child for each, and tells how it ended."""

    def __init__(self, address: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(address / "socket"))
        self.listener.listen(16)
        self.events = selectors.DefaultSelector()
        self.events.register(self.listener, selectors.EVENT_READ)
        self.asking: dict[socket.socket, int] = {}

    def serve(self, end: IO[bytes]) -> dict[str, Any] | None:
        """Serve until `end` is at its end, and return None; in a child, return its request."""
        woken, wake = socket.socketpair()
        for one in (woken, wake):
            one.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for stream in (woken, end):
            self.events.register(stream, selectors.EVENT_READ)
        while True:
            for key, _ in self.events.select():
                if key.fileobj is end:
                    return None
                if key.fileobj is woken:
                    woken.recv(4096)
                    self._reap()
                elif key.fileobj is self.listener:
                    line = self.listener.accept()[0]
                    self.events.register(line, selectors.EVENT_READ)
                elif key.fileobj in self.asking:
                    self._hang_up(key.fileobj)
                elif (request := self._take(key.fileobj)) is not None:
                    return request

    def _take(self, line: Any) -> dict[str, Any] | None:
        """Fork for a request; what is returned in the child is not None."""
        text, streams, _, _ = socket.recv_fds(line, 1 << 16, _STREAMS)
        while text and not text.endswith(b"\n"):
            more = line.recv(1 << 16)
            text = text + more if more else b""
        if not text:
            self._close(line)
            return None
        child = os.fork()
        if child:
            self.asking[line] = child
            for stream in streams:
                os.close(stream)
            return None
        signal.set_wakeup_fd(-1)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.closerange(_STREAMS, 256)
        request: dict[str, Any] = json.loads(text)
        return request

    def _reap(self) -> None:
        """Tell those who wait for children that have ended."""
        lines = {child: line for line, child in self.asking.items()}
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                line = lines.get(found[0])
                if line is not None:
                    with contextlib.suppress(OSError):
                        line.send(str(os.waitstatus_to_exitcode(found[1])).encode())
                    self._close(line)

    def _hang_up(self, line: Any) -> None:
        """Who asked is gone, so nobody waits for the child."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.asking[line], signal.SIGKILL)
        self._close(line)

    def _close(self, line: Any) -> None:
        self.events.unregister(line)
        self.asking.pop(line, None)
        line.close()


def become(request: Mapping[str, Any], program: Callable[[], None]) -> Callable[[], None]:
    """Turn a fresh child into the program that was asked for; returns what runs it."""
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    for kind, most in request["limits"]:
        resource.setrlimit(kind, (most, most))
    sys.argv = ["hybridspec", *request["arguments"]]
    return program


def commands() -> Callable[[], None]:
    """Import all that a command line may need, but for onnxruntime, which starts threads.

    The shipped catalogues are read too, since no command changes them.
    """
    import importlib
    import pkgutil

    import hybridspec_targets

    import hybridspec
    from hybridspec.__main__ import main
    from hybridspec.load.catalog import load_catalogs

    apart = ("hybridspec.agent", "hybridspec.editor", "hybridspec.optimise.")
    for package in (hybridspec, hybridspec_targets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            own_process = module.name.endswith(("__main__", "_child", ".worker"))
            if not own_process and not module.name.startswith(apart):
                importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)
    load_catalogs()
    assert "onnxruntime" not in sys.modules
    return main


def programs() -> Callable[[], None]:
    """Import what emitted programs do."""
    import importlib

    from hybridspec.deliver.evaluation_child import main

    for package, modules in _SDKS.items():
        for module in modules.split():
            found = importlib.import_module(f"{package}.{module}")
            getattr(found, "anything", None)  # an SDK loads what is looked into
    return main


def serve(address: Path, kind: str) -> None:
    """Be the mother at an address until stdin ends."""
    import gc
    import threading

    program = {COMMANDS: commands, PROGRAMS: programs}[kind]()
    assert threading.active_count() == 1
    served = Mother(address)
    gc.freeze()
    print("ready", flush=True)
    request = served.serve(sys.stdin.buffer)
    if request is not None:
        become(request, program)()


if __name__ == "__main__":
    where, *rest = sys.argv[1:]
    born = os.environ.pop(_MOTHER, "")
    if born:
        serve(Path(where), born)
    else:
        code = ask(
            Path(where), rest, folder=str(Path.cwd()), environment=os.environ, streams=(0, 1, 2)
        )
        if code < 0:
            signal.signal(-code, signal.SIG_DFL)
            os.kill(os.getpid(), -code)
        raise SystemExit(code)
