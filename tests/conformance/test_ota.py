"""The channel: any TUF client can read it, and no attack on it moves what a device runs."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import zstandard
from conformance.attacks import ATTACKS
from conformance.attacks_on_content import members
from conformance.channels import (
    ALL_FILES,
    CAMERA,
    HUB,
    Publisher,
    content,
    device,
    digests,
    in_memory,
    report,
    restore,
    standing,
)
from conformance.field import Field, look
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from hybridspec.agent import cli, update
from hybridspec.agent.state import State, load
from hybridspec.agent.update import Config, Device
from hybridspec.bundle.keys import DevelopmentKeys
from hybridspec.bundle.repository import ClassRelease, Validity
from hybridspec.deliver.publish import server


@pytest.fixture(autouse=True)
def _healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials pass: what is proved here must be refused before anything is tried."""
    monkeypatch.setattr(update, "trial", lambda slot: {"m": {}})


class Files(FetcherInterface):
    """What any user of python-tuf would write to read a mounted folder."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlparse(url).path))
        if not path.is_file():
            raise DownloadHTTPError(str(path), 404)
        yield path.read_bytes()


@pytest.fixture
def http(tmp_path: Path) -> Iterator[str]:
    """The channel over loopback HTTP."""
    (tmp_path / "channel").mkdir()
    running = server(tmp_path / "channel")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{running.server_address[1]}"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.mark.parametrize("over", ["http", "folder"])
def test_a_plain_tuf_client_reads_the_channel(tmp_path: Path, http: str, over: str) -> None:
    """No code of ours reads: python-tuf fetches and verifies, tar and zstandard unpack."""
    publisher = Publisher(tmp_path)
    publisher.publish(*(publisher.release(content(1.0, name)) for name in (CAMERA, HUB)))
    base = http if over == "http" else publisher.channel.as_uri()
    (tmp_path / "got").mkdir()
    client = Updater(
        str(tmp_path / "meta"), f"{base}/metadata/", str(tmp_path / "got"), f"{base}/targets/",
        None if over == "http" else Files(), bootstrap=publisher.root,
    )  # fmt: skip
    client.refresh()
    for name in (CAMERA, HUB):
        pointer = client.get_targetinfo(f"{name}/current/manifest.json")
        assert pointer is not None
        told = pointer.custom["hybridspec"]
        bundle = client.get_targetinfo(told["bundle"])
        assert bundle is not None
        packed = Path(client.download_target(bundle)).read_bytes()
        tar = zstandard.ZstdDecompressor().stream_reader(packed).read()
        assert hashlib.sha256(tar).hexdigest() == told["tar_sha256"]
        assert len(tar) == told["tar_size"]
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            assert archive.getnames() == sorted(ALL_FILES)
            manifest = archive.extractfile("release.json")
            assert manifest is not None
            assert manifest.read() == Path(client.download_target(pointer)).read_bytes()


def test_an_agent_installs_over_http_what_it_installs_from_a_folder(
    tmp_path: Path, http: str
) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    for name, channel in (("http", http), ("usb", str(publisher.channel))):
        assert device(tmp_path / name, channel, publisher.root).cycle() == ""
    assert digests(tmp_path / "http" / "current") == digests(tmp_path / "usb" / "current")


# A flipped bit anywhere


@dataclass(frozen=True, slots=True)
class Scene:
    """A device that runs A, and a channel that offers B with every role signed anew."""

    channel: Path
    template: Path
    home: Path
    wanted: str
    current: frozenset[str]

    def flip(self, path: str, offset: int, bit: int) -> str:
        """What the device says to the channel with one bit flipped."""
        file = self.channel / path
        whole = file.read_bytes()
        damaged = bytearray(whole)
        damaged[offset] ^= 1 << bit
        restore(self.template, self.home)
        file.write_bytes(damaged)
        try:
            config = Config(**json.loads((self.home / "config.json").read_bytes()))
            one = Device(home=self.home, config=config, health={"m": {}}, state=load(self.home))
            return one.cycle()
        finally:
            file.write_bytes(whole)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Old enough that the second publication signs root and targets again, too."""
    with in_memory(tmp_path_factory.mktemp("flips")) as folder:
        yield _scene(folder)


