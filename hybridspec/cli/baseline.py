"""What a preview is compared with: the last applied state, or what somebody committed or wrote."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import yaml

from hybridspec.base.diagnostic import SpecInvalid
from hybridspec.base.errors import UsageError
from hybridspec.cli.output_tree import compiled
from hybridspec.cli.stack import evaluated, refuse_outside
from hybridspec.cli.unchanged import tool_digest
from hybridspec.compiler import Build, Options
from hybridspec.deliver import committed
from hybridspec.deliver.engine import deployment
from hybridspec.deliver.evaluation_cache import evaluate_once
from hybridspec.deliver.snapshot import Snapshot, read, snapshot, whole
from hybridspec.deliver.stack import Stack
from hybridspec.deliver.write import write_tree
from hybridspec.ir.tree import merge
from hybridspec.load.file import locate
from hybridspec.target.registry import targets

_PROJECT = "Pulumi.yaml"


def planned(build: Build, options: Options) -> Snapshot:
    """What a build would create, once it is known to stay within its plan."""
    with tempfile.TemporaryDirectory() as work:
        # As `up` writes them, to the file, so that it finds what is evaluated here.
        stacks = [tree.under(f"stacks/{cloud}") for cloud, tree in build.stacks]
        write_tree(Path(work), merge(stacks))
        evaluations = evaluated(build, Path(work), options.cache)
    refuse_outside(build, evaluations)
    return snapshot(evaluations)


def baseline(spec: Path, name: str, against: str | None, options: Options) -> tuple[str, Snapshot]:
    """What to compare with, in words and as resources.

    `against` is a file that `preview --record` wrote, a spec or its folder, a folder that `build`
    wrote, or else a commit, branch or tag.

    Raises:
        UsageError: it is none of these, or cannot be evaluated.
    """
    if against is None:
        stack = Stack(spec=spec, name=options.stack)
        applied = stack.load().get("resources") or deployment.applied(stack)
        if applied:
            return f"what was last applied to stack `{options.stack}`", whole(applied)
        return f"nothing: stack `{options.stack}` was never applied here", {}
    path = Path(against)
    if path.is_file() and path.suffix == ".json":
        return f"what {against} records", read(path)
    if path.is_dir() and (folders := _projects(path)):
        return f"what {against} would create", _emitted(folders, options)
    if path.exists():
        return f"what {against} asks for", _asked(locate(path), options, against)
    wanted = committed.commit(spec.parent, against)
    if not wanted:
        raise UsageError(
            f"`{against}` is no file, no folder, and no commit of the spec's repository",
            help="write a branch such as `origin/main` (fetched), a folder that `build` wrote, or "
            "a file of `preview --record`",
        )
    return f"commit {wanted[:12]} (`{against}`)", _at(spec, name, wanted, options)


def _at(spec: Path, name: str, wanted: str, options: Options) -> Snapshot:
    """What a commit would create: its emitted folder if it has one, else its spec."""
    root = committed.top(spec.parent)
    if root is None:
        raise UsageError(f"{spec} lies in no repository of git")
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work) / "tree"
        copy.mkdir()
        committed.extract(root, wanted, copy)
        then = copy / spec.resolve().relative_to(root.resolve())
        if folders := _projects(then.parent / "build" / name):
            return _emitted(folders, options)
        if not then.is_file():
            raise UsageError(
                f"commit {wanted[:12]} has no {then.relative_to(copy)}",
                help="name a commit that has the spec",
            )
        return _asked(then, options, f"commit {wanted[:12]}")


def _asked(spec: Path, options: Options, name: str) -> Snapshot:
    """What another spec would create; its findings are not those of the spec in hand."""
    options.progress(f"compiling {name}, to compare with")
    try:
        return planned(compiled(spec, replace(options, plugins=())), options)
    except SpecInvalid as invalid:
        first = next((f for f in invalid.findings if f.severity.value == "error"), None)
        why = f"{first.code}: {first.message}" if first else "it has errors"
        raise UsageError(
            f"the spec of {name} cannot be compared with, because it is refused: {why}",
            help="compare with one that `validate` accepts",
        ) from invalid


def _projects(folder: Path) -> dict[str, Path]:
    """Cloud to its project, in what `build` writes or in the `stacks` of it."""
    for base in (folder / "stacks", folder):
        found = {p.parent.name: p.parent for p in sorted(base.glob(f"*/{_PROJECT}"))}
        if found:
            return found
    return {folder.resolve().name: folder} if (folder / _PROJECT).is_file() else {}


def _emitted(folders: dict[str, Path], options: Options) -> Snapshot:
    """What emitted projects would create; they are programs, and run as those do."""
    options.progress("evaluating what to compare with")
    distributions = sorted(t.sdk.distribution for t in targets().values() if t.sdk)
    return snapshot({
        cloud: evaluate_once(folder, project=_name(folder), sdk=" ".join(distributions),
                             tool=tool_digest(), cache=options.cache)
        for cloud, folder in folders.items()
    })  # fmt: skip


def _name(folder: Path) -> str:
    """The name of a project, which is part of the URN of each of its resources."""
    try:
        found = yaml.safe_load((folder / _PROJECT).read_bytes())
    except (OSError, yaml.YAMLError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise UsageError(f"{folder / _PROJECT} names no project")
    return str(found["name"])
