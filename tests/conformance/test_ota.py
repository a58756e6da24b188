"""The channel: any TUF client can read it, and no attack on it moves what a device runs."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import zstandard
from conformance.channels import (
    ALL_FILES,
    CAMERA,
    HUB,
    INPUTS,
    MODEL,
    OUTPUTS,
    Content,
    Publisher,
    arrays,
    content,
    device,
    digests,
    in_memory,
    report,
    restore,
    standing,
    tiny_model,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata
from tuf.ngclient import FetcherInterface, Updater

from hybridspec.agent import cli, update
from hybridspec.agent.state import load
from hybridspec.agent.update import Config, Device
from hybridspec.bundle.keys import DevelopmentKeys, class_role
from hybridspec.bundle.manifest import canonical_json
from hybridspec.bundle.repository import ClassRelease, Validity
from hybridspec.deliver.publish import server

POINTER = f"{CAMERA}/current/manifest.json"


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


@dataclass(slots=True)
class Field:
    """A device that ran A and runs B of epoch 1, its channel, and what the attacker has kept."""

    publisher: Publisher
    home: Path
    first: dict[str, str]
    b: ClassRelease
    old: Path

    @property
    def metadata(self) -> Path:
        return self.publisher.channel / "metadata"

    def target(self, release: ClassRelease, name: str) -> Path:
        """A target file in the channel."""
        folder = self.publisher.channel / "targets" / release.device_class / release.release
        return next(folder.glob(f"*.{name}"))

    def next(self) -> ClassRelease:
        """Publish C, which the device would install."""
        c = self.publisher.release(content(3.0), security_epoch=1)
        self.publisher.publish(c)
        return c

    def class_metadata(self, change: Callable[[Any], object], **more: Any) -> None:
        """Change what the camera's role signs; snapshot and timestamp agree with it."""
        self.publisher.forge(class_role(CAMERA), change, **more)

    def custom(self, **changes: Any) -> None:
        """Let the camera's own key sign C with another block."""
        self.next()

        def change(signed: Any) -> None:
            for target in signed.targets.values():
                target.custom["hybridspec"].update(changes)

        self.class_metadata(change)

    def archive(self, members: list[tuple[tarfile.TarInfo, bytes]], grow: int = 0) -> None:
        """Let the camera's own key sign C with this archive in place of its own."""
        c, stream = self.next(), io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for info, data in members:
                archive.addfile(info, io.BytesIO(data))
        tar = stream.getvalue()
        packed = zstandard.compress(tar + bytes(grow))
        self.publisher.list_archive(
            c, packed, tar_sha256=hashlib.sha256(tar).hexdigest(), tar_size=len(tar)
        )


C = content(3.0)


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tuple[Any, bytes]:
    """A member of an archive."""
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data), kind
    info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return info, data


def members(**instead: bytes) -> list[tuple[Any, bytes]]:
    """The members of C's own archive, some with other content."""
    files = {path: data for path, data in C.tree if isinstance(data, bytes)}
    return [member(path, instead.get(path, data)) for path, data in files.items()]


def _unsigned_target(field: Field) -> None:
    """The mirror hands out software of its own under the name of a signed bundle."""
    c = field.next()
    evil = field.publisher.release(Content(manifest=C.manifest, files={**C.files, MODEL: b"evil"}))
    shutil.copy(evil.bundle, field.target(c, "bundle.tar.zst"))


def _signed_by_a_stranger(field: Field) -> None:
    """Online keys are stolen, and another class's key signs for the camera."""
    field.next()
    field.class_metadata(lambda signed: None, by=(class_role(HUB),))


def _unsigned_metadata(field: Field) -> None:
    field.next()
    field.class_metadata(lambda signed: None, by=())


def _old_timestamp(field: Field) -> None:
    shutil.copy(field.old / "timestamp.json", field.metadata / "timestamp.json")


