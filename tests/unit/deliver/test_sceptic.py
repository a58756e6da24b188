"""A sceptical client: each fault of a channel is told, and a sound channel has none."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import CAMERA, HUB, Publisher, content
from conformance.test_rotation import replaced
from securesystemslib.signer import SSlibKey

from hybridspec.base.errors import UsageError
from hybridspec.bundle.audit import Audit
from hybridspec.bundle.keys import ROOTS, class_role
from hybridspec.deliver.publish import server, write_publication
from hybridspec.deliver.sceptic import judged

CLASS = class_role(CAMERA)
POINTER = f"{CAMERA}/current/manifest.json"


@pytest.fixture
def channel(tmp_path: Path) -> Publisher:
    """Two classes, the camera's at its second release, and a second root."""
    made = Publisher(tmp_path)
    made.publish(*(made.release(content(1.0, name)) for name in (CAMERA, HUB)))
    write_publication(made.channel, replaced(made, *ROOTS))
    made.offer(2.0)
    return made


def judge(publisher: Publisher, now: datetime | None = None) -> Audit:
    return judged(str(publisher.channel), publisher.root, now or datetime.now(UTC))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    running = server(folder)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def test_a_sound_channel_has_no_fault_in_a_folder_and_over_http(channel: Publisher) -> None:
    found = judge(channel)
    assert found.faults == []
    assert (found.root_version, found.tier, found.development) == (2, "online", True)
    camera = next(v for v in found.classes if v.device_class == CAMERA)
    assert (camera.release, camera.counter) == (channel.release(content(2.0)).release, 2)
    assert camera.fresh_until == channel.metadata("timestamp").signed.expires
    with served(channel.channel) as url:
        other = judged(url, channel.root, datetime.now(UTC))
    assert (other.faults, other.classes) == ([], found.classes)


def spoil(path: str, change: Callable[[Path], Any]) -> Callable[[Publisher], None]:
    """Change every file that a pattern finds."""

    def act(publisher: Publisher) -> None:
        files = sorted(publisher.channel.glob(path))
        assert files
        for file in files:
            change(file)

    return act


def forge(role: str, change: Callable[[Any], Any], **how: Any) -> Callable[[Publisher], None]:
    return lambda publisher: publisher.forge(role, lambda signed: change(signed) and None, **how)


def _alias(signed: Any) -> None:
    signed.targets[f"{HUB}/current/manifest.json"] = signed.targets[POINTER]


def _sub_role(signed: Any) -> None:
    from tuf.api.metadata import DelegatedRole, Delegations

    role = DelegatedRole(class_role(HUB), [], 1, False, ["*/*/*"])
    signed.delegations = Delegations({}, {role.name: role})


