"""Publishing: whatever interrupts it, clients see the old channel or the new one."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conformance.channels import CAMERA, HUB, Publisher, content, digests
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from hybridspec.bundle.repository import ClassRelease, Publication, Validity
from hybridspec.deliver import process
from hybridspec.deliver.publish import read_metadata, remove_channel, server, write_publication

LONG = Validity(**dict.fromkeys(("root", "targets", "delegated", "online"), timedelta(days=400)))


class Files(FetcherInterface):
    """Reads a folder, as any user of python-tuf would."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(url.removeprefix("file://"))
        if not path.is_file():
            raise DownloadHTTPError(str(path), 404)
        yield path.read_bytes()


def seen(publisher: Publisher, root: bytes, client: Path) -> dict[str, str]:
    """The release of each class as a plain TUF client downloads it, bundle and all."""
    (client / "got").mkdir(parents=True, exist_ok=True)
    base = publisher.channel.as_uri()
    updater = Updater(
        str(client / "meta"), f"{base}/metadata/", str(client / "got"), f"{base}/targets/",
        Files(), bootstrap=root,
    )  # fmt: skip
    updater.refresh()
    found = {}
    for name in (CAMERA, HUB):
        pointer = updater.get_targetinfo(f"{name}/current/manifest.json")
        assert pointer is not None
        updater.download_target(pointer)
        bundle = updater.get_targetinfo(pointer.custom["hybridspec"]["bundle"])
        assert bundle is not None
        updater.download_target(bundle)
        found[name] = pointer.custom["hybridspec"]["release"]
    return found


def wanted(*releases: ClassRelease) -> dict[str, str]:
    """What a client sees of these releases."""
    return {release.device_class: release.release for release in releases}


@pytest.mark.parametrize("days", [0, 200])
def test_a_publication_cut_off_after_any_file_leaves_a_valid_channel(
    tmp_path: Path, days: int
) -> None:
    """A client that is new and one that knows the old channel; with `days`, all roles are new."""
    publisher = Publisher(tmp_path)
    old = [publisher.release(content(1.0, name)) for name in (CAMERA, HUB)]
    past = datetime.now(UTC) - timedelta(days=days)
    publisher.publish(*old, now=past, validity=LONG)
    root = publisher.root
    assert seen(publisher, root, tmp_path / "knows") == wanted(*old)
    new = [publisher.release(content(2.0, name)) for name in (CAMERA, HUB)]
    publication = publisher.next(*new, validity=LONG)
    steps = [("targets", f) for f in publication.targets]
    steps += [("metadata", f) for f in publication.metadata]
    assert len(publication.metadata) == (6 if days else 4)
    for number, (kind, file) in enumerate(steps):
        now = wanted(*old)
        for client in ("knows", f"new-{number}"):
            assert seen(publisher, root, tmp_path / client) == now, number
        part = Publication(
            targets=(file,) if kind == "targets" else (),  # type: ignore[arg-type]
            metadata=(file,) if kind == "metadata" else (),  # type: ignore[arg-type]
            counters=(),
        )
        write_publication(publisher.channel, part)
    for client in ("knows", "new"):
        assert seen(publisher, root, tmp_path / client) == wanted(*new)


@pytest.mark.parametrize("days", [0, 200])
def test_after_an_interruption_the_next_publication_completes_the_work(
    tmp_path: Path, days: int
) -> None:
    """What was written before is overwritten or left; clients old and new get the third one."""
    past = datetime.now(UTC) - timedelta(days=days)
    for number in range(6 if days else 4):
        publisher = Publisher(tmp_path / str(number))
        first, second, third = (
            [publisher.release(content(bias, name)) for name in (CAMERA, HUB)]
            for bias in (1.0, 2.0, 3.0)
        )
        publisher.publish(*first, now=past, validity=LONG)
        root = publisher.root
        cut = publisher.next(*second, validity=LONG)
        write_publication(publisher.channel, replace(cut, metadata=cut.metadata[:number]))
        assert seen(publisher, root, publisher.folder / "knows") == wanted(*first)
        publisher.publish(*third, validity=LONG)
        for client in ("knows", "new"):
            assert seen(publisher, root, publisher.folder / client) == wanted(*third)