def _old_snapshot(field: Field) -> None:
    """The timestamp key is stolen: a new timestamp points at the snapshot before."""
    before = Metadata.from_file(str(field.old / "timestamp.json")).signed
    field.publisher.forge(
        "timestamp", lambda signed: setattr(signed, "snapshot_meta", before.snapshot_meta)
    )


def _old_class_metadata(field: Field) -> None:
    """Both online keys are stolen: a new snapshot lists the class metadata before."""
    before = Metadata.from_file(str(field.old / "1.snapshot.json")).signed
    name = f"{class_role(CAMERA)}.json"
    field.publisher.forge("snapshot", lambda signed: signed.meta.update({name: before.meta[name]}))


def _class_metadata_left_out(field: Field) -> None:
    field.publisher.forge("snapshot", lambda signed: signed.meta.pop(f"{class_role(CAMERA)}.json"))


def _freeze(field: Field) -> None:
    """The mirror keeps showing a timestamp whose time is over."""
    field.next()
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.publisher.forge("timestamp", lambda signed: setattr(signed, "expires", past))


def _expired_class(field: Field) -> None:
    field.next()
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.class_metadata(lambda signed: setattr(signed, "expires", past))


def _mix_and_match(field: Field) -> None:
    """A snapshot that is signed as it should be, but belongs to another timestamp."""
    field.next()
    snapshot = field.publisher.metadata("snapshot").signed

    def change(signed: Any) -> None:
        signed.meta[f"{class_role(CAMERA)}.json"].version += 1

    field.publisher.forge("snapshot", change, version=snapshot.version, online=False)


def _endless_metadata(field: Field) -> None:
    field.next()
    with (field.metadata / "timestamp.json").open("ab") as stream:
        stream.write(b" " * 20_000)


def _endless_target(field: Field) -> None:
    with field.target(field.next(), "bundle.tar.zst").open("ab") as stream:
        stream.write(bytes(100_000))


def _name_swap(field: Field) -> None:
    """The camera's key lists the hub's release under the camera's name."""
    hub = field.publisher.metadata(class_role(HUB)).signed.targets
    theirs = f"{HUB}/current/manifest.json"
    folder = field.publisher.channel / "targets"
    shutil.copytree(folder / HUB / "current", folder / CAMERA / "current", dirs_exist_ok=True)

    def change(signed: Any) -> None:
        signed.targets[POINTER] = replace_path(hub[theirs], POINTER)

    field.class_metadata(change)


def _relabelled(field: Field) -> None:
    """The same, with a block that lies about the class: the manifest does not."""
    _name_swap(field)

    def change(signed: Any) -> None:
        custom = signed.targets[POINTER].custom
        custom["hardwareIds"] = [CAMERA]
        custom["hybridspec"].update(device_class=CAMERA, release_counter=9, security_epoch=1)

    field.class_metadata(change)


def replace_path(target: Any, path: str) -> Any:
    """A target under another name."""
    moved = type(target).from_dict(target.to_dict(), path)
    assert moved.path == path
    return moved


def _wrong_delegation(field: Field) -> None:
    """The hub's key signs for the camera's paths, and the camera's role says nothing."""
    c = field.next()
    listed = field.publisher.metadata(class_role(CAMERA)).signed.targets
    assert c.release in json.dumps([t.custom for t in listed.values()])
    field.class_metadata(lambda signed: signed.targets.clear())
    field.publisher.forge(class_role(HUB), lambda signed: signed.targets.update(listed))


def _one_root_key(field: Field) -> None:
    """One of three root keys is stolen and signs a root with the attacker's own keys."""
    stranger = DevelopmentKeys(field.publisher.keys.pems).signer(class_role(HUB)).public_key

    def change(signed: Any) -> None:
        for role in ("root", "targets", "snapshot", "timestamp"):
            signed.add_key(stranger, role)
            signed.roles[role].threshold = 1

    field.publisher.forge("root", change, by=("root-1", class_role(HUB)))


