"""Deltas: they make what was signed, and whatever is wrong with one, the bundle is taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from conformance.channels import (
    Content,
    Publisher,
    content,
    digests,
    look,
    report,
    runs,
    standing,
)

from hybridspec.agent.delta import MAX_BASE, MAX_BLOCK, Patched
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import load
from hybridspec.bundle import delta
from hybridspec.bundle.offers import ClassRelease, Extra
from hybridspec.deliver.deltas import deltas
from hybridspec.deliver.publish import read_metadata
from hybridspec.ir.tree import digest_of

WEIGHTS = np.random.default_rng(7).integers(0, 256, 3 * 2**20 + 77, np.uint8)


def trained(*, head: int = 40_000, seed: int = 1) -> Content:
    """A model whose last weights are trained anew, under other golden outputs."""
    weights = WEIGHTS.copy()
    weights[-head:] = np.random.default_rng(seed).integers(0, 256, head, np.uint8)
    return content(float(seed), model=weights.tobytes())


@pytest.fixture
def first(home: Path, publisher: Publisher, healthy: list[Path]) -> ClassRelease:
    """A device that runs the release before."""
    first = publisher.release(trained(seed=1))
    publisher.publish(first)
    assert look(home) == ""
    return first


def offered(publisher: Publisher, change: Callable[[bytes], bytes] = bytes) -> ClassRelease:
    """Publish the next release with its delta, changed and signed as it is then."""
    second = publisher.release(trained(seed=2))
    cache = publisher.folder / "deltas"
    [extra] = [one for one in deltas(publisher.channel, read_metadata(publisher.channel), second,
                                     cache) if one.size > 1000]  # fmt: skip
    data = change(extra.data.read_bytes())
    path = publisher.folder / "changed"
    path.write_bytes(data)
    made = Extra(name=extra.name, data=path, sha256=hashlib.sha256(data).hexdigest(),
                 size=len(data), block=extra.block)  # fmt: skip
    second = publisher.release(trained(seed=2), extras=(made,))
    publisher.publish(second)
    return second


def without_bundle(publisher: Publisher, release: ClassRelease) -> None:
    """Let nobody fetch the whole of a release."""
    for bundle in publisher.channel.rglob(f"{release.release}/*.bundle.tar.zst"):
        bundle.unlink()


def test_a_device_that_runs_the_base_fetches_the_delta_alone(
    home: Path, publisher: Publisher, first: ClassRelease
) -> None:
    second = offered(publisher)
    assert second.extras[0].size < 0.05 * second.digest.archive_size
    without_bundle(publisher, second)
    assert look(home) == ""
    runs(home, second, counter=3)
    assert not (home / "download").exists()


def test_a_device_that_runs_something_else_takes_the_bundle(
    home: Path, publisher: Publisher, healthy: list[Path]
) -> None:
    assert look(home) == ""
    publisher.publish(publisher.release(trained(seed=1)))
    second = offered(publisher)
    assert look(home) == ""
    runs(home, second, counter=3)


def _header(data: bytes, **changes: object) -> bytes:
    size = int.from_bytes(data[8:12], "big")
    value = json.loads(zstandard.decompress(data[12 : 12 + size])) | changes
    packed = zstandard.compress(json.dumps(value).encode())
    return data[:8] + len(packed).to_bytes(4, "big") + packed + data[12 + size :]


def _blocks(data: bytes, at: int, value: object) -> bytes:
    """Every block with another number in one place."""
    size = int.from_bytes(data[8:12], "big")
    files = json.loads(zstandard.decompress(data[12 : 12 + size]))["files"]
    for _, blocks in files:
        for block in blocks:
            block[at] = value
    return _header(data, files=files)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda d: b"",
    "not a delta": lambda d: b"HSDELTA9" + d[8:],
    "cut": lambda d: d[:-1],
    "a byte of a block": lambda d: d[:-9] + bytes([d[-9] ^ 1]) + d[-8:],
    "a list without end": lambda d: d[:8] + b"\xff" * 4 + d[12:],
    "a list that is a bomb": lambda d: (
        lambda p: d[:8] + len(p).to_bytes(4, "big") + p)(zstandard.compress(bytes(2**26))),
    "for another base": lambda d: _header(d, base="0" * 64),
    "of another release": lambda d: _header(d, target="0" * 64),
    "of no files": lambda d: _header(d, files=[]),
    "a list of lists": lambda d: _header(d, files=json.loads("[" * 500 + "]" * 500)),
    "another schema": lambda d: _header(d, schema="x"),
    "blocks of a gigabyte": lambda d: _blocks(d, 0, 2**30),
    "blocks out of the slot": lambda d: _blocks(d, 1, "../../state.0.json"),
    "blocks of an absolute path": lambda d: _blocks(d, 1, "/etc/passwd"),
    "blocks from before the file": lambda d: _blocks(d, 2, -1),
    "blocks from behind the file": lambda d: _blocks(d, 2, 2**40),
    "blocks from beyond any file": lambda d: _blocks(d, 2, 2**80),
    "windows without end": lambda d: _blocks(d, 3, MAX_BASE + 1),
    "blocks of another kind": lambda d: _blocks(d, 4, 9),
    "blocks that read too much": lambda d: _blocks(d, 5, 2 * MAX_BLOCK + 1),
    "numbers that are none": lambda d: _blocks(d, 0, True),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_wrong_with_a_delta_the_bundle_is_taken(
    home: Path, publisher: Publisher, first: ClassRelease, name: str
) -> None:
    """The class's own key signed the delta; without the bundle nothing changes on the device."""
    before, a = standing(home), digests(home / "slots")
    second = offered(publisher, HOSTILE[name])
    away = publisher.folder / "away"
    [bundle] = publisher.channel.rglob(f"{second.release}/*.bundle.tar.zst")
    bundle.rename(away)
    assert look(home) == "file-missing"
    assert (standing(home), digests(home / "slots")) == (before, a)
    away.rename(bundle)
    assert look(home) == ""
    runs(home, second, counter=3)