def test_a_channel_that_is_not_there_has_no_metadata(tmp_path: Path) -> None:
    assert read_metadata(tmp_path / "nothing") == {}


def test_reading_follows_the_timestamp_and_not_the_highest_number(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    before = read_metadata(publisher.channel)
    folder = publisher.channel / "metadata"
    (folder / "9.snapshot.json").write_bytes(b"from an interrupted run")
    (folder / f"9.class-{CAMERA}.json").write_bytes(b"from an interrupted run")
    assert read_metadata(publisher.channel) == before


def test_files_that_a_client_may_be_reading_are_never_removed(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    first = digests(publisher.channel)
    publisher.offer(2.0)
    second = digests(publisher.channel)
    assert {p for p in first if second.get(p) != first[p]} == {"metadata/timestamp.json"}


@contextmanager
def serving(channel: Path, lock: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The channel's server in a process of its own, and its port."""
    child = subprocess.Popen(
        [sys.executable, "-m", "hybridspec.deliver.publish", str(channel), str(lock)]
    )
    try:
        end = time.monotonic() + 20
        while "port" not in (process.running(lock) or {}):
            assert time.monotonic() < end
            time.sleep(0.02)
        facts = process.running(lock)
        assert facts is not None
        yield child, facts["port"]
    finally:
        child.kill()
        child.wait()


def get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of a request, with the path as it stands."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_server_shows_the_channel_alone(tmp_path: Path) -> None:
    (tmp_path / "channel" / "metadata").mkdir(parents=True)
    (tmp_path / "channel" / "metadata" / "timestamp.json").write_bytes(b"{}")
    (tmp_path / "secret").write_bytes(b"secret")
    running = server(tmp_path / "channel")
    assert running.server_address[0] == "127.0.0.1"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        port = int(running.server_address[1])
        assert get(port, "/metadata/timestamp.json") == (200, b"{}")
        for path in ("/", "/metadata/", "/nothing", "/../secret", "/%2e%2e/secret",
                     "/metadata/../../secret", "//secret", f"/{tmp_path}/secret"):  # fmt: skip
            status, body = get(port, path)
            assert (status, b"secret" in body) == (404, False), path
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_ended_leaves_the_lock_to_the_next(tmp_path: Path, number: int) -> None:
    (tmp_path / "channel").mkdir()
    lock = tmp_path / "channel.lock"
    with serving(tmp_path / "channel", lock) as (first, _):
        os.kill(first.pid, number)
        assert first.wait(10) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        assert process.running(lock) is None
    with serving(tmp_path / "channel", lock) as (second, port):
        assert get(port, "/")[0] == 404
        assert process.running(lock) is not None
        refused = subprocess.run(
            [sys.executable, "-m", "hybridspec.deliver.publish", str(tmp_path / "channel"),
             str(lock)], capture_output=True, check=False,
        )  # fmt: skip
        assert refused.returncode == 1
        assert b"another server" in refused.stderr
        assert process.stop(lock) is True
        assert second.wait(10) == 0


def test_removing_a_channel_takes_what_was_published_and_nothing_else(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    publisher.offer(2.0)
    channel = publisher.channel
    (channel / "metadata" / ".2.snapshot.json.new-77").write_bytes(b"interrupted")
    mine = ("notes.txt", "metadata/plan.json", "targets/camera/readme.md", "own/1.root.json")
    for path in mine:
        (channel / path).parent.mkdir(exist_ok=True)
        (channel / path).write_bytes(b"mine")
    (tmp_path / "elsewhere" / "targets" / "x").mkdir(parents=True)
    (tmp_path / "elsewhere" / "targets" / "x" / f"{'0' * 64}.manifest.json").write_bytes(b"mine")
    (channel / "targets" / "link").symlink_to(tmp_path / "elsewhere" / "targets")
    remove_channel(channel)
    left = {str(p.relative_to(channel)) for p in channel.rglob("*") if p.is_file()}
    assert left == set(mine)
    assert len(digests(tmp_path / "elsewhere")) == 1


def test_a_channel_with_nothing_else_in_it_is_gone(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    remove_channel(publisher.channel)
    assert not publisher.channel.exists()
    remove_channel(publisher.channel)
