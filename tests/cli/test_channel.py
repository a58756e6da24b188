"""`hybridspec channel`: what an operator types, on a small channel, with nothing to compile."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conformance.channels import CAMERA, HUB, content, device, look, report
from conftest import Cli

from hybridspec.agent import update
from hybridspec.bundle.keys import DevelopmentKeys, class_role
from hybridspec.cli import channel
from hybridspec.cli.channel import Ask, publish_channel
from hybridspec.cli.output_tree import Output
from hybridspec.deliver.stack import Stack
from hybridspec.deliver.write import pack
from hybridspec.ir.tier import Tier

DAY = 86_400_000_000
TIERS = (Tier(name="online", device_classes=(CAMERA,), window=8 * DAY),
         Tier(name="remote", device_classes=(HUB,), window=100 * DAY))  # fmt: skip


class System:
    """A stack whose releases are tiny; its build is published like any other."""

    def __init__(self, folder: Path, cli: Cli) -> None:
        self.folder, self.cli = folder, cli
        self.spec = folder / "hybridspec.yaml"
        self.spec.write_text("{}")
        self.stack = Stack(spec=self.spec)
        self.channel = folder / "build" / "channel"
        self.releases: list[str] = []

    def publish(self, bias: float, percent: int = 100) -> None:
        archives = []
        for name in (CAMERA, HUB):
            made = content(bias if name == CAMERA else 1.0, name)
            base = self.folder / "build" / "bundles" / name
            archives.append((name, pack(made.tree, base / "bundle.tar.zst")))
            (base / "manifest.json").write_bytes(cast("bytes", made.tree.files["release.json"]))
        build: Any = SimpleNamespace(graph=SimpleNamespace(tiers=TIERS))
        output = Output(build=build, folder=self.folder / "build", changes=cast("Any", None),
                        report={}, archives=tuple(archives))  # fmt: skip
        self.stack.remember_output(output.folder)
        publish_channel(self.stack, output, lambda _: None, Ask(percent=percent))

    def run(self, *words: str, code: int = 0) -> Any:
        done = self.cli("channel", *words)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    def audit(self, place: Path | None = None, code: int = 0) -> dict[str, Any]:
        done = self.run("verify", str(place or self.channel), "--format", "json", code=code)
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def camera(self) -> dict[str, Any]:
        found: dict[str, Any] = self.audit()["repositories"][0]["classes"][0]
        return found


@pytest.fixture
def system(tmp_path: Path, cli: Cli) -> System:
    """A published stack of two tiers."""
    made = System(tmp_path, cli)
    made.publish(1.0)
    return made


def test_an_operator_s_day(system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish, rotate, take back, revert; a device that knows the first root follows it all."""
    monkeypatch.setattr(update, "trial", lambda slot: {"m": {}})
    root = (system.channel / "metadata" / "1.root.json").read_bytes()
    home = device(tmp_path / "home", system.channel, root).home
    assert look(home) == ""
    first = system.camera()["release"]
    spec = ("--spec", str(system.spec))
    for role in ("timestamp", "root", "targets", class_role(CAMERA), "snapshot-remote"):
        done = system.run("rotate", role, *spec)
        assert "signed " in done.stdout
        assert system.audit()["repositories"][0]["faults"] == []
        assert look(home) == ""
    assert not list((system.stack.folder / "keys").glob("old-*"))
    system.publish(2.0)
    assert look(home) == ""
    second = system.camera()["release"]
    assert (report(home)["release"], second != first) == (second, True)
    system.run("revoke", second[:10], "--raise-epoch", *spec)
    assert (look(home), report(home)["release"]) == ("", first)
    assert not list((system.channel / "targets" / CAMERA / second).glob("*"))
    told = system.run("refresh", str(system.spec)).stdout
    assert f"\n  {CAMERA}: release {first}, counter 1\n" in told
    shown = system.camera()
    assert (shown["securityEpoch"], shown["rollbackAllowedTo"]) == (1, 1)
    before = sorted(p.name for p in system.channel.rglob("*.json"))
    system.run("revoke", second[:10], "--raise-epoch", *spec)
    assert sorted(p.name for p in system.channel.rglob("*.json")) == before
    system.publish(3.0)
    third = system.camera()["release"]
    assert (look(home), report(home)["release"]) == ("", third)
    system.run("revert", first[:8], "--class", CAMERA, *spec)
    assert (look(home), report(home)["release"]) == ("", first)


