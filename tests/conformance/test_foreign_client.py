"""go-tuf, which shares no code with python-tuf, reads the channel as it is published."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conformance.channels import CAMERA, HUB, Publisher, content
from conformance.test_rotation import replaced
from conftest import ROOT

from hybridspec.bundle.keys import ROOTS
from hybridspec.deliver.publish import server, write_publication

CLIENT = ROOT / ".tools" / "bin" / "tuf-client"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The channel over loopback HTTP, for the client that `make clients` builds."""
    if not CLIENT.is_file():
        pytest.skip("there is no go-tuf client in .tools: `make clients` builds it (needs Go)")
    (tmp_path / "channel").mkdir()
    running = server(tmp_path / "channel")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    thread.join()
    running.server_close()


def look(url: str, root: Path, home: Path, name: str = CAMERA) -> tuple[int, str]:
    """One look of a device: exit code and what it says."""
    done = subprocess.run(
        [str(CLIENT), f"{url}/metadata", f"{url}/targets", str(root), str(home), name],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, (done.stdout or done.stderr).strip()


def test_a_client_in_another_language_installs_and_follows_rotations(
    tmp_path: Path, url: str
) -> None:
    publisher = Publisher(tmp_path)
    releases = [publisher.release(content(1.0, name)) for name in (CAMERA, HUB)]
    publisher.publish(*releases)
    root = tmp_path / "root.json"
    root.write_bytes(publisher.root)
    for one in releases:
        said = f"{one.release} {one.digest.archive_size}"
        assert look(url, root, tmp_path / "home", one.device_class) == (0, said)
    write_publication(publisher.channel, replaced(publisher, *ROOTS, "targets", f"class-{CAMERA}"))
    write_publication(publisher.channel, replaced(publisher, "snapshot", "timestamp"))
    later = publisher.offer(2.0)
    for home in ("home", "new"):
        assert look(url, root, tmp_path / home) == (
            0, f"{later.release} {later.digest.archive_size}",
        )  # fmt: skip


def test_it_refuses_what_python_s_client_refuses(tmp_path: Path, url: str) -> None:
    publisher = Publisher(tmp_path)
    past = datetime.now(UTC) - timedelta(days=50)
    publisher.publish(publisher.release(content(1.0)), now=past)
    root = tmp_path / "root.json"
    root.write_bytes(publisher.root)
    code, why = look(url, root, tmp_path / "expired")
    assert (code, "expired" in why.lower()) == (1, True)
    publisher.offer(2.0)
    assert look(url, root, tmp_path / "home")[0] == 0
    publisher.forge("timestamp", lambda t: None, by=("snapshot",))
    assert look(url, root, tmp_path / "home")[0] == 1
