"""The process that runs an emitted Pulumi program against the evaluation's monitor.

Run as `python -m hybridspec.deliver.evaluation_child FOLDER MONITOR PROJECT STACK SIGNATURES`; it
is what the Pulumi language host would do, without the engine and without the network. The SDK
speaks to the monitor through gRPC's own sockets, so nothing that goes through Python's has a reason
to. What the SDK's classes take that the program used is written to the file SIGNATURES at its end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import runpy
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from hybridspec.deliver.signatures import signatures

_REACHING = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
             "socket.gethostbyname")  # fmt: skip
_HERE = ("localhost", "127.0.0.1", "::1")


def _stay(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: no other machine is connected to or looked up."""
    if event not in _REACHING:
        return
    where = arguments[0] if event.startswith("socket.get") else arguments[1]
    host = where[0] if isinstance(where, tuple) else where
    if isinstance(host, str) and host and not host.startswith("/") and host not in _HERE:
        raise PermissionError(f"the program reaches for {host}, and an evaluation is offline")


def _cache_installed_alone(packages: Path) -> None:
    """Keep the compiled modules of SDKs, some of which take seconds, but none of a program's own.

    An emitted folder stays as it was written, and no stale module is ever run from it.
    """
    write = SourceFileLoader.set_data

    def set_data(self: SourceFileLoader, path: str, data: bytes, **options: Any) -> None:
        if Path(path).is_relative_to(packages):
            write(self, path, data, **options)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign, assignment]


def _watch_classes(custom: Any) -> set[type]:
    """The classes of resources that get made from now on."""
    made: set[type] = set()
    initial = custom.__init__

    def record(self: Any, *arguments: Any, **named: Any) -> None:
        made.add(type(self))
        initial(self, *arguments, **named)

    custom.__init__ = record
    return made


def main() -> None:
    """Run the folder's program; exceptions end the process with their traceback.

    The process ends with the program, so nothing is collected: looking for cycles among the SDK's
    modules and its thousands of futures takes a third of the time, and frees next to nothing.
    """
    gc.disable()
    import pulumi
    from pulumi.runtime import Settings, configure, run_in_stack

    _cache_installed_alone(Path(pulumi.__file__).parents[1])
    folder, monitor, project, stack, said = sys.argv[1:6]
    sys.path.insert(0, folder)
    os.chdir(folder)
    configure(Settings(project=project, stack=stack, monitor=monitor, engine=monitor,
                       parallel=4, dry_run=False, organization="organization"))  # fmt: skip
    sys.addaudithook(_stay)
    made = _watch_classes(pulumi.CustomResource)
    program = str(Path(folder) / "__main__.py")
    asyncio.run(run_in_stack(lambda: runpy.run_path(program, run_name="__main__") and None))
    known = signatures(sorted(made, key=lambda one: (one.__module__, one.__qualname__)))
    Path(said).write_text(json.dumps(known), encoding="utf-8")


if __name__ == "__main__":
    main()