FAULTS: dict[str, tuple[Callable[[Publisher], None], str]] = {
    "no timestamp": (spoil("metadata/timestamp.json", Path.unlink), "is not there"),
    "no first root": (spoil("metadata/1.root.json", Path.unlink), "root 1 is not there"),
    "a target is lost": (spoil("targets/camera/*/*.zst", Path.unlink), "its file is not there"),
    "a target is longer": (
        spoil("targets/camera/*/*.zst", lambda p: p.write_bytes(p.read_bytes() + b"x")),
        "longer than",
    ),
    "a target is another": (
        spoil("targets/hub/current/*.json", lambda p: p.write_bytes(bytes(p.stat().st_size))),
        "not those that were signed",
    ),
    "a snapshot of other bytes": (
        spoil("metadata/*.snapshot.json", lambda p: p.write_bytes(p.read_bytes() + b" ")),
        "snapshot.json` is refused",
    ),
    "a stranger's signature": (
        forge(CLASS, lambda s: None, by=("snapshot",)), f"{CLASS}.json` is refused",
    ),
    "an expired class": (
        forge(CLASS, lambda s: setattr(s, "expires", datetime(2020, 1, 1, tzinfo=UTC))),
        f"`{CLASS}` expired",
    ),
    "a class that the snapshot leaves out": (
        forge("snapshot", lambda s: s.meta.pop(f"{CLASS}.json")), f"does not list `{CLASS}`",
    ),
    "a name that nobody delegates to": (
        forge("snapshot", lambda s: s.meta.update({"x.json": s.meta["targets.json"]})),
        "nobody delegates to",
    ),
    "a hash left out": (
        forge("snapshot", lambda s: setattr(s.meta["targets.json"], "hashes", None)),
        "without hash",
    ),
    "another class's path": (forge(CLASS, _alias), "not its to list"),
    "a role of its own below a class": (forge(CLASS, _sub_role), "delegates further"),
    "files of targets itself": (
        forge("targets", lambda s: s.targets.update(_any(s))), "lists files itself",
    ),
    "wider paths": (
        forge("targets", lambda s: setattr(s.delegations.roles[CLASS], "paths", ["*/*/*"])),
        "other paths",
    ),
    "another release in the block": (
        forge(CLASS, lambda s: s.targets[f"{_own(s)}/manifest.json"].custom["hybridspec"].update(
            release="0" * 16)), "signed block cannot be read|another manifest",
    ),
    "no block": (
        forge(CLASS, lambda s: s.targets[POINTER].unrecognized_fields.clear()),
        "cannot be read",
    ),
    "a root of another tier": (
        forge("root", lambda r: r.unrecognized_fields.update({"x-hybridspec-tier": "remote"})),
        "of tier remote",
    ),
    "one key for two roles": (
        forge("root", lambda r: r.roles["snapshot"].keyids.extend(r.roles["timestamp"].keyids)),
        "one key signs for",
    ),
    "a root of one key": (
        forge("root", lambda r: setattr(r.roles["root"], "threshold", 1)), "threshold is 1",
    ),
    "development metadata below a production root": (
        forge("root", lambda r: r.unrecognized_fields.pop("x-hybridspec-development")),
        "by development keys",
    ),
}  # fmt: skip


def _own(signed: Any) -> str:
    """The folder of the release that the pointer names."""
    block = signed.targets[POINTER].custom["hybridspec"]
    return f"{CAMERA}/{block['release']}"


def _any(signed: Any) -> dict[str, Any]:
    from tuf.api.metadata import TargetFile

    return {"x": TargetFile(1, {"sha256": "0" * 64}, "x")}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told(channel: Publisher, name: str) -> None:
    act, wanted = FAULTS[name]
    root = channel.root
    act(channel)
    found = judged(str(channel.channel), root, datetime.now(UTC)).faults
    assert any(re.search(wanted, fault) for fault in found), found


def test_what_has_expired_is_told_role_by_role(channel: Publisher) -> None:
    late = judge(channel, datetime.now(UTC) + timedelta(days=4000)).faults
    for role in ("root", "timestamp", "snapshot", "targets", CLASS):
        assert any(fault.startswith(f"`{role}` expired") for fault in late), role


def test_another_root_and_no_channel_are_told_apart(channel: Publisher, tmp_path: Path) -> None:
    assert "the trusted root is none" in judged(
        str(channel.channel), b"{}", datetime.now(UTC)).faults[0]  # fmt: skip
    with pytest.raises(UsageError, match="no channel"):
        judged(str(tmp_path / "nothing"), None, datetime.now(UTC))


def test_one_key_under_two_ids_or_in_two_roles_is_told(channel: Publisher) -> None:
    """Clients count key ids, so one key under two of them is a threshold of two by itself."""
    key = channel.keys.signer("old-root-1" if "old-root-1" in channel.keys.pems else "root-1")
    twin = SSlibKey("f" * 64, key.public_key.keytype, key.public_key.scheme, key.public_key.keyval)
    online = channel.keys.signer("timestamp").public_key

    def change(signed: Any) -> None:
        signed.add_key(twin, "root")
        signed.add_key(key.public_key, "root")

    channel.forge("root", change)
    channel.forge("targets", lambda s: s.add_key(online, CLASS))
    faults = judge(channel).faults
    assert "one key counts twice for `root`, under two key ids" in faults
    assert f"one key signs for `timestamp` and for `{CLASS}`" in faults


def test_a_pipe_in_a_channel_is_not_waited_for(channel: Publisher) -> None:
    (channel.channel / "metadata" / "timestamp.json").unlink()
    os.mkfifo(channel.channel / "metadata" / "timestamp.json")
    assert "`metadata/timestamp.json` is not there" in judge(channel).faults[0]
