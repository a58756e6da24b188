"""Joins compiler, report and deliver: the whole output of a spec, on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hybridspec import __version__
from hybridspec.bundle.archive import ArchiveDigest
from hybridspec.bundle.keys import Keyring
from hybridspec.bundle.manifest import canonical_json
from hybridspec.bundle.members import ENVELOPES, MANIFEST, SBOM
from hybridspec.bundle.sign import kept, sign
from hybridspec.compiler import Build, Options, compile_file
from hybridspec.deliver.write import Changes, pack, write_tree
from hybridspec.ir.tree import FileTree, merge
from hybridspec.place.explain_decision import explanations
from hybridspec.report.document import report_document
from hybridspec.report.markdown import markdown
from hybridspec.report.page import page


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A build on disk: where, what changed, and what a channel needs of it."""

    build: Build
    folder: Path
    changes: Changes
    report: dict[str, Any]
    archives: tuple[tuple[str, ArchiveDigest], ...]


def default_folder(spec: Path, name: str) -> Path:
    """`build/<name>` beside the spec."""
    return spec.parent / "build" / name


def compiled(spec: Path, options: Options) -> Build:
    """The whole pipeline, with progress."""
    return compile_file(spec, options)


def report_of(
    build: Build, archives: tuple[tuple[str, ArchiveDigest], ...], *, whole: bool = False
) -> dict[str, Any]:
    """The report's document; without archives while nothing has been packed.

    The `whole` of it has the checklists of all decisions, which take time where there are many.
    """
    return report_document(
        build.graph,
        build.plan,
        build.plan_document,
        build.artefacts,
        tuple((name, d.archive_sha256, d.archive_size) for name, d in archives),
        tuple((cloud, len(tree.files), tree.digest()) for cloud, tree in build.stacks),
        build.findings,
        __version__,
        build.plugins,
        explanations(build.graph, build.plan) if whole else (),
    )


def report_tree(report: dict[str, Any]) -> FileTree:
    """The report in every form."""
    return FileTree({
        "report/report.json": canonical_json(report),
        "report/report.md": markdown(report).encode(),
        "report/index.html": page(report).encode(),
    })  # fmt: skip


def write_output(build: Build, folder: Path, keys: Keyring | None = None) -> Output:
    """Pack bundles and write plan, stacks, bundles and report; the same build, the same bytes.

    With `keys` the bundles are signed; what is there already and still holds is not signed again.
    Without them a signature that is there over the same words stays.
    """
    before = {name: _envelopes(folder / "bundles" / name) for name, _ in build.contents}
    build = replace(build, contents=tuple(
        (name, kept(tree, before[name]) if keys is None else sign(tree, keys, before[name]))
        for name, tree in build.contents
    ))  # fmt: skip
    with tempfile.TemporaryDirectory() as work:
        files: dict[str, bytes | Path] = {}
        archives = []
        for name, tree in build.contents:
            path = Path(work) / name / "bundle.tar.zst"
            archives.append((name, pack(tree, path)))
            files[f"bundles/{name}/bundle.tar.zst"] = path
            files[f"bundles/{name}/manifest.json"] = tree.files[MANIFEST]
            files |= {f"bundles/{name}/{member}": tree.files[member]
                      for member in (SBOM, *ENVELOPES)}  # fmt: skip
        report = report_of(build, tuple(archives), whole=True)
        stacks = [tree.under(f"stacks/{cloud}") for cloud, tree in build.stacks]
        plan = FileTree({
            "plan.json": canonical_json(build.plan_document),
            "placement.json": canonical_json(build.placement),
        })  # fmt: skip
        whole = merge([FileTree(files), plan, report_tree(report), *stacks])
        changes = write_tree(folder, whole)
    return Output(
        build=build, folder=folder, changes=changes, report=report, archives=tuple(archives)
    )


def _envelopes(folder: Path) -> dict[str, bytes]:
    """What a former run signed, as far as it is there."""
    found = {name: folder / name for name in ENVELOPES}
    return {name: path.read_bytes() for name, path in found.items() if path.is_file()}


def build(
    spec: Path, folder: Path | None, options: Options,
    keys: Callable[[Sequence[str]], Keyring] | None = None,
) -> Output:  # fmt: skip
    """Compile a spec and write everything it makes; `keys` are asked for by device classes."""
    made = compiled(spec, options)
    ring = keys([name for name, _ in made.contents]) if keys is not None else None
    return write_output(made, folder or default_folder(spec, made.graph.name), ring)
