"""May this device run this release, and is the slot what was signed: every rule, one at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import CAMERA, HUB, MODEL, content

from hybridspec.agent import verify
from hybridspec.agent.client import Offer
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import State
from hybridspec.bundle.manifest import canonical_json, release_id

MADE = content(1.0)
DATA = canonical_json(MADE.manifest)
OFFER = Offer(
    release=release_id(DATA), counter=5, epoch=2, rollback_allowed_to=None, device_class=CAMERA,
    hardware=(CAMERA,), bundle=f"{CAMERA}/{release_id(DATA)}/bundle.tar.zst", tar_sha256="ab",
    tar_size=1000, manifest=DATA,
)  # fmt: skip
FLOORS = State(counter_floor=5, epoch_floor=2)


def reason(act: Callable[[], object]) -> str:
    """Why something was refused."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.reason


@pytest.mark.parametrize("offer", [
    OFFER,
    replace(OFFER, counter=6),
    replace(OFFER, epoch=3),
    replace(OFFER, counter=4, rollback_allowed_to=4),
    replace(OFFER, counter=4, rollback_allowed_to=1),
])  # fmt: skip
def test_what_may_run(offer: Offer) -> None:
    assert verify.eligible(offer, FLOORS, CAMERA) == MADE.manifest


OTHER = canonical_json(content(2.0).manifest)
HUBS = canonical_json(content(1.0, HUB).manifest)
NOT: dict[str, tuple[dict[str, Any], str]] = {
    "no manifest": ({"manifest": b"{}"}, "manifest-malformed"),
    "the manifest of another release": ({"manifest": OTHER}, "release-mismatch"),
    "the block says another class": ({"device_class": HUB}, "wrong-class"),
    "the hardware is another": ({"hardware": (HUB,)}, "wrong-class"),
    "other hardware as well": ({"hardware": (CAMERA, HUB)}, "wrong-class"),
    "the manifest says another class": (
        {"manifest": HUBS, "release": release_id(HUBS)}, "wrong-class",
    ),
    "another release's bundle": ({"bundle": f"{CAMERA}/x/bundle.tar.zst"}, "bundle-foreign"),
    "the bundle of another class": ({"bundle": f"{HUB}/x/bundle.tar.zst"}, "bundle-foreign"),
    "older counter": ({"counter": 4}, "counter-decreased"),
    "older than a revert allows": ({"counter": 3, "rollback_allowed_to": 4}, "counter-decreased"),
    "older epoch": ({"epoch": 1}, "epoch-decreased"),
    "older epoch by a revert": (
        {"counter": 4, "rollback_allowed_to": 4, "epoch": 1}, "epoch-decreased",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT)
def test_what_may_not_run(name: str) -> None:
    change, why = NOT[name]
    assert reason(lambda: verify.eligible(replace(OFFER, **change), FLOORS, CAMERA)) == why


def test_a_quarantined_content_comes_back_only_under_a_higher_counter() -> None:
    state = replace(FLOORS, quarantined={"ab": 6})
    for counter in (5, 6):
        again = replace(OFFER, counter=counter)
        assert reason(lambda o=again: verify.eligible(o, state, CAMERA)) == "quarantined"
    assert verify.eligible(replace(OFFER, counter=7), state, CAMERA)
    assert verify.eligible(replace(OFFER, tar_sha256="cd"), state, CAMERA)


def test_room_is_needed_for_the_archive_the_files_and_a_reserve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = sum(record.size for record in MADE.manifest.files)
    needed = size + OFFER.tar_size + verify.RESERVE
    for free, enough in ((needed, True), (needed - 1, False)):
        usage = shutil._ntuple_diskusage(10**12, 0, free)  # type: ignore[attr-defined]
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        if enough:
            verify.room(OFFER, MADE.manifest, tmp_path)
        else:
            assert reason(lambda: verify.room(OFFER, MADE.manifest, tmp_path)) == "disk-full"


@pytest.fixture
def slot(tmp_path: Path) -> Path:
    """A slot that is as signed."""
    for path, data in MADE.tree:
        assert isinstance(data, bytes)
        (tmp_path / "slot" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "slot" / path).write_bytes(data)
    return tmp_path / "slot"


def test_a_slot_that_is_as_signed(slot: Path) -> None:
    verify.slot(slot, MADE.manifest)
    (slot / "empty folder").mkdir()
    verify.slot(slot, MADE.manifest)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _link(path: Path, to: Path) -> None:
    shutil.move(path, to)
    path.symlink_to(to)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file is missing": (lambda s: (s / MODEL).unlink(), "files-differ"),
    "a file too many": (lambda s: (s / "extra").write_bytes(b""), "files-differ"),
    "a hidden file too many": (lambda s: (s / "model" / ".x").write_bytes(b""), "files-differ"),
    "a link to a folder": (lambda s: (s / "extra").symlink_to("/etc"), "files-differ"),
    "a dangling link": (lambda s: (s / "extra").symlink_to("nowhere"), "files-differ"),
    "a file is a link to itself": (lambda s: _link(s / MODEL, s.parent / "away"), "files-differ"),
    "the manifest is a link": (
        lambda s: _link(s / "release.json", s.parent / "away"), "files-differ",
    ),
    "a folder is a link": (lambda s: _link(s / "model", s.parent / "away"), "files-differ"),
    "a byte is another": (lambda s: _flip(s / MODEL), "file-differs"),
    "a file is shorter": (lambda s: (s / MODEL).write_bytes(b""), "file-differs"),
    "the manifest is another": (lambda s: _flip(s / "release.json"), "file-differs"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_slot_that_is_not_as_signed(slot: Path, name: str) -> None:
    damage, why = DAMAGE[name]
    damage(slot)
    assert reason(lambda: verify.slot(slot, MADE.manifest)) == why
