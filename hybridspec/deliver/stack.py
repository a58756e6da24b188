"""The state of a stack on this machine: where it lies, what was applied, and who works on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver import process
from hybridspec.deliver.durable import write_durably

_STATE = {
    "folder": str, "inputs": dict, "taken": dict, "tool": str, "plugins": dict, "each": int,
    "planDigest": str, "releases": dict, "resources": dict, "refreshAfter": str, "written": str,
    "published": str,
}  # fmt: skip
"""What a state holds; one of another shape says nothing."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Folders of one stack; `spec` is the spec file, everything else is derived from it."""

    spec: Path
    name: str = "local"

    @property
    def folder(self) -> Path:
        """Keys, fleet and state; never committed to version control."""
        return self.spec.parent / ".hybridspec" / self.spec.stem / self.name

    @property
    def channel_lock(self) -> Path:
        """Held by the channel's server."""
        return self.folder / "channel.lock"

    @property
    def devices(self) -> list[Path]:
        """The home of every virtual device, in order."""
        fleet = self.folder / "fleet"
        return sorted(p for p in fleet.iterdir() if p.is_dir()) if fleet.is_dir() else []

    def exists(self) -> bool:
        """Whether anything was ever applied, even in part."""
        return self.folder.is_dir()

    def load(self) -> dict[str, Any]:
        """What the last complete `up` recorded; empty if there is none."""
        try:
            state = json.loads((self.folder / "state.json").read_bytes())
        except (OSError, ValueError):
            return {}
        whole = isinstance(state, dict) and all(
            isinstance(state.get(key), kind) for key, kind in _STATE.items()
        )
        return state if whole else {}

    def save(self, state: Mapping[str, Any]) -> None:
        """Record a complete `up`."""
        data = (json.dumps(state, indent=1, sort_keys=True) + "\n").encode()
        write_durably(self.folder / "state.json", data)

    def remember_output(self, folder: Path) -> None:
        """Record where output goes before anything runs from there, so `destroy` finds it."""
        write_durably(self.folder / "output", str(folder.resolve()).encode())

    def output(self) -> Path | None:
        """The folder of the last `up`, finished or not."""
        try:
            found = Path((self.folder / "output").read_text(encoding="utf-8"))
            return found if found.is_absolute() and found.is_dir() else None
        except (OSError, ValueError):
            return None

    def lock(self) -> IO[bytes]:
        """Hold the stack for this process until what is returned is closed.

        Raises:
            HybridspecError: another `up` or `destroy` is at work.
        """
        held = process.hold(self.folder.parent / f"{self.name}.lock")
        if held is None:
            raise HybridspecError(
                f"another command is working on stack `{self.name}`",
                help="wait for it to end, then run this again",
            )
        return held

    def keys(self) -> dict[str, bytes]:
        """Development keys by name."""
        folder = self.folder / "keys"
        return {p.stem: p.read_bytes() for p in sorted(folder.glob("*.pem"))}

    def keep_keys(self, pems: Mapping[str, bytes]) -> None:
        """Write new development keys, readable by their owner alone."""
        folder = self.folder / "keys"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        for path in folder.glob("*.pem"):
            path.chmod(0o600)
        held = self.keys()
        for name, pem in sorted(pems.items(), key=lambda one: not one[0].startswith("old-")):
            if held.get(name) != pem:  # a key that is replaced is safe before its successor comes
                write_durably(folder / f"{name}.pem", pem, mode=0o600)

    def drop_keys(self, names: Collection[str]) -> None:
        """Delete keys that nothing is signed with any more."""
        for name in names:
            (self.folder / "keys" / f"{name}.pem").unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete everything of the stack but its build output; links are not followed."""
        if self.folder.is_symlink():
            self.folder.unlink()
        else:
            shutil.rmtree(self.folder)