def _another_root(field: Field) -> None:
    """The device was set up with the root of somebody else, marked as its own by nobody."""
    keys = dict(field.publisher.keys.pems)
    names = ("root-1", "root-2", "root-3", "timestamp", "snapshot", "targets")
    turned = dict(zip(names, (keys[n] for n in reversed(names)), strict=True))
    other = Publisher(field.publisher.folder / "other")
    other.keys = DevelopmentKeys({**keys, **turned})
    other.offer(1.0)
    (field.home / "root.json").chmod(0o644)
    (field.home / "root.json").write_bytes(other.root)
    field.next()


def _tampered_bundle(field: Field) -> None:
    path = field.target(field.next(), "bundle.tar.zst")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _tampered_pointer(field: Field) -> None:
    c = field.next()
    folder = field.publisher.channel / "targets" / CAMERA / "current"
    path = folder / f"{hashlib.sha256(c.manifest).hexdigest()}.manifest.json"
    path.write_bytes(path.read_bytes().replace(b"tiny", b"evil"))


def _tampered_model(field: Field) -> None:
    """From here on the class's own key signs: an archive that is not its manifest's."""
    field.archive(members(**{MODEL: tiny_model(4.0)}))


def _tampered_golden(field: Field) -> None:
    data = bytearray(C.files[OUTPUTS])
    data[-1] ^= 1
    field.archive(members(**{OUTPUTS: bytes(data)}))


def _tampered_inner_manifest(field: Field) -> None:
    other = canonical_json(replace(C.manifest, spec="evil"))
    field.archive(members(**{"release.json": other}))


def _another_tar(field: Field) -> None:
    """The compressed archive is the one that was signed; the tar in it is not."""
    field.custom(tar_sha256="0" * 64)


def _another_manifest(field: Field) -> None:
    field.custom(release="0" * 16)


def _bad_manifest(field: Field) -> None:
    """A manifest that was signed, but lists a path outside the slot."""
    evil = canonical_json(C.manifest).replace(MODEL.encode(), b"../../" + MODEL[6:].encode())
    field.publisher.publish(replace(
        field.publisher.release(C), manifest=evil, security_epoch=1,
    ))  # fmt: skip


