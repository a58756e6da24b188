"""The commands that deploy: up, status and destroy of the built-in stack `local`."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from hybridspec.base.diagnostic import Diagnostic, SpecInvalid
from hybridspec.base.errors import StackNotFound
from hybridspec.bundle.keys import class_role
from hybridspec.cli.channel import keys_of, publish_channel, published_digest
from hybridspec.cli.output_tree import Output, build, compiled
from hybridspec.cli.unchanged import inputs_hold, tool_digest, variable
from hybridspec.compiler import Build, Options
from hybridspec.deliver import fleet, process
from hybridspec.deliver.enforcement import unproven
from hybridspec.deliver.evaluate import Evaluation, require
from hybridspec.deliver.evaluation_cache import evaluate_once
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.deliver.publish import remove_channel
from hybridspec.deliver.snapshot import snapshot
from hybridspec.deliver.stack import Stack
from hybridspec.deliver.write import RECORD, intact
from hybridspec.ir.plan import Store
from hybridspec.ir.tree import digest_of
from hybridspec.load.catalog import load_catalogs
from hybridspec.spec.catalog import Catalog
from hybridspec.target import registry
from hybridspec.target.cloud import label, project_name


def unchanged(
    stack: Stack, folder: Path | None, each: int, options: Options
) -> dict[str, Any] | None:
    """The recorded state, if inputs, tool, output and running fleet are all as it says."""
    state = stack.load()
    if not state or state["each"] != each or state["plugins"]:
        return None
    if folder is not None and str(folder.resolve()) != state["folder"]:
        return None
    if not inputs_hold(state, stack.spec, options):
        return None
    output = Path(state["folder"])
    whole = (
        intact(output)
        and digest_of(output / RECORD) == state["written"]
        and published_digest(output) == state["published"]
        and fleet.settled(stack, state["releases"])
    )
    return state if whole and state["refreshAfter"] > datetime.now(UTC).isoformat() else None


def up(
    stack: Stack, folder: Path | None, options: Options, each: int
) -> tuple[dict[str, Any], bool]:
    """Compile, evaluate, publish, run; returns the state and whether there was work to do."""
    if not stack.spec.is_file():
        compiled(stack.spec, options)  # says so, before a lock is left behind
    progress = options.progress
    with stack.lock():
        plain = options.waivers and not options.plugins and options.runtime is None
        same = unchanged(stack, folder, each, options) if plain else None
        if same is not None:
            return same, False
        output = build(stack.spec, folder, options, partial(keys_of, stack))
        former = stack.output()
        if former is not None and former != output.folder.resolve():
            remove_channel(former / "channel")
        stack.remember_output(output.folder)
        progress("evaluating the cloud stacks offline")
        evaluations = evaluated(output.build, output.folder, options.cache)
        refuse_outside(output.build, evaluations)
        progress("signing and publishing the channel")
        done = publish_channel(stack, output, progress)
        classes = [name for name, _ in output.archives]
        wanted = {name: digest.tar_sha256 for name, digest in output.archives}
        agents = len(classes) * each
        progress(f"starting {agents} agent{'' if agents == 1 else 's'}")
        channel = output.folder / "channel"
        url = fleet.serve(stack, channel)
        fleet.prune(stack, classes, each)
        for place in done.places:
            inner = place.repository.folder
            root = channel / inner / "metadata" / "1.root.json"
            fleet.start(stack, f"{url}/{inner}".rstrip("/"), root, place.device_classes, each)
        fleet.wait(stack, wanted)
        state = _state(output, evaluations, wanted, each, done.refresh_after)
        stack.save(state)
        return state, True


def evaluated(build: Build, folder: Path, cache: Path) -> dict[str, Evaluation]:
    """Every emitted stack, run offline; what an earlier run made of the same is in the cache."""
    providers = {store.region.cloud: store.region.provider for store in build.plan.stores}
    sdks = {cloud: registry.targets()[providers[cloud]].sdk for cloud, _ in build.stacks}
    for sdk in sdks.values():
        if sdk is not None:
            require(sdk)

    def run(cloud: str) -> Evaluation:
        sdk = sdks[cloud]
        return evaluate_once(
            folder / "stacks" / cloud, project=project_name(build.graph.name, cloud), cache=cache,
            tool=tool_digest(),
            sdk=sdk.distribution if sdk is not None else "",
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip(sdks, pool.map(run, sdks), strict=True))


def refuse_outside(build: Build, evaluations: dict[str, Evaluation]) -> None:
    """Stop if an emitted program leaves the plan, or lacks what keeps it there: last tripwires."""
    catalogs, _ = load_catalogs()
    found = []
    for cloud, evaluation in evaluations.items():
        known = _region_names(build, catalogs, cloud)
        stores = [store for store in build.plan.stores if store.region.cloud == cloud]
        homes = {label(store.zone.name): store.region.name for store in stores}
        adopted = {label(store.zone.name): _adopted(store) for store in stores}
        registries = {
            label(store.zone.name): one.registry
            for store in stores
            for one in store.region.existing
            if one.zone == store.zone.name
        }
        target = registry.targets()[stores[0].region.provider]
        found += [
            Diagnostic(
                code="HS0503", message=f"{cloud}: zone `{zone}`: guard `{guard}`: {why}",
                span=None, help="report this: the emitter left out what the target declares",
            )
            for zone, guard, why in
            unproven(target, evaluation, homes, adopted, (build.graph.owner,), registries)
        ]  # fmt: skip
        found += [
            Diagnostic(
                code="HS0502", message=f"{cloud}: {resource.type} `{resource.name}`: {why}",
                span=None, help="report this: the emitter made what the plan does not allow",
            )
            for resource, why in
            outside_plan(evaluation, set(homes.values()), known, homes, adopted)
        ]  # fmt: skip
    if found:
        raise SpecInvalid(tuple(found))


def _adopted(store: Store) -> set[str]:
    """The names of what a store's zone has in the account already."""
    found = [one for one in store.region.existing if one.zone == store.zone.name]
    return {name for one in found for name in (one.bucket, one.key, one.registry) if name}