def test_a_delta_whose_base_was_damaged_meanwhile_is_not_applied(
    home: Path, publisher: Publisher, first: ClassRelease
) -> None:
    second = offered(publisher)
    extra = second.extras[0]
    slot = home / "slots" / load(home).active
    sizes = {path: len(data) for path, data in trained(seed=2).tree if isinstance(data, bytes)}
    model = slot / "model/m/model.onnx"
    model.write_bytes(b"x" + model.read_bytes()[1:])
    made = Patched(extra.data, slot, first.digest.tar_sha256, sizes, second.digest.tar_sha256,
                   second.digest.tar_size)  # fmt: skip
    with pytest.raises(Refused) as caught:
        _ = [list(chunks) for _, chunks in made.files()]
    assert caught.value.reason == "delta-differs"


def test_a_delta_that_breaks_off_goes_on_at_the_next_look(
    home: Path, publisher: Publisher, first: ClassRelease, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unreachable channel is no reason to fetch the whole bundle instead."""
    from hybridspec.agent import verify
    from hybridspec.agent.errors import Unreachable

    offered(publisher)

    def gone(*_: object) -> None:
        raise Unreachable("channel-unreachable", "on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(verify, "delta", gone)
        assert look(home) == "channel-unreachable"
    assert report(home)["release"] == first.release
    assert look(home) == ""


def memory(data: bytes) -> memoryview:
    """A file of a release."""
    return memoryview(data)


def test_the_same_files_give_the_same_delta_and_each_block_its_smallest_form() -> None:
    old = WEIGHTS.tobytes()
    stepped = WEIGHTS.copy()
    stepped[::20] += 1
    shifted = old[:100] + b"something new" + old[100:]
    new = {
        "same": memory(old), "stepped": memory(stepped.tobytes()), "shifted": memory(shifted),
        "new": memory(b"\1" * 1000), "empty": memory(b""),
    }  # fmt: skip
    base = {name: memory(old) for name in ("same", "stepped", "shifted")}
    made = [delta.make(base, "a", new, "b", 10**9) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0] is not None
    size = int.from_bytes(made[0][8:12], "big")
    kinds = {path: {block[4] for block in blocks} for path, blocks in
             json.loads(zstandard.decompress(made[0][12 : 12 + size]))["files"]}  # fmt: skip
    assert kinds == {
        "same": {delta.COPY}, "stepped": {delta.ADD}, "shifted": {delta.PATCH, delta.COPY},
        "new": {delta.PLAIN}, "empty": set(),
    }  # fmt: skip
    assert len(made[0]) < 0.12 * len(old)


def test_a_delta_above_its_limit_is_none() -> None:
    other = np.random.default_rng(8).integers(0, 256, len(WEIGHTS), np.uint8)
    new, base = {"m": memory(other.tobytes())}, {"m": memory(WEIGHTS.tobytes())}
    assert delta.make(base, "a", new, "b", int(delta.WORTH * len(WEIGHTS))) is None
    assert delta.make(base, "a", new, "b", 2 * len(WEIGHTS)) is not None


def test_deltas_are_made_once_from_every_listed_release_and_only_where_they_pay(
    tmp_path: Path, publisher: Publisher
) -> None:
    """The first release of the channel has nothing in common with the others."""
    one = publisher.release(trained(seed=1))
    publisher.publish(one)
    two = publisher.release(trained(seed=2))
    metadata, cache = read_metadata(publisher.channel), tmp_path / "cache"
    found = deltas(publisher.channel, metadata, two, cache)
    assert [extra.name for extra in found] == [f"from-{one.release}.delta"]
    assert found[0].block == {"base_digest": one.digest.tar_sha256}
    assert len(list(cache.iterdir())) == 2  # that none pays is remembered, too
    stamps = {p: p.stat().st_mtime_ns for p in cache.iterdir()}
    assert deltas(publisher.channel, metadata, two, cache) == found
    assert {p: p.stat().st_mtime_ns for p in cache.iterdir()} == stamps
    assert digest_of(found[0].data) == found[0].sha256


def test_publisher_and_device_mean_the_same_format() -> None:
    from hybridspec.agent import delta as device

    for name in ("MAGIC", "SCHEMA", "COPY", "PLAIN", "PATCH", "ADD"):
        assert getattr(device, name) == getattr(delta, name)
    assert delta.BLOCK <= device.MAX_BLOCK
    assert delta.BLOCK + 2 * delta.MARGIN <= device.MAX_BASE
