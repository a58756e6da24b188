"""A spec with keys of several people, and a channel that they sign: tiny, and real."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import CAMERA, Publisher, content

from hybridspec.bundle.repository import ClassRelease, Repository
from hybridspec.bundle.tiers import Served
from hybridspec.cli import keys_making, keys_waiting
from hybridspec.cli.channel import published
from hybridspec.cli.keys_ceremony import sign
from hybridspec.cli.keys_stated import Stated, stated
from hybridspec.deliver import ceremony
from hybridspec.deliver.ceremony import Unsigned
from hybridspec.deliver.publish import repositories

ROOTS = ("anna", "ben", "carol")
OTHERS = ("dora", "release", "snapshot", "timestamp", "model", "attestation")
SPEC = """\
apiVersion: hybridspec.dev/v1
metadata: {name: tiny, owner: someone, as_of: 2026-11-01}
zones:
  eu: {countries: [EU]}
devices:
  camera:
    board: raspberry-pi-5
    max_offline: P1D
    uplink: {bandwidth: 10Mbit/s, rtt: 30ms}
sites:
  plant: {country: DE, zone: eu, devices: {camera: 1}}
data:
  readings: {category: system.operations, size: 64B, rate: 1/s}
flows:
  watch:
    data: readings
    stages:
      alert: {sink: alert, inputs: [readings]}
rollout:
  cohorts:
    - {name: all, percent: 100, max_failures: 0}
stacks:
  prod:
    keys:
      keys:
        KEYS
      root: {keys: [anna, ben, carol], threshold: 2}
      targets: {keys: [dora]}
      snapshot: {keys: [snapshot]}
      timestamp: {keys: [timestamp]}
      classes: {keys: [release]}
      model: {keys: [model]}
      attestation: {keys: [attestation]}
"""


def secret(name: str) -> str:
    return f"HYBRIDSPEC_PASSPHRASE_{name.upper().replace('-', '_')}"


@dataclass
class Company:
    """A spec with keys, the people who know their passphrases, a channel and a device."""

    folder: Path
    patch: pytest.MonkeyPatch
    releases: list[ClassRelease] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publisher = Publisher(self.folder)
        keys = "\n        ".join(
            f'{n}: {{uri: "file:../away/{n}.key", public: keys/{n}.pem}}' for n in (*ROOTS, *OTHERS)
        )
        self.spec = self.folder / "spec" / "hybridspec.yaml"
        self.spec.parent.mkdir(parents=True, exist_ok=True)
        if not self.spec.exists():
            self.spec.write_text(SPEC.replace("KEYS", keys))

    @property
    def stated(self) -> Stated:
        return stated(self.spec, "prod")

    @property
    def channel(self) -> Path:
        return self.publisher.channel

    def present(self, *names: str) -> None:
        """Only these people, and whatever is online, are here."""
        for name in (*ROOTS, "dora", "release"):
            self.patch.delenv(secret(name), raising=False)
        for name in (*names, "snapshot", "timestamp", "model", "attestation"):
            self.patch.setenv(secret(name), name)

    def offer(self, bias: float) -> None:
        """A release that is to be published."""
        self.releases = [self.publisher.release(content(bias))]

    def publish(self) -> tuple[str, ...]:
        """What `channel publish` does after building."""
        place = Served(repository=Repository(), device_classes=(CAMERA,),
                       window=timedelta(days=10))  # fmt: skip
        there = repositories(self.channel)
        return published(self.channel, there, [place], self.stated.ring, self.releases).written

    def asked(self) -> Path:
        """Publish, where others have to sign first; gives the request as it would be sent."""
        with pytest.raises(Unsigned):
            self.publish()
        return self.sent()

    def sent(self) -> Path:
        (path,) = ceremony.folder(self.stated.stack).glob("request-*.json")
        return Path(shutil.copy(path, self.folder / path.name))

    def signed(self, request: Path, name: str) -> Path:
        """What a person sends back; each works in a folder of their own."""
        self.patch.setenv("HYBRIDSPEC_PASSPHRASE", name.partition("-")[0])
        uri = self.stated.keys[name].uri if name in self.stated.keys else f"file:../away/{name}.key"
        self.patch.chdir(self.spec.parent)
        made = sign(request, uri, None, lambda text: bool(text), self.folder / f"{name}.json")
        self.patch.delenv("HYBRIDSPEC_PASSPHRASE")
        return made

    def complete(self, *files: Path) -> tuple[str, ...]:
        """What `keys ceremony` does."""
        request, refused = ceremony.collect(self.stated.stack, list(files))
        for fault in refused:
            raise fault
        if request.open():
            raise ceremony.unsigned(request, self.sent(), {})
        return keys_waiting.complete(self.stated.ring, request)

    def metadata(self, role: str) -> Any:
        return self.publisher.metadata(role).signed

    def rotate(self, name: str, *present: str) -> None:
        """What `keys rotate` does before it publishes."""
        self.patch.setenv(secret(name), name)
        keys_making.rotate(self.stated, name, "", lambda _: None)
        self.present(*present)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A published channel with the keys of everybody, made by `keys init`: slow by design."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO())
        made = Company(tmp_path_factory.mktemp("company"), patch)
        for name in (*ROOTS, *OTHERS):
            patch.setenv(secret(name), name)
        done = keys_making.init(stated(made.spec, "prod", making=True), [], lambda _: None)
        assert {one.state for one in done} == {"made"}
        made.offer(1.0)
        made.publish()
        yield made.folder


@pytest.fixture
def running(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """A published channel; every key is here, and everything online."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    shutil.copytree(template, tmp_path / "company", symlinks=True)
    made = Company(tmp_path / "company", monkeypatch)
    made.present(*ROOTS, "dora", "release")
    made.offer(1.0)
    return made


@pytest.fixture
def company(running: Company) -> Company:
    """The same before anything was published."""
    shutil.rmtree(running.channel)
    return running
