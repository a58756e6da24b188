"""The commands that deploy: preview, up, status and destroy of the built-in stack `local`."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from hybridspec import __version__
from hybridspec.base.diagnostic import Diagnostic, SpecInvalid
from hybridspec.base.errors import StackNotFound
from hybridspec.bundle.keys import class_role, complete
from hybridspec.bundle.manifest import release_id
from hybridspec.bundle.repository import ClassRelease, Validity, publish
from hybridspec.cli.output_tree import Output, compiled, default_folder, write_output
from hybridspec.compiler import Build
from hybridspec.deliver import fleet
from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.deliver.publish import read_metadata, remove_channel, write_publication
from hybridspec.deliver.stack import Stack
from hybridspec.deliver.write import intact, write_tree
from hybridspec.ir.tree import digest_of
from hybridspec.load.catalog import load_catalogs
from hybridspec.spec.catalog import Catalog
from hybridspec.target import registry

Progress = Callable[[str], None]
LAYER = "offline evaluation of the emitted programs against the real SDK; no cloud was asked"


def local(spec: Path, name: str) -> Stack:
    """The stack of a spec; only `local` is built in.

    Raises:
        StackNotFound: another name.
    """
    if name != "local":
        raise StackNotFound(
            f"there is no stack `{name}`; only `local` is built in",
            help="deploy to a cloud from the emitted folder: `cd build/<name>/stacks/<cloud>`, "
            "then `pulumi up`",
        )
    return Stack(spec=spec, name=name)


def tool_digest() -> str:
    """One digest over this program and its targets: another version means another build."""
    total = hashlib.sha256(__version__.encode())
    for package in ("hybridspec", *sorted({t.package for t in registry.targets().values()})):
        root = Path(str(files(package)))
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".j2", ".yaml") and path.is_file():
                total.update(f"{path.relative_to(root)} {digest_of(path)}\n".encode())
    return total.hexdigest()


def unchanged(stack: Stack, folder: Path | None, each: int) -> dict[str, Any] | None:
    """The recorded state, if inputs, tool, output and running fleet are all as it says."""
    state = stack.load()
    if not state or state["tool"] != tool_digest() or state["each"] != each:
        return None
    if folder is not None and str(folder.resolve()) != state["folder"]:
        return None
    for path, digest in state["inputs"].items():
        file = Path(path)
        if not file.is_file() or digest_of(file) != digest:
            return None
    whole = intact(Path(state["folder"])) and fleet.settled(stack, state["releases"])
    fresh = datetime.fromisoformat(state["refreshAfter"]) > datetime.now(UTC)
    return state if whole and fresh else None


def up(
    stack: Stack, folder: Path | None, cache: Path, each: int, progress: Progress
) -> tuple[dict[str, Any], bool]:
    """Compile, evaluate, publish, run; returns the state and whether there was work to do."""
    if not stack.spec.is_file():
        compiled(stack.spec, cache, progress)  # says so, before a lock is left behind
    held = stack.lock()
    try:
        same = unchanged(stack, folder, each)
        if same is not None:
            return same, False
        output = build(stack.spec, folder, cache, progress)
        stack.remember_output(output.folder)
        progress("evaluating the cloud stacks offline")
        evaluations = evaluated(output.build, output.folder)
        refuse_outside(output.build, evaluations)
        progress("signing and publishing the channel")
        validity = publish_channel(stack, output)
        classes = [name for name, _ in output.archives]
        wanted = {name: digest.tar_sha256 for name, digest in output.archives}
        progress(f"starting {len(classes) * each} agents")
        channel = output.folder / "channel"
        url = fleet.serve(stack, channel)
        fleet.prune(stack, classes, each)
        fleet.start(stack, url, channel / "metadata" / "1.root.json", classes, each)
        fleet.wait(stack, wanted)
        state = _state(output, evaluations, wanted, each, validity)
        stack.save(state)
        return state, True
    finally:
        held.close()


def build(spec: Path, folder: Path | None, cache: Path, progress: Progress) -> Output:
    """Compile a spec and write everything it makes."""
    made = compiled(spec, cache, progress)
    return write_output(made, folder or default_folder(spec, made.graph.name))


def evaluated(build: Build, folder: Path) -> dict[str, Evaluation]:
    """Every emitted stack, run offline."""
    return {
        cloud: evaluate(folder / "stacks" / cloud, project=build.graph.name)
        for cloud, _ in build.stacks
    }


def refuse_outside(build: Build, evaluations: dict[str, Evaluation]) -> None:
    """Stop if a resource of an emitted program lies outside the plan: the last tripwire."""
    catalogs, _ = load_catalogs()
    found = []
    for cloud, evaluation in evaluations.items():
        known = _region_names(build, catalogs, cloud)
        allowed = {s.region.name for s in build.plan.stores if s.region.cloud == cloud}
        found += [
            Diagnostic(
                code="HS0502", message=f"{cloud}: {resource.type} `{resource.name}`: {why}",
                span=None, help="report this: the emitter made what the plan does not allow",
            )
            for resource, why in outside_plan(evaluation, allowed, known)
        ]  # fmt: skip
    if found:
        raise SpecInvalid(tuple(found))


def _region_names(build: Build, catalogs: Mapping[str, Catalog], cloud: str) -> set[str]:
    """Every region of the cloud's provider, but for words that the user gave a meaning."""
    graph = build.graph
    provider = next(s.region.provider for s in build.plan.stores if s.region.cloud == cloud)
    given = {graph.name, *(z.name for z in graph.zones), *(d.name for d in graph.device_classes),
             *(m.name for m in graph.models)}  # fmt: skip
    return set(catalogs[provider].regions) - given