def test_a_key_is_revoked_by_the_begin_of_its_id(system: System) -> None:
    keyid = DevelopmentKeys(system.stack.keys()).signer("root-2").public_key.keyid
    system.run("revoke", keyid[:12], "--spec", str(system.spec))
    root = json.loads((system.channel / "metadata" / "2.root.json").read_bytes())["signed"]
    assert keyid not in root["keys"]
    assert len(root["roles"]["root"]["keyids"]) == 3
    assert "neither" in system.run("revoke", "0" * 12, "--spec", str(system.spec), code=2).stderr
    assert "no begin" in system.run("revoke", "xyz", "--spec", str(system.spec), code=2).stderr


def test_a_refresh_signs_what_ages_and_needs_no_build(system: System) -> None:
    assert "nothing to sign" in system.run("refresh", str(system.spec)).stdout
    (system.channel / "metadata" / "timestamp.json").unlink()
    assert "no channel" in system.run("refresh", str(system.spec), code=2).stderr
    shutil.rmtree(system.folder / "build" / "bundles")
    system.stack.remember_output(system.folder)
    assert "no channel" in system.run("refresh", str(system.spec), code=2).stderr


def test_verify_says_what_each_class_gets_and_until_when(system: System) -> None:
    system.publish(2.0, percent=20)
    done = system.run("verify", str(system.channel), "--root",
                      str(system.channel / "metadata" / "1.root.json"))  # fmt: skip
    assert "tier online: root 1, development keys" in done.stdout
    assert "to 20 % of devices" in done.stdout
    assert "tier remote" not in done.stdout  # which has a root of its own
    assert "tier remote" in system.run("verify", str(system.channel)).stdout
    other = system.channel / "remote" / "metadata" / "timestamp.json"
    other.write_bytes(other.read_bytes().replace(b"2", b"3"))
    broken = system.run("verify", str(system.channel), code=4)
    assert "fault: `metadata/timestamp.json` is refused" in broken.stdout
    assert "no channel" in system.run("verify", str(system.folder), code=2).stderr


def test_a_kit_is_the_same_tree_and_a_device_installs_from_it(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "trial", lambda slot: {"m": {}})
    system.publish(2.0)
    system.run("rotate", "timestamp", "--spec", str(system.spec))
    for _ in range(2):
        done = system.run("export-usb", str(tmp_path / "usb"), "--spec", str(system.spec))
        assert "devices believe it until" in done.stdout
    assert ", 0 written" in done.stdout
    root = (system.channel / "metadata" / "1.root.json").read_bytes()
    for name, folder in ((CAMERA, tmp_path / "usb"), (HUB, tmp_path / "usb" / "remote")):
        first = (system.channel / folder.relative_to(tmp_path / "usb") / "metadata" /
                 "1.root.json").read_bytes()  # fmt: skip
        home = device(tmp_path / name, folder, first, name).home
        assert look(home) == ""
    assert root
    system.run("export-usb", str(tmp_path / "one"), "--tier", "remote", "--spec", str(system.spec))
    assert {p.name for p in (tmp_path / "one").iterdir()} == {"metadata", "targets"}
    inside = str(system.channel / "usb")
    assert system.run("export-usb", inside, "--spec", str(system.spec), code=2)
    assert system.run("export-usb", "x", "--tier", "none", "--spec", str(system.spec), code=2)


def test_a_class_whose_only_release_was_withdrawn_is_offered_nothing(
    system: System, tmp_path: Path
) -> None:
    release = system.camera()["release"]
    system.run("revoke", release, "--spec", str(system.spec))
    assert system.audit()["repositories"][0]["offeredNothing"] == [CAMERA]
    assert "nothing, since" in system.run("verify", str(system.channel)).stdout
    system.run("export-usb", str(tmp_path / "usb"), "--spec", str(system.spec))
    with pytest.raises(Exception, match="was withdrawn"):
        system.publish(1.0)


def test_a_role_that_there_is_not_is_refused_by_name(system: System) -> None:
    done = system.run("rotate", "nobody", "--spec", str(system.spec), code=2)
    assert "timestamp-remote" in done.stderr


def test_the_channel_of_a_named_stack_never_begins_anew(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "stated", lambda *_: SimpleNamespace(roles=()))
    before = {p: p.read_bytes() for p in system.channel.rglob("*.json")}
    system.stack = Stack(spec=system.spec, name="prod")
    with pytest.raises(Exception, match="begun with other keys"):
        system.publish(2.0)
    assert {p: p.read_bytes() for p in system.channel.rglob("*.json")} == before
