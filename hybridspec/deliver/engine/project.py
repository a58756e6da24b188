"""One cloud's emitted project in the engine's hands: a copy of it, its stack, and what is done."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridspec.base.errors import HybridspecError, StackNotFound
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.engine import python_environment
from hybridspec.deliver.engine.command import Cli, Ran, run
from hybridspec.deliver.engine.fault import raise_for
from hybridspec.deliver.engine.state import State, read, settled
from hybridspec.deliver.write import RECORD, intact, write_tree
from hybridspec.ir.tree import FileTree

_KEPT = re.compile(rb"^(?:encryptionsalt|secretsprovider|encryptedkey): .*$", re.MULTILINE)
_SAME = ("same", "read", "refresh")
_LINE = re.compile(r"^\s*[-+~@!]\S*\s+(\S+)\s+(\S+)\s+(created|updated|deleted|replaced|refreshed)")


@dataclass(frozen=True, slots=True)
class Step:
    """One resource in a preview: what would be done to it."""

    op: str
    type: str
    name: str
    urn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project of one cloud: where the copy lies that the engine works on, and as which stack.

    The copy is byte for byte what was emitted, but for the salt of the stack's secrets, which the
    engine adds to the stack's settings; nothing that happens to the build output while the engine
    works changes what it applies, and a stack can be undone whose spec is gone.
    """

    cloud: str
    stack: str
    folder: Path
    cli: Cli
    environment: Mapping[str, str]

    def write(self, tree: FileTree) -> None:
        """Make the copy hold `tree`, keeping the salt of the stack's secrets."""
        settings = f"Pulumi.{self.stack}.yaml"
        files = dict(tree.files)
        path = self.folder / settings
        kept = _KEPT.findall(path.read_bytes()) if path.is_file() else []
        emitted = files.get(settings, b"")
        if kept:
            text = emitted if isinstance(emitted, bytes) else emitted.read_bytes()
            lines = [line for line in (text.rstrip(b"\n"), *kept) if line]
            files[settings] = b"\n".join(lines) + b"\n"
        write_tree(self.folder, FileTree(files))
        python_environment.make(self.folder / "venv")

    def written(self) -> bool:
        """Whether there is a copy to work on."""
        return (self.folder / "Pulumi.yaml").is_file()

    def select(self, *, create: bool) -> bool:
        """Whether the backend has the stack, which `create` makes sure of."""
        ran = self._run("stack", "select", self.stack, *(["--create"] if create else []))
        if ran.code == StackNotFound.exit_code and not create:
            return False
        raise_for(ran, self.cloud, "reach its state")
        self._keep_salt()
        return True

    def state(self) -> State:
        """What the engine has written down; asks no cloud."""
        ran = self._run("stack", "export", "--stack", self.stack)
        raise_for(ran, self.cloud, "read its state")
        return read(ran.out)

    def preview(self, *, live: bool = False) -> tuple[Step, ...]:
        """What `up` would do; `live` looks first at what there really is."""
        ran = self._run(
            "preview",
            "--json",
            "--show-sames",
            "--stack",
            self.stack,
            *(["--refresh"] if live else []),
        )
        raise_for(ran, self.cloud, "preview")
        return tuple(_steps(ran.out))

    def up(self, message: str, hear: Callable[[str], None]) -> None:
        """Create and change what the program says."""
        self._work("up", "--message", message, hear=hear)

    def refresh(self, hear: Callable[[str], None]) -> None:
        """Take over what there really is."""
        self._work("refresh", hear=hear)

    def destroy(self, hear: Callable[[str], None]) -> None:
        """Delete everything; what is protected stops it."""
        self._work("destroy", hear=hear)

    def unprotect(self) -> None:
        """Take the protection off everything."""
        ran = self._run("state", "unprotect", "--all", "--yes", "--stack", self.stack)
        raise_for(ran, self.cloud, "take the protection off")

    def repair(self, adopted: Mapping[str, str]) -> None:
        """Settle operations that were cut off: resources by URN and identifier are taken over.

        Any other that was being created is taken for one that does not exist.
        """
        ran = self._run("stack", "export", "--stack", self.stack)
        raise_for(ran, self.cloud, "read its state")
        path = self.folder.parent / f"{self.cloud}.settled.json"
        write_durably(path, settled(ran.out, adopted).encode(), mode=0o600)
        try:
            ran = self._run("stack", "import", "--file", str(path), "--stack", self.stack)
            raise_for(ran, self.cloud, "settle what was cut off")
        finally:
            path.unlink()
        ran = self._run("refresh", "--yes", "--skip-preview", "--stack", self.stack)
        raise_for(ran, self.cloud, "look at what there really is")

    def unlock(self) -> None:
        """Remove the lock of an engine that is no more."""
        ran = self._run("cancel", "--yes", self.stack)
        raise_for(ran, self.cloud, "remove the lock")

    def remove(self) -> None:
        """Forget the stack and its copy; there must be nothing left in it."""
        ran = self._run("stack", "rm", "--yes", "--preserve-config", self.stack)
        if ran.code != StackNotFound.exit_code:
            raise_for(ran, self.cloud, "remove its state")
        shutil.rmtree(self.folder)

    def _work(self, command: str, *flags: str, hear: Callable[[str], None]) -> None:
        def each(line: str) -> None:
            found = _LINE.match(line)
            if found:
                hear(f"{self.cloud}: {found[1]} {found[2]} {found[3]}")

        ran = self._run(
            command, "--yes", "--skip-preview", "--suppress-outputs", "--stack", self.stack,
            *flags, hear=each,
        )  # fmt: skip
        log = self.folder.parent / f"{self.cloud}.log"
        write_durably(log, ran.text.encode(errors="replace"), mode=0o600)
        raise_for(ran, self.cloud, command, log)

    def _run(self, *arguments: str, hear: Callable[[str], None] | None = None) -> Ran:
        if not self.written():
            raise HybridspecError(
                f"{self.cloud}: the project that was applied is no longer in {self.folder}",
                help=f"`hybridspec up --stack {self.stack}` writes it again from the spec; what is "
                "deployed is kept by the backend",
            )
        words = [*arguments, "--non-interactive", "--color", "never"]
        return run(self.cli, words, self.folder, self.environment, hear)

    def _keep_salt(self) -> None:
        """Count what the engine has added to the settings among what was written."""
        path = self.folder / f"Pulumi.{self.stack}.yaml"
        if path.is_file() and not intact(self.folder):
            files = {
                name: (self.folder / name).read_bytes()
                for name in json.loads((self.folder / RECORD).read_bytes())
            }
            write_tree(self.folder, FileTree({**files, path.name: path.read_bytes()}))


def _steps(printed: str) -> Iterator[Step]:
    document: dict[str, Any] = json.loads(printed)
    for step in document.get("steps") or ():
        urn = str(step["urn"])
        kind = urn.split("::")[2].rpartition("$")[2]
        if kind == "pulumi:pulumi:Stack":
            continue
        op = str(step["op"])
        yield Step("same" if op in _SAME else op, kind, urn.rpartition("::")[2], urn)