def _scene(folder: Path) -> Scene:
    publisher = Publisher(folder)
    long = Validity(**dict.fromkeys(("root", "targets", "delegated", "online"), timedelta(400)))
    past = datetime.now(UTC) - timedelta(days=200)
    publisher.publish(publisher.release(content(1.0)), now=past, validity=long)
    one = device(folder / "template", publisher.channel, publisher.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(update, "trial", lambda slot: {"m": {}})
        assert one.cycle() == ""
    second = publisher.release(content(2.0))
    written = publisher.publish(second, validity=long)
    current = {path for path, _ in (*written.metadata, *written.targets)}
    assert len(written.metadata) == 5
    unused = {path for path in current if path.endswith(f"{second.release}/{_sha(second)}")}
    return Scene(publisher.channel, folder / "template", folder / "home", second.release,
                 frozenset(current - unused))  # fmt: skip


def _sha(release: ClassRelease) -> str:
    """The manifest under its release: a second name of it, which this agent does not fetch."""
    return hashlib.sha256(release.manifest).hexdigest() + ".manifest.json"


def _judge(scene: Scene, path: str, offset: int, bit: int) -> bool:
    """Assert that a flipped bit changed nothing; whether it was refused."""
    place = f"bit {bit} of byte {offset} of {path}"
    reason = scene.flip(path, offset, bit)
    if reason:
        assert standing(scene.home) == standing(scene.template), place
        return True
    # Files that nothing refers to any longer, and signatures beyond what is needed: a third root
    # signature, or a digit of a signature in another case. What was signed is whole, so it runs.
    assert load(scene.home).slots[load(scene.home).active].release == scene.wanted, place
    if path in scene.current:
        assert path.endswith(("root.json", "timestamp.json")), place
        raw = (scene.channel / path).read_bytes()
        damaged = bytearray(raw)
        damaged[offset] ^= 1 << bit
        assert json.loads(damaged)["signed"] == json.loads(raw)["signed"], place
    return False


def test_the_first_and_last_byte_of_every_file_of_the_channel(scene: Scene) -> None:
    files = sorted(p for p in scene.channel.rglob("*") if p.is_file())
    paths = [str(p.relative_to(scene.channel)) for p in files]
    assert scene.current <= set(paths)
    refused = dict.fromkeys(paths, 0)
    for path, file in zip(paths, files, strict=True):
        for offset in (0, file.stat().st_size - 1):
            for bit in (0, 7):
                refused[path] += _judge(scene, path, offset, bit)
    assert {path for path, count in refused.items() if count} == scene.current
    assert all(refused[path] == 4 for path in scene.current)


@given(st.data())
@settings(
    max_examples=400, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_any_bit_of_any_file_in_use(scene: Scene, data: st.DataObject) -> None:
    """A sample of 400; the channel in use has some 80,000 bits."""
    path = data.draw(st.sampled_from(sorted(scene.current)))
    size = (scene.channel / path).stat().st_size
    _judge(scene, path, data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, 7)))


# Attacks: each with the reason that the device gives


@pytest.fixture
def field(tmp_path: Path) -> Field:
    """See `Field`."""
    publisher = Publisher(tmp_path)
    a, hub = (publisher.release(content(1.0, name)) for name in (CAMERA, HUB))
    publisher.publish(a, hub)
    home = device(tmp_path / "home", publisher.channel, publisher.root).home
    assert Device.open(home).cycle() == ""
    old = Path(shutil.copytree(publisher.channel / "metadata", tmp_path / "old"))
    b = publisher.release(content(2.0), security_epoch=1)
    publisher.publish(b)
    assert Device.open(home).cycle() == ""
    return Field(publisher, home, b, old)