ATTACKS: dict[str, tuple[Callable[[Field], None], str, str]] = {
    # name: how, the reason that the device gives, a part of its message
    "arbitrary software": (_unsigned_target, "target-too-long|target-differs", ""),
    "metadata signed by a stranger": (_signed_by_a_stranger, "signature-refused", "class-camera"),
    "metadata signed by nobody": (_unsigned_metadata, "signature-refused", "0/1"),
    "rollback of the timestamp": (_old_timestamp, "metadata-rollback", "timestamp version"),
    "rollback of the snapshot": (_old_snapshot, "metadata-rollback", "snapshot version"),
    "rollback of class metadata": (_old_class_metadata, "metadata-rollback", "class-camera"),
    "class metadata left out": (_class_metadata_left_out, "metadata-refused", "missing info"),
    "release counter decreased": (
        lambda f: f.custom(release_counter=1), "counter-decreased", "below 2"),
    "security epoch decreased": (
        lambda f: f.custom(security_epoch=0), "epoch-decreased", "below 1"),
    "epoch decreased by a revert": (
        lambda f: f.custom(release_counter=1, rollback_allowed_to=1, security_epoch=0),
        "epoch-decreased", "below 1"),
    "freeze": (_freeze, "metadata-expired", "timestamp"),
    "expired class metadata": (_expired_class, "metadata-expired", "class-camera"),
    "mix and match": (_mix_and_match, "metadata-differs", "hash"),
    "endless metadata": (_endless_metadata, "metadata-too-long", "exceeding"),
    "endless target": (_endless_target, "target-too-long", "exceeding"),
    "another class by name swap": (_name_swap, "wrong-class", HUB),
    "another class under a false label": (_relabelled, "wrong-class", HUB),
    "another class's delegation": (_wrong_delegation, "nothing-for-class", CAMERA),
    "one stolen root key": (_one_root_key, "signature-refused", "root"),
    "another root": (_another_root, "signature-refused", "timestamp"),
    "tampered bundle": (_tampered_bundle, "target-differs", "does not match"),
    "tampered manifest": (_tampered_pointer, "target-differs", "does not match"),
    "tampered model": (_tampered_model, "file-differs", MODEL),
    "tampered golden file": (_tampered_golden, "file-differs", OUTPUTS),
    "tampered manifest in the archive": (_tampered_inner_manifest, "manifest-differs", "manifest"),
    "another tar in the archive": (_another_tar, "archive-differs", "content"),
    "another release in the block": (_another_manifest, "release-mismatch", "manifest"),
    "a manifest that leaves its slot": (_bad_manifest, "manifest-malformed", "safe relative path"),
    "member outside the slot": (
        lambda f: f.archive([*members(), member("../../evil", b"x")]), "archive-member", "evil"),
    "member with an absolute path": (
        lambda f: f.archive([*members(), member("/tmp/evil", b"x")]), "archive-member", "evil"),
    "symbolic link": (
        lambda f: f.archive([member(MODEL, kind=tarfile.SYMTYPE), *members()]),
        "archive-member", MODEL),
    "hard link": (
        lambda f: f.archive([member(MODEL, kind=tarfile.LNKTYPE), *members()]),
        "archive-member", MODEL),
    "device file": (
        lambda f: f.archive([member(MODEL, kind=tarfile.CHRTYPE), *members()]),
        "archive-member", MODEL),
    "duplicate member": (
        lambda f: f.archive([*members(), *members()[:1]]), "archive-duplicate", "twice"),
    "unlisted member": (
        lambda f: f.archive([*members(), member("model/extra", b"x")]), "archive-member", "extra"),
    "member of another size": (
        lambda f: f.archive(members(**{INPUTS: arrays(x=[1.0])})), "archive-size", INPUTS),
    "decompression bomb": (
        lambda f: f.archive(members(), grow=64 * 2**20), "archive-grows", "larger"),
    "missing member": (lambda f: f.archive(members()[1:]), "archive-incomplete", "lacks"),
}  # fmt: skip


@pytest.fixture
def field(tmp_path: Path) -> Field:
    """See `Field`."""
    publisher = Publisher(tmp_path)
    a, hub = (publisher.release(content(1.0, name)) for name in (CAMERA, HUB))
    publisher.publish(a, hub)
    home = device(tmp_path / "home", publisher.channel, publisher.root).home
    assert Device.open(home).cycle() == ""
    first = digests(home / "slots" / "a")
    old = Path(shutil.copytree(publisher.channel / "metadata", tmp_path / "old"))
    b = publisher.release(content(2.0), security_epoch=1)
    publisher.publish(b)
    assert Device.open(home).cycle() == ""
    return Field(publisher, home, first, b, old)


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(field: Field, tmp_path: Path, name: str) -> None:
    attack, reason, message = ATTACKS[name]
    before = standing(field.home)
    assert before["running"].release == field.b.release
    attack(field)
    outside = digests(tmp_path)
    for _ in range(2):  # and it is no better the second time
        said = Device.open(field.home).cycle()
        assert said in reason.split("|")
        told = report(field.home)
        assert (told["reason"], told["release"]) == (said, field.b.release)
        assert message in told["message"]
        assert standing(field.home) == before
    made = {p for p in digests(tmp_path) if not p.startswith("home/")}
    assert made == {p for p in outside if not p.startswith("home/")}
    # The other slot is what it was, or empty: nothing that was refused lies about.
    recorded = load(field.home).slots.get("a")
    left = digests(field.home / "slots" / "a")
    assert left == (field.first if recorded else {})
    assert reason.startswith(("archive-", "file", "manifest-differs")) or recorded


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
