"""Run an agent that is interrupted at its n-th durable operation, for every n, and restart it.

`python interrupted.py HOME CHANNEL WORK MODE EVERY WANTED` takes a device as it stands in HOME,
lets it look at CHANNEL once for each (or each EVERY-th) operation it would do, and prints what went
wrong as JSON. WANTED is the release that the device must run in the end.

Modes: `kill` ends the process before the operation, everything done before it persists; `cut` cuts
the power instead: files without fsync lose their content, names without fsync of their folder lose
what happened to them; `full` lets this and every later operation fail for want of space; `fault`
lets this one alone fail with an input/output error.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import gc
import io
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hybridspec.agent import cli, update, verify
from hybridspec.agent.errors import Unhealthy
from hybridspec.agent.state import load
from hybridspec.bundle.manifest import parse_manifest, release_id

NAMED = ("replace", "rename", "unlink", "remove", "rmdir", "mkdir", "symlink")
BAD = "bad"
"""A release of this spec name fails its trial."""


class Interruption:
    """Counts durable operations of this process and interrupts the n-th; 0 for never."""

    def __init__(self, home: Path, shadow: Path, mode: str, number: int) -> None:
        self.home, self.shadow, self.mode, self.number = home, shadow, mode, number
        self.done = 0
        self.log: list[str] = []
        self.real = {name: getattr(os, name) for name in (*NAMED, "fsync", "open", "link")}
        self.known = {p.lstat().st_ino for p in home.rglob("*")}
        self.undo: list[tuple[Path, Callable[[], None]]] = []

    def install(self) -> None:
        """Stand before every operation that changes what a disk holds."""
        for name in NAMED:
            setattr(os, name, self._named(name))
        os.fsync = self._fsync  # type: ignore[assignment]
        os.open = self._os_open  # type: ignore[assignment]
        opened = builtins.open

        def opening(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
            if set(mode) & set("wxa") and isinstance(file, str | os.PathLike):
                self._before("create", file)
                self._created(Path(file))
            return opened(file, mode, *more, **options)

        builtins.open = io.open = opening  # type: ignore[assignment]

    def _before(self, what: str, path: Any) -> None:
        if not Path(path).is_relative_to(self.home):
            return  # temporary files of other makers
        self.done += 1
        self.log.append(f"{what} {Path(str(path)).name}")
        if not self.number or self.done < self.number:
            return
        if self.mode == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        if self.done > self.number:
            return
        if self.mode == "fault":
            raise OSError(errno.EIO, "Input/output error")
        if self.mode == "cut":
            self._cut()
        os.kill(os.getpid(), signal.SIGKILL)

    def _named(self, name: str) -> Callable[..., Any]:
        def act(path: Any, *more: Any, **options: Any) -> Any:
            folder = options.get("dir_fd")
            base = Path() if folder is None else Path(f"/proc/self/fd/{folder}").readlink()
            self._before(name, base / path)
            if not options and name in ("replace", "rename"):
                self._renamed(Path(path), Path(more[0]))
            elif not options and name in ("unlink", "remove"):
                self._kept(Path(path))
            elif not options and name in ("mkdir", "symlink"):
                self._created(Path(path if name == "mkdir" else more[0]))
            return self.real[name](path, *more, **options)

        return act

    def _os_open(self, path: Any, flags: int, *more: Any, **options: Any) -> int:
        if flags & os.O_CREAT and not flags & getattr(os, "O_TMPFILE", 0):
            self._before("create", path)
            self._created(Path(path))
        return int(self.real["open"](path, flags, *more, **options))

    def _fsync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        self._before("fsync", path)  # the disk itself is not waited for: `cut` plays its part
        if path.is_dir():
            self.undo = [(folder, act) for folder, act in self.undo if folder != path]
        else:
            self.known.add(os.fstat(descriptor).st_ino)

    def _created(self, path: Path) -> None:
        if not os.path.lexists(path):
            self.undo.append((path.parent, lambda: self._gone(path)))

    def _gone(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def _kept(self, path: Path) -> None:
        """Remember what a name stood for, so that a power cut can bring it back."""
        if os.path.lexists(path) and path.is_relative_to(self.home):
            copy = self.shadow / str(len(list(self.shadow.iterdir())))
            self.real["link"](path, copy, follow_symlinks=False)
            self.undo.append((path.parent, lambda: self._back(copy, path)))

    def _back(self, copy: Path, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink(missing_ok=True)
            self.real["link"](copy, path, follow_symlinks=False)

    def _renamed(self, source: Path, target: Path) -> None:
        self._kept(target)
        if not os.path.lexists(target):
            self.undo.append((target.parent, lambda: self._gone(target)))

    def _cut(self) -> None:
        for name in NAMED:
            setattr(os, name, self.real[name])
        for path in self.home.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_ino not in self.known:
                os.truncate(path, 0)
        for _, act in reversed(self.undo):
            act()


def _trial(slot: Path) -> dict[str, Any]:
    """The verdict without the inference: this is about the disk."""
    if parse_manifest((slot / "release.json").read_bytes()).spec == BAD:
        raise Unhealthy("golden-differs", "it is meant to fail")
    return {"m": {}}


def _child(act: Callable[[], Any]) -> int:
    """Run something in a child process; its exit code, negative for a signal."""
    number = os.fork()
    if not number:
        code = 99
        try:
            with Path(os.devnull).open("w") as nothing, contextlib.redirect_stderr(nothing):
                code = int(act() or 0)
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


class Sweep:
    """One device, one change, one mode: every point at which it may be interrupted."""

    def __init__(
        self, home: Path, channel: Path, work: Path, mode: str, every: int, wanted: str
    ) -> None:
        self.template, self.work, self.wanted = home, work, wanted
        self.mode, self.every = mode, every
        self.home, self.shadow = work / "home", work / "shadow"
        self.faults: list[str] = []
        config = json.loads((home / "config.json").read_bytes()) | {"channel": str(channel)}
        (home / "config.json").write_text(json.dumps(config))
        self.floors = self._floors(home)
        self.slots = {s.release for s in load(home).slots.values()} | {wanted}

    def run(self) -> dict[str, Any]:
        """Count the operations, then interrupt each of them."""
        log = self.work / "log"
        self._restore()
        update.Device.open(self.home).cycle()  # so that no child has to import anything
        gc.freeze()  # nor to look through all that was imported
        self._restore()
        _child(lambda: self._agent(0, log))
        names = log.read_text().splitlines()
        self._check("uninterrupted", restarted=True)
        points = range(1, len(names) + 1, self.every)
        for number in points:
            self._restore()
            place = f"{self.mode} before {number}: {names[number - 1]}"
            ended = _child(lambda n=number: self._agent(n, log))
            died = self.mode in ("kill", "cut")
            if (ended == -signal.SIGKILL) != died or ended in (98, 99):
                self.faults.append(f"{place}: the process ended with {ended}")
            self._check(place, restarted=False)
            # One start may end with an old trial that fails; the next has nothing left to finish.
            if _child(lambda: self._agent(0, log)):
                _child(lambda: self._agent(0, log))
            self._check(place, restarted=True)
        return {"operations": len(names), "points": len(points), "faults": self.faults}

    def _restore(self) -> None:
        for folder in (self.home, self.shadow):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.template, self.home, symlinks=True)
        self.shadow.mkdir()

    def _agent(self, number: int, log: Path) -> int:
        interruption = Interruption(self.home, self.shadow, self.mode, number)
        interruption.install()
        try:
            return cli.main(["run", "--once", "--home", str(self.home)])
        except Exception:  # whatever it is, an agent must not end by it
            return 98
        finally:
            descriptor = interruption.real["open"](log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(descriptor, "\n".join(interruption.log).encode())

    def _floors(self, home: Path) -> tuple[int, int]:
        state = load(home)
        return state.counter_floor, state.epoch_floor

    def _check(self, place: str, *, restarted: bool) -> None:
        """What must hold at any moment; after a restart the device also runs what it should."""
        state, link = load(self.home), self.home / "current"
        after = "after a restart" if restarted else "at once"
        if any(now < before for now, before in zip(self._floors(self.home), self.floors,
                                                   strict=True)):  # fmt: skip
            self.faults.append(f"{place}: {after} a floor is lower")
        if link.is_symlink():
            runs = self._runs(link)
            if runs not in self.slots:
                self.faults.append(f"{place}: {after} `current` names a slot with {runs}")
        elif os.path.lexists(link):
            self.faults.append(f"{place}: {after} `current` is no link")
        if restarted:
            active = state.slots.get(state.active)
            if not active or active.release != self.wanted or state.pending:
                self.faults.append(f"{place}: it did not converge: {state}")
            elif not link.is_symlink() or link.readlink() != Path("slots") / state.active:
                self.faults.append(f"{place}: `current` is not the active slot")
            told = json.loads((self.home / "report.json").read_bytes())
            if told["release"] != self.wanted or told["state"] != "COMMITTED":
                self.faults.append(f"{place}: the report is not true: {told}")

    def _runs(self, link: Path) -> str:
        """The release that `current` names, or what is wrong with it."""
        try:
            data = (link / "release.json").read_bytes()
            verify.slot(link.resolve(), parse_manifest(data))
        except Exception as fault:  # any fault is the finding
            return repr(fault)
        return release_id(data)


def main() -> None:
    """See the module's docstring."""
    home, channel, work = map(Path, sys.argv[1:4])
    update.trial = _trial
    mode, every, wanted = sys.argv[4:7]
    print(json.dumps(Sweep(home, channel, work, mode, int(every), wanted).run()))


if __name__ == "__main__":
    main()
