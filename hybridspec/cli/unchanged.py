"""Whether a build would make what is there already: same tool, same inputs, output untouched."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridspec import __version__
from hybridspec.deliver.write import RECORD, intact, recorded
from hybridspec.ir.tree import digest_of
from hybridspec.target import registry

if TYPE_CHECKING:
    from hybridspec.cli.output_tree import Output
    from hybridspec.compiler import Options


@functools.cache
def tool_digest() -> str:
    """One digest over this program and its targets: another version means another build."""
    total = hashlib.sha256(__version__.encode())
    for package in ("hybridspec", *sorted({t.package for t in registry.targets().values()})):
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".j2", ".yaml") and path.is_file():
                total.update(f"{path.relative_to(root)} {digest_of(path)}\n".encode())
    return total.hexdigest()


def inputs_hold(state: dict[str, Any], spec: Path, options: Options) -> bool:
    """Whether tool, files and variables are those that a former run wrote down."""
    from hybridspec.load.compose import overlay_path

    overlay = overlay_path(spec, options.stack)
    return (
        state["tool"] == tool_digest()
        and all(_same(Path(path), digest) for path, digest in state["inputs"].items())
        and (not overlay.is_file() or str(overlay.resolve()) in state["inputs"])
        and all(variable(options.environment.get(name)) == was
                for name, was in state["taken"].items())
    )  # fmt: skip


def _same(path: Path, digest: str) -> bool:
    return path.is_file() and digest_of(path) == digest


def variable(text: str | None) -> str:
    """What a variable had from the environment, kept without its text; empty for nothing."""
    return "" if text is None else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def known(spec: Path, folder: Path | None, options: Options) -> dict[str, Any] | None:
    """What the same build wrote before, if it would write the same again and all of it is there."""
    if not _plain(options):
        return None
    try:
        state = json.loads(_place(spec, folder, options).read_bytes())
        output = Path(state["folder"])
        whole = inputs_hold(state, spec, options) and intact(output)
        return state if whole and digest_of(output / RECORD) == state["written"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember(spec: Path, folder: Path | None, options: Options, output: Output) -> None:
    """Write down what was built from what; best effort, and not where there is more to say."""
    build = output.build
    if not _plain(options) or build.plugins or build.findings:
        return
    state = {
        "folder": str(output.folder.resolve()),
        "inputs": {str(path.resolve()): digest for path, digest in build.inputs},
        "taken": {name: variable(text) for name, text in build.loaded.taken},
        "tool": tool_digest(),
        "planDigest": build.plan_digest,
        "written": digest_of(output.folder / RECORD),
        "files": len(recorded(output.folder)),
    }
    path = _place(spec, folder, options)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        new.write_text(json.dumps(state, sort_keys=True), encoding="utf-8")
        new.replace(path)


def _plain(options: Options) -> bool:
    return (options.waivers and not options.plugins and options.change is None
            and options.runtime is None)  # fmt: skip


def _place(spec: Path, folder: Path | None, options: Options) -> Path:
    asked = [str(spec.resolve()), str(folder.resolve()) if folder else None, options.stack,
             *options.settings]  # fmt: skip
    name = hashlib.sha256(json.dumps(asked).encode("utf-8", "replace")).hexdigest()
    return options.cache / "builds" / f"{name}.json"
