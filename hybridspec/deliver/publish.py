"""A publication to a channel folder, and the static server that shows it on loopback.

Files are written in the order of the publication: targets, then metadata with the timestamp last,
so a client sees the old channel or the new one. Run as
`python -m hybridspec.deliver.publish CHANNEL LOCK` to serve until terminated.
"""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridspec.deliver import process
from hybridspec.deliver.durable import write_durably
from hybridspec.ir.tree import digest_of

if TYPE_CHECKING:
    from hybridspec.bundle.repository import Publication

_OURS = re.compile(
    r"([a-z]+/)?(metadata/\.?(timestamp|\d+\.[^/]+)\.json|targets/.+/\.?[0-9a-f]{64}\.[^/]+?)(\.new-\d+)?"
)
"""Files of a channel, those that an interrupted writing left among them."""


def write_publication(channel: Path, publication: Publication) -> None:
    """Write everything durably; what a client may be reading is removed only if it was withdrawn.

    Whatever interrupts it, clients see the old state or the new one: what makes files visible
    comes after them. To do it again does what is left to do.
    """
    assert not publication.unsigned, "what is not signed to its threshold is shown to nobody"
    write_targets(channel, publication.targets)
    write_targets(channel, [(to, channel / source) for to, source in publication.copies])
    for path, data in publication.metadata:
        write_durably(channel / path, data)
    for folder in publication.withdrawn:
        _withdraw(channel, channel / folder)


def _withdraw(channel: Path, folder: Path) -> None:
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _OURS.fullmatch(file.relative_to(channel).as_posix()):
            file.unlink()
    with suppress(OSError):
        folder.rmdir()


def tidy(channel: Path) -> None:
    """Remove what interrupted writings left; only for who holds the channel alone."""
    for file in sorted(channel.rglob(".*.new-*")):
        if _OURS.fullmatch(file.relative_to(channel).as_posix()):
            file.unlink()


def write_targets(channel: Path, targets: Iterable[tuple[str, bytes | Path]]) -> None:
    """Write the target files that are not there, or not as they were signed."""
    for path, data in targets:
        file = channel / path
        if not file.is_file() or digest_of(file) != digest_of(data):
            write_durably(file, data)


def read_metadata(channel: Path) -> dict[str, bytes]:
    """The newest metadata by role, as far as the current timestamp reaches and files are there.

    Leftovers of an interrupted publication are above those versions and are overwritten.
    """
    folder = channel / "metadata"
    found: dict[str, bytes] = {}
    try:
        found["timestamp"] = (folder / "timestamp.json").read_bytes()
        version = json.loads(found["timestamp"])["signed"]["meta"]["snapshot.json"]["version"]
        found["snapshot"] = (folder / f"{version}.snapshot.json").read_bytes()
        for name, meta in json.loads(found["snapshot"])["signed"]["meta"].items():
            role = name.removesuffix(".json")
            found[role] = (folder / f"{meta['version']}.{name}").read_bytes()
        found["root"] = _newest_root(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return found  # without what a channel needs, which whoever continues it will notice
    return found


def repositories(channel: Path) -> dict[str, dict[str, bytes]]:
    """The metadata of every repository of a channel, by its folder in it; the main one is ``."""
    folders = sorted(f"{p.parent.name}/" for p in channel.glob("*/metadata") if p.is_dir())
    found = {"": read_metadata(channel), **{f: read_metadata(channel / f) for f in folders}}
    return {folder: metadata for folder, metadata in found.items() if metadata}


def _newest_root(folder: Path) -> bytes:
    roots = sorted(int(p.name.split(".")[0]) for p in folder.glob("*.root.json"))
    return (folder / f"{roots[-1]}.root.json").read_bytes()


def remove_channel(channel: Path) -> None:
    """Remove what publications wrote, and folders that are empty then; other files stay."""
    for base, _, names in os.walk(channel, topdown=False):
        folder = Path(base)
        for name in names:
            if _OURS.fullmatch((folder / name).relative_to(channel).as_posix()):
                (folder / name).unlink()
        with suppress(OSError):
            folder.rmdir()


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Static files without listings and without a log."""

    def list_directory(self, path: Any) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the agents' reports tell what was fetched."""


def server(channel: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """A server of `channel` on 127.0.0.1, bound but not yet serving."""
    handler = partial(_Handler, directory=str(channel))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    """Serve the folder of the first argument; hold the file of the second, with pid and port."""
    held = process.hold(Path(sys.argv[2]), make=False)
    if held is None:
        raise SystemExit("another server holds the channel, or the stack was destroyed meanwhile")
    running = server(Path(sys.argv[1]))

    def end(*_: object) -> None:
        threading.Thread(target=running.shutdown, daemon=True).start()

    def watch() -> None:
        if not process.same_file(held, Path(sys.argv[2])):
            end()  # the stack was deleted by hand, and nobody could find this process any more

    running.service_actions = watch  # type: ignore[method-assign]
    signal.signal(signal.SIGTERM, end)
    process.tell(held, {"pid": os.getpid(), "port": running.server_address[1],
                        "channel": sys.argv[1]})  # fmt: skip
    running.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    main()