def _bytes(home: Path) -> dict[str, bytes]:
    """Every file and link of a device's folder."""
    return {
        str(p.relative_to(home)): str(p.readlink()).encode() if p.is_symlink() else p.read_bytes()
        for p in sorted(home.rglob("*"))
        if p.is_symlink() or p.is_file()
    }


def _remembered(home: Path) -> State:
    """What the device knows, but for how often and at which step it wrote that down."""
    return replace(load(home), generation=0, phase="")


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(field: Field, tmp_path: Path, name: str) -> None:
    """Refused for the reason given, and every byte on the device is what it was.

    Two things may change: the report, and the copies of metadata that were verified before the
    attack showed; each of those is then, byte for byte, a file of the channel.
    """
    attack, reason, message = ATTACKS[name]
    before, remembered = standing(field.home), _remembered(field.home)
    assert before["running"].release == field.b.release
    attack(field)
    outside, inside = digests(tmp_path), _bytes(field.home)
    genuine = {p.read_bytes() for p in field.metadata.iterdir()}
    genuine.add((field.home / "root.json").read_bytes())
    for _ in range(2):  # and it is no better the second time
        said = look(field)
        assert said in reason.split("|")
        told = report(field.home)
        assert (told["reason"], told["release"]) == (said, field.b.release)
        assert message in told["message"]
        assert standing(field.home) == before
        assert _remembered(field.home) == remembered
        after = _bytes(field.home)
        for path in {p for p in {*inside, *after} if inside.get(p) != after.get(p)}:
            if path.startswith("metadata/") and not path.endswith("/root.json"):
                assert after[path] in genuine, path
            elif path != "metadata/root.json":
                assert path in ("report.json", "state.0.json", "state.1.json")
    made = {p for p in digests(tmp_path) if not p.startswith("home/")}
    assert made == {p for p in outside if not p.startswith("home/")}


def test_without_an_attack_the_next_release_is_installed(field: Field) -> None:
    """Were it not, nothing above would prove anything."""
    c = field.next()
    assert Device.open(field.home).cycle() == ""
    assert report(field.home)["release"] == c.release


def test_what_the_class_s_own_key_signs_well_is_installed(field: Field) -> None:
    """The same for the attacks by archive: with nothing changed they succeed."""
    field.archive(members())
    assert Device.open(field.home).cycle() == ""
    assert report(field.home)["releaseCounter"] == 3


def test_a_development_root_needs_permission(
    field: Field, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["init", "--home", str(tmp_path / "new"), "--device-class", CAMERA, "--root",
                 str(field.metadata / "1.root.json"), "--channel", "x"]  # fmt: skip
    assert cli.main(arguments) == 1
    assert "a production device refuses it" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert cli.main([*arguments, "--allow-development"]) == 0


def test_a_rotated_root_is_followed_and_the_old_one_alone_is_not_enough(
    field: Field, tmp_path: Path
) -> None:
    """Two of three old keys sign new ones in: devices that trust root 1 follow the chain."""
    new = DevelopmentKeys({
        **field.publisher.keys.pems,
        "timestamp": field.publisher.keys.pems["snapshot"],
        "snapshot": field.publisher.keys.pems["timestamp"],
    })  # fmt: skip

    def change(signed: Any) -> None:
        for role in ("snapshot", "timestamp"):
            for keyid in list(signed.roles[role].keyids):
                signed.revoke_key(keyid, role)
        for role in ("snapshot", "timestamp"):
            signed.add_key(new.signer(role).public_key, role)

    field.publisher.forge("root", change, by=("root-2", "root-3"))
    assert Device.open(field.home).cycle() == "signature-refused"  # signed with the old keys
    field.publisher.keys = new
    c = field.next()
    assert Device.open(field.home).cycle() == ""
    assert report(field.home)["release"] == c.release
    fresh = device(tmp_path / "fresh", field.publisher.channel, field.publisher.root)
    assert fresh.cycle() == ""
