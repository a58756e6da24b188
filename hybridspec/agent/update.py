"""The update state machine: each step is persisted before it acts and can be repeated.

IDLE -> FETCH -> VERIFY -> STAGED -> TRIAL -> COMMIT | ROLLBACK -> IDLE; a look that finds nothing
new records nothing.
"""

from __future__ import annotations

import errno
import json
import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hybridspec.agent import slots, verify
from hybridspec.agent.archive import Content, Packed
from hybridspec.agent.client import Channel, Offer
from hybridspec.agent.delta import Patched
from hybridspec.agent.errors import Refused, Stopped, Unhealthy, Unreachable
from hybridspec.agent.fetch import Clock, Source
from hybridspec.agent.state import EMPTY, SLOTS, Installed, State, load, save, write_durably
from hybridspec.agent.verify import trial
from hybridspec.bundle.manifest import (
    ManifestError,
    ReleaseManifest,
    parse_manifest,
    release_id,
)

TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a device was set up with; `channel` is a URL or a folder."""

    device_id: str
    device_class: str
    channel: str


@dataclass(slots=True)
class Device:
    """One device's home folder and the transitions on it."""

    home: Path
    config: Config
    health: dict[str, Any]
    state: State
    clock: Clock = field(default_factory=Clock)
    fetcher: Source | None = None

    @classmethod
    def open(cls, home: Path, clock: Clock | None = None, fetcher: Source | None = None) -> Device:
        """Read configuration and state; nothing is decided before the first `cycle`."""
        config = Config(**json.loads((home / "config.json").read_text(encoding="utf-8")))
        return cls(home=home, config=config, health={}, state=load(home), clock=clock or Clock(),
                   fetcher=fetcher)  # fmt: skip

    def slot(self, name: str) -> Path:
        """The folder of a slot."""
        return self.home / "slots" / name

    def cycle(self) -> str:
        """Recover, look at the channel once, report; why it stopped, empty if all is well."""
        try:
            reason, message = self._look()
            self.report(reason, message)
        except OSError as fault:
            full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = "disk-full" if full else "storage-fault"
            with suppress(OSError):
                # From here on what is on the disk counts, not what this process believes.
                self.state, self.health = load(self.home), {}
                self.report(reason, str(fault))
        return reason

    def _look(self) -> tuple[str, str]:
        try:
            self._recover()
            self._update()
        except Stopped as stopped:
            self._save(phase="IDLE")
            return stopped.reason, str(stopped)
        return "", ""

    def _save(self, **changes: Any) -> None:
        changed = replace(self.state, **changes)
        if changed != self.state:
            self.state = save(self.home, changed)

    def _recover(self) -> None:
        """Finish or undo a trial that never ended, and check the slot that is meant to run."""
        if self.state.pending and self.state.tries < TRIES:
            self._try()
        elif self.state.pending:
            self._roll_back(blame=True)
        self._settle()

    def _settle(self) -> None:
        """Run the active slot if it is whole, else the other one, else nothing."""
        if self.state.active and not self._good(self.state.active):
            other = self.state.slots.get(self.state.inactive)
            # What the security epoch has shut out does not come back through a damaged slot.
            usable = other is not None and other.epoch >= self.state.epoch_floor
            usable = usable and self._good(self.state.inactive)
            kept = {n: s for n, s in self.state.slots.items() if n != self.state.active}
            self.health = {}
            self._save(active=self.state.inactive if usable else EMPTY, slots=kept, phase="IDLE")
        slots.point(self.home, self.state.active)

    def _good(self, name: str) -> bool:
        """Whether a slot still holds exactly the release that was installed into it."""
        recorded = self.state.slots.get(name)
        try:
            data = (self.slot(name) / verify.MANIFEST).read_bytes()
            verify.slot(self.slot(name), parse_manifest(data))
        except (OSError, ManifestError, Refused):
            return False
        return recorded is not None and release_id(data) == recorded.release

    def _update(self) -> None:
        channel = Channel(self.home, self.config.channel, self.clock, self.fetcher)
        verify.metadata(channel, self.config.device_class)
        verify.custody(channel)
        offer = verify.pointer(channel, self.config.device_class, self.config.device_id)
        manifest = verify.eligible(offer, self.state, self.config.device_class)
        running = self.state.slots.get(self.state.active)
        if running is not None and running.tar_sha256 == offer.tar_sha256:
            self._remember(offer, running)
            return
        verify.room(offer, manifest, self.home)
        self._install(channel, offer, manifest)
        self._save(
            phase="TRIAL", pending=self.state.inactive, tries=0,
            slots={**self.state.slots, self.state.inactive: _installed(offer)},
        )  # fmt: skip
        self._try()

    def _remember(self, offer: Offer, running: Installed) -> None:
        """The same content under a newer counter or epoch raises the floors, nothing else."""
        name = self.state.active
        self._save(
            phase="IDLE",
            counter_floor=max(offer.counter, self.state.counter_floor),
            epoch_floor=max(offer.epoch, self.state.epoch_floor),
            slots={**self.state.slots, name: replace(running, counter=offer.counter,
                                                     epoch=offer.epoch)},
        )  # fmt: skip

    def _install(self, channel: Channel, offer: Offer, manifest: ReleaseManifest) -> None:
        target = self.state.inactive
        self._save(phase="FETCH")
        release = self._read(channel, offer, manifest)
        kept = {n: s for n, s in self.state.slots.items() if n != target}
        self._save(phase="VERIFY", slots=kept)  # until here the old release is there to fall back
        slots.fill(self.slot(target), release)
        try:
            verify.slot(self.slot(target), manifest)
        except Refused:
            shutil.rmtree(self.slot(target), ignore_errors=True)
            raise
        self._save(phase="STAGED")
        channel.forget()

    def _read(self, channel: Channel, offer: Offer, manifest: ReleaseManifest) -> Content:
        """The release in the smaller form: a delta from what runs here, or its bundle."""
        sizes = {path: record.size for path, record in verify.expected(offer, manifest).items()}
        running = self.state.slots.get(self.state.active)
        release: Content
        try:
            delta = verify.delta(channel, offer, running)
            if delta is not None and running is not None:
                base = self.slot(self.state.active)
                release = Patched(delta, base, running.tar_sha256, sizes, offer.tar_sha256,
                                  offer.tar_size)  # fmt: skip
                verify.content(release, offer, manifest)
                return release
        except Refused:
            channel.forget()
        except Unreachable as fault:
            if fault.reason != "file-missing":
                raise  # and the next look goes on with the delta
        archive = verify.bundle(channel, offer)
        release = Packed(archive, sizes, offer.tar_sha256, offer.tar_size)
        try:
            verify.content(release, offer, manifest)
        except Refused:
            channel.forget()
            raise
        return release

    def _try(self) -> None:
        """Run the contract of the pending slot; commit it or go back."""
        pending = self.state.pending
        if not self._good(pending):
            self._roll_back(blame=False)
            raise Refused("slot-damaged", "the slot on trial is not what was installed")
        self._save(tries=self.state.tries + 1)
        try:
            self.health = trial(self.slot(pending))
        except Unhealthy:
            self._roll_back(blame=True)
            raise
        except (SystemExit, KeyboardInterrupt, OSError):
            # A planned stop, or a device that cannot start a process, is no failed try.
            self._save(tries=self.state.tries - 1)
            raise
        tried = self.state.slots[pending]
        self._save(
            phase="COMMIT", active=pending, pending=EMPTY, tries=0,
            counter_floor=tried.counter,
            epoch_floor=max(tried.epoch, self.state.epoch_floor),
        )  # fmt: skip
        slots.point(self.home, pending)

    def _roll_back(self, *, blame: bool) -> None:
        """Stay with the active slot, or with none; quarantine the release if it is to blame."""
        failed = self.state.slots.get(self.state.pending)
        bad = {failed.tar_sha256: failed.counter} if failed and blame else {}
        kept = {n: s for n, s in self.state.slots.items() if n != self.state.pending}
        self._save(phase="ROLLBACK", pending=EMPTY, tries=0, slots=kept,
                   quarantined={**self.state.quarantined, **bad})  # fmt: skip
        self._settle()

    def report(self, reason: str, message: str) -> None:
        """Write what runs now, and why nothing newer does; only what is true at this moment."""
        running = self.state.slots.get(self.state.active)
        if running is not None and not self.health:
            try:
                self.health = trial(self.slot(self.state.active))
            except Unhealthy as fault:
                reason, message = fault.reason, str(fault)
        body = {
            "schema": "hybridspec.dev/agent-report/v1",
            "deviceId": self.config.device_id,
            "deviceClass": self.config.device_class,
            "state": "COMMITTED" if running is not None else "EMPTY",
            "phase": self.state.phase,
            "slot": self.state.active,
            "release": running.release if running else None,
            "releaseCounter": running.counter if running else None,
            "tarSha256": running.tar_sha256 if running else None,
            "generation": self.state.generation,
            "health": self.health if running else {},
            "reason": reason,
            "message": message,
        }
        data = json.dumps(body, indent=2, sort_keys=True).encode()
        path = self.home / "report.json"
        if not path.exists() or path.read_bytes() != data:
            write_durably(path, data)


def _installed(offer: Offer) -> Installed:
    return Installed(
        release=offer.release, counter=offer.counter, epoch=offer.epoch, tar_sha256=offer.tar_sha256
    )


def set_up(home: Path, config: Config, root: bytes) -> None:
    """Burn the bootstrap root into a new home and write its configuration."""
    for name in SLOTS:
        (home / "slots" / name).mkdir(parents=True, exist_ok=True)
    write_durably(home / "root.json", root)
    (home / "root.json").chmod(0o444)
    body = {"device_id": config.device_id, "device_class": config.device_class,
            "channel": config.channel}  # fmt: skip
    write_durably(home / "config.json", json.dumps(body, sort_keys=True).encode())