def _region_names(build: Build, catalogs: Mapping[str, Catalog], cloud: str) -> set[str]:
    """Every region of the cloud's provider, but for words that the user gave a meaning."""
    graph = build.graph
    provider = next(s.region.provider for s in build.plan.stores if s.region.cloud == cloud)
    given = {graph.name, *(z.name for z in graph.zones), *(d.name for d in graph.device_classes),
             *(m.name for m in graph.models)}  # fmt: skip
    return set(catalogs[provider].regions) - given


def _state(
    output: Output, evaluations: dict[str, Evaluation], wanted: dict[str, str], each: int,
    refresh_after: datetime,
) -> dict[str, Any]:  # fmt: skip
    return {
        "schema": "hybridspec.dev/state/v1",
        "name": output.build.graph.name,
        "folder": str(output.folder.resolve()),
        "inputs": {str(path.resolve()): digest for path, digest in output.build.inputs},
        "taken": {name: variable(text) for name, text in output.build.loaded.taken},
        "tool": tool_digest(),
        "plugins": {plugin.name: plugin.sha256 for plugin in output.build.plugins},
        "each": each,
        "planDigest": output.build.plan_digest,
        "releases": wanted,
        "roles": [class_role(name) for name in wanted],
        "resources": snapshot(evaluations),
        "refreshAfter": refresh_after.isoformat(),
        "written": digest_of(output.folder / RECORD),
        "published": published_digest(output.folder),
    }


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
        "channel": {"alive": process.running(stack.channel_lock) is not None},
        "devices": [_device(device) for device in fleet.devices(stack)],
    }


def _device(device: fleet.Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "deviceClass": device.device_class,
        "state": device.state,
        "alive": device.alive,
        "release": device.report.get("release"),
        "releaseCounter": device.report.get("releaseCounter"),
        "p95": _p95(device.report.get("health")),
        "reason": device.report.get("reason", ""),
        "message": device.report.get("message", ""),
    }


def _p95(health: Any) -> str:
    """The 95th percentile of every model, as far as a report gives them."""
    figures = health.values() if isinstance(health, dict) else ()
    found = [figure.get("p95_ms") for figure in figures if isinstance(figure, dict)]
    return " ".join(f"{p95:g}" for p95 in found if isinstance(p95, float | int))


def destroy(stack: Stack) -> int:
    """Stop everything and remove it; returns how many processes were ended.

    Raises:
        StackNotFound: there is nothing to destroy.
    """
    if not stack.exists():
        raise StackNotFound(
            f"stack `{stack.name}` is not deployed here", help="there is nothing to destroy"
        )
    with stack.lock():
        ended = fleet.stop(stack)
        folder = stack.output()
        if folder is not None:
            remove_channel(folder / "channel")
        stack.remove()
    return ended
