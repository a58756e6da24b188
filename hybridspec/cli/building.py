"""`hybridspec build`: compile and write, or see that everything is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hybridspec.cli import output
from hybridspec.cli.unchanged import known, remember

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridspec.compiler import Options


def build_once(spec: Path, folder: Path | None, options: Options, *, as_json: bool) -> None:
    """Write what the spec makes, and say what changed."""
    same = known(spec, folder, options)
    if same is not None:
        output.say("nothing changed: everything is there already")
        shown = folder or spec.parent / "build" / Path(same["folder"]).name
        _say(shown, same["planDigest"], (), (), int(same["files"]), as_json=as_json)
        return
    from hybridspec.cli.output_tree import build

    done = build(spec, folder, options)
    remember(spec, folder, options, done)
    if not as_json:
        output.findings(done.build.findings, "human")
    changes = done.changes
    _say(done.folder, done.build.plan_digest, changes.written, changes.removed,
         len(changes.kept), as_json=as_json)  # fmt: skip


def _say(
    folder: Path, plan: str, written: Sequence[str], removed: Sequence[str], kept: int, *,
    as_json: bool,
) -> None:  # fmt: skip
    if as_json:
        output.document({
            "schemaVersion": "hybridspec.dev/build/v1", "folder": str(folder),
            "planDigest": plan, "written": list(written), "removed": list(removed), "kept": kept,
        })  # fmt: skip
        return
    print(f"{folder}: {len(written)} files written, {len(removed)} removed, {kept} unchanged")