def publish_channel(stack: Stack, output: Output) -> datetime:
    """Sign what changed and write it; returns when the online metadata wants refreshing."""
    channel = output.folder / "channel"
    classes = [name for name, _ in output.archives]
    keys = complete(stack.keys(), classes)
    stack.keep_keys(keys.pems)
    previous = read_metadata(channel)
    if previous and not _signed_with(previous, keys.signer("timestamp").public_key.keyid):
        remove_channel(channel)
        previous = {}
    online = timedelta(microseconds=output.build.graph.update_validity)
    validity = Validity(
        online=online,
        delegated=max(timedelta(days=90), online),
        targets=max(timedelta(days=180), online),
        root=max(timedelta(days=365), 2 * online),
    )
    now = datetime.now(UTC)
    write_publication(channel, publish(previous, _releases(output), keys, now, validity))
    return now + online / 4


def _signed_with(previous: dict[str, bytes], keyid: str) -> bool:
    """Whether a channel belongs to these keys; another's is replaced, never mixed."""
    root = json.loads(previous["root"])["signed"]
    return keyid in root["roles"]["timestamp"]["keyids"]


def _releases(output: Output) -> list[ClassRelease]:
    releases = []
    for name, digest in output.archives:
        base = output.folder / "bundles" / name
        manifest = (base / "manifest.json").read_bytes()
        releases.append(ClassRelease(
            device_class=name,
            release=release_id(manifest),
            manifest=manifest,
            bundle=base / "bundle.tar.zst",
            digest=digest,
            install_size=sum(r["size"] for r in json.loads(manifest)["files"]),
        ))  # fmt: skip
    return releases


def _state(
    output: Output, evaluations: dict[str, Evaluation], wanted: dict[str, str], each: int,
    refresh_after: datetime,
) -> dict[str, Any]:  # fmt: skip
    return {
        "schema": "hybridspec.dev/state/v1",
        "name": output.build.graph.name,
        "folder": str(output.folder.resolve()),
        "inputs": {str(path.resolve()): digest for path, digest in output.build.inputs},
        "tool": tool_digest(),
        "each": each,
        "planDigest": output.build.plan_digest,
        "releases": wanted,
        "roles": [class_role(name) for name in wanted],
        "resources": resource_digests(evaluations),
        "refreshAfter": refresh_after.isoformat(),
    }


def resource_digests(evaluations: dict[str, Evaluation]) -> dict[str, dict[str, str]]:
    """Cloud to URN to a digest of the resource's inputs."""
    return {
        cloud: {
            r.urn: hashlib.sha256(json.dumps(dict(r.inputs), sort_keys=True).encode()).hexdigest()
            for r in evaluation.resources
            if r.type != "pulumi:pulumi:Stack"
        }
        for cloud, evaluation in evaluations.items()
    }


def preview(spec: Path, stack: Stack, cache: Path, progress: Progress) -> list[dict[str, str]]:
    """What `up` would create, update and delete, against the last applied state."""
    made = compiled(spec, cache, progress)
    with tempfile.TemporaryDirectory() as work:
        for cloud, tree in made.stacks:
            write_tree(Path(work) / "stacks" / cloud, tree)
        progress("evaluating the cloud stacks offline")
        evaluations = evaluated(made, Path(work))
    refuse_outside(made, evaluations)
    before, after = stack.load().get("resources", {}), resource_digests(evaluations)
    return [
        {"op": _op(before.get(cloud, {}).get(urn), after.get(cloud, {}).get(urn)),
         "cloud": cloud, "type": urn.split("::")[2].rpartition("$")[2], "name": urn.split("::")[3],
         "urn": urn}
        for cloud in sorted({*before, *after})
        for urn in sorted({*before.get(cloud, {}), *after.get(cloud, {})})
    ]  # fmt: skip


def _op(before: str | None, after: str | None) -> str:
    if before is None:
        return "create"
    if after is None:
        return "delete"
    return "same" if before == after else "update"


def status(stack: Stack) -> dict[str, Any]:
    """What runs now.

    Raises:
        StackNotFound: nothing was ever applied here.
    """
    if not stack.exists():
        raise StackNotFound(
            f"stack `{stack.name}` is not deployed here", help="run `hybridspec up` first"
        )
    state = stack.load()
    return {
        "schemaVersion": "hybridspec.dev/status/v1",
        "stack": stack.name,
        "complete": bool(state),
        "planDigest": state.get("planDigest"),
        "output": state.get("folder"),
        "devices": [_device(device) for device in fleet.devices(stack)],
    }


def _device(device: fleet.Device) -> dict[str, Any]:
    health = device.report.get("health", {})
    return {
        "name": device.name,
        "deviceClass": device.device_class,
        "state": device.state,
        "alive": device.alive,
        "release": device.report.get("release"),
        "releaseCounter": device.report.get("releaseCounter"),
        "p95": " ".join(f"{figures['p95_ms']:g}" for figures in health.values()),
        "reason": device.report.get("reason", ""),
        "message": device.report.get("message", ""),
    }


def destroy(stack: Stack) -> int:
    """Stop everything and remove it; returns how many processes were ended.

    Raises:
        StackNotFound: there is nothing to destroy.
    """
    if not stack.exists():
        raise StackNotFound(
            f"stack `{stack.name}` is not deployed here", help="there is nothing to destroy"
        )
    held = stack.lock()
    try:
        ended = fleet.stop(stack)
        folder = stack.output()
        if folder is not None:
            remove_channel(folder / "channel")
        stack.remove()
    finally:
        held.close()
    return ended
