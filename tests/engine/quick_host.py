"""A language host for hundreds of runs: each program runs in a fork with its SDK loaded already.

The published executor runs the same program as in the host of `language/`; what is saved is
starting Python and importing the SDK, two thirds of a run.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

_TOLD_THE_USER = 32


class _Host(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self, forks: Path, executor: Path) -> None:
        self.forks, self.executor = forks, executor
        self.engines: dict[str, str] = {}

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.engines[context.peer()] = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version="3.0.0")

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.GetRequiredPackagesResponse()  # the providers run already

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        program = Path(request.info.program_directory, request.info.entry_point)
        arguments = [
            str(self.executor), "--monitor", request.monitor_address, "--engine",
            self.engines[context.peer()], "--project", request.project, "--stack", request.stack,
            "--organization", request.organization, "--pwd", request.pwd,
            "--root_directory", request.info.root_directory, "--parallel", str(request.parallel),
            "--dry_run", "true" if request.dryRun else "false", str(program),
        ]  # fmt: skip
        code = _forked(self.forks, {
            "arguments": arguments, "folder": request.pwd, "environment": {
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
        })  # fmt: skip
        if code == _TOLD_THE_USER:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error="" if code == 0 else f"the program ended with {code}")


@contextmanager
def quick_host(executor: Path, work: Path, *packages: str) -> Iterator[str]:
    """The host, with `packages` loaded; what the engine has to be told to find it."""
    forks = work / "forks"
    with subprocess.Popen(
        [sys.executable, "-m", "engine.quick_host", str(forks), *packages], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    ) as process:  # fmt: skip
        server = grpc.server(ThreadPoolExecutor(max_workers=4))
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Host(forks, executor), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield f"python:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            server.stop(None)


def _forked(forks: Path, job: dict[str, Any]) -> int:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(forks))
        line.sendall(json.dumps(job).encode() + b"\n")
        return int(line.makefile().readline() or -1)


def main() -> None:
    """Fork for every job that comes by the socket of the first argument."""
    for name in sys.argv[2:]:
        with suppress(ImportError):  # a class
            importlib.import_module(name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        print("ready", flush=True)
        former = 0
        while True:
            line, _ = listener.accept()
            if former and os.waitpid(former, os.WNOHANG)[0] == 0:
                os.kill(former, signal.SIGKILL)  # its engine is gone, and it waits for it
                os.waitpid(former, 0)
            former = os.fork()
            if former == 0:
                listener.close()
                _run(line)
            line.close()


def _run(line: socket.socket) -> None:
    job = json.loads(line.makefile().readline())
    gc.disable()
    code = 1
    try:
        os.chdir(job["folder"])
        os.environ.update(job["environment"])
        sys.argv = job["arguments"]
        runpy.run_path(sys.argv[0], run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        with suppress(OSError):
            line.sendall(f"{code}\n".encode())
        os._exit(0)


if __name__ == "__main__":
    main()
