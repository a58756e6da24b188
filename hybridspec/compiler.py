"""The pipeline on one screen: load, resolve, check, place, optimise, emit, bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.base.source import Span
from hybridspec.check.placed import advice
from hybridspec.check.plugin import ask
from hybridspec.check.rule import check
from hybridspec.check.waiver import Matched, settle
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.governance import Plugin
from hybridspec.ir.graph import Graph, Region
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Plan
from hybridspec.ir.rewritten import with_models
from hybridspec.ir.tree import FileTree
from hybridspec.load.compose import LOCAL
from hybridspec.load.energy import shipped_energy
from hybridspec.load.facts import shipped_facts
from hybridspec.load.load import Loaded, load
from hybridspec.load.plugin import load_plugins
from hybridspec.optimise.latency import latency_table
from hybridspec.place.place import place
from hybridspec.place.verify import verify_bounds, verify_cost
from hybridspec.resolve.lower import Facts, lower
from hybridspec.spec.document import Spec
from hybridspec.target.api import Emission, Unsupported
from hybridspec.target.enforce import enforced, lacking
from hybridspec.target.registry import targets

if TYPE_CHECKING:
    from hybridspec.optimise.workshop import Workshop

Progress = Callable[[str], None]
_Judged = tuple[Graph, Loaded, Matched]


def silent(_: str) -> None:
    """Progress that nobody sees."""


def _to_the_end() -> AbstractContextManager[Callable[[], bool]]:
    """A search that nobody ends."""
    return nullcontext(lambda: False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run needs beside the spec.

    Where results may be cached, who hears of progress, the stack whose overlay counts, and the
    environment that declared variables are looked up in; without `waivers` it judges as if the
    spec had none. `plugins` are rules of strangers to ask beside those of the spec. `settings` are
    values laid over the spec, as `key=value`. `change` makes another spec of the one that was read,
    which stays as it is. `searching` lasts as long as a search for a plan, and gives what says
    whether it shall end with the best plan so far. `workshop` lasts as long as variants are built,
    and gives where; without it that is this machine. `runtime` is a folder of wheels for bundles.
    """

    cache: Path
    progress: Progress = silent
    stack: str = LOCAL
    environment: Mapping[str, str] = field(default_factory=dict)
    waivers: bool = True
    plugins: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    change: Callable[[Spec], Spec] | None = None
    searching: Callable[[], AbstractContextManager[Callable[[], bool]]] = _to_the_end
    workshop: Callable[[], AbstractContextManager[Workshop]] | None = None
    runtime: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Everything a run made, deterministic to the byte.

    `loaded` tells which files and variables were read, and where each value was written;
    `matched` what waivers answer for before anything is placed; `plugins` which rules of
    strangers judged the placement. `feasible` is a plan that keeps every bound.
    """

    graph: Graph
    loaded: Loaded = field(compare=False)
    matched: Matched = field(compare=False)
    table: LatencyTable
    feasible: Plan
    counting: Callable[[], Plan] = field(compare=False, repr=False)
    enforcing: Callable[[], Plan] = field(compare=False, repr=False)
    documented: Callable[[], dict[str, object]] = field(compare=False, repr=False)
    plugins: tuple[Plugin, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    stacks: tuple[tuple[str, FileTree], ...] = ()
    contents: tuple[tuple[str, FileTree], ...] = ()
    findings: tuple[Diagnostic, ...] = field(default=(), compare=False)

    @property
    def inputs(self) -> tuple[tuple[Path, str], ...]:
        """The user's files with their SHA-256: nothing else of the user's was read."""
        return self.loaded.inputs

    @property
    def placed(self) -> Plan:
        """The plan without what enforces its claims; its costs are checked when first asked for."""
        return self.counting()

    @property
    def plan(self) -> Plan:
        """The plan with the guards of each claim; found when they are first asked for."""
        return self.enforcing()

    @property
    def plan_document(self) -> dict[str, object]:
        """The plan as it is written down; made when it is first asked for."""
        return self.documented()

    @property
    def placement(self) -> dict[str, Any]:
        """The normalised placement, for rules that others write."""
        from hybridspec.place.placement import placement

        return placement(self.graph, self.plan, self.plan_digest)

    @property
    def plan_digest(self) -> str:
        """SHA-256 over the plan, hex."""
        return str(self.plan_document["digest"])


def resolve_file(path: Path, options: Options) -> Graph:
    """The resolved spec, before anything is judged: what questions about the law need.

    Raises:
        SpecInvalid: with every finding of the stage that failed.
    """
    return _resolved(path, options, Sink())[0]


def validate_file(path: Path, options: Options) -> Build:
    """Load, resolve, check and place: is there a plan that keeps every promise?

    Raises:
        SpecInvalid: with every finding of the stage that failed.
    """
    sink = Sink()
    build = _settle(_place(_graph(path, options, sink), options, sink), options, sink)
    _expressed(build, options.stack, sink)
    return replace(build, findings=sink.findings)


def plan_file(path: Path, options: Options) -> Build:
    """The plan that is built, with the variants that hold what was promised; nothing is emitted.

    Raises:
        SpecInvalid: with every finding of the stage that failed.
    """
    sink = Sink()
    build = _place(_graph(path, options, sink), options, sink)
    build = _settle(_optimise(build, options, sink), options, sink)
    _expressed(build, options.stack, sink)
    return replace(build, findings=sink.findings)


def compile_file(path: Path, options: Options) -> Build:
    """The whole pipeline; what it returns is ready to be written and delivered.

    Raises:
        SpecInvalid: with every finding of the stage that failed.
    """
    sink = Sink()
    build = _place(_graph(path, options, sink), options, sink)
    build = _settle(_optimise(build, options, sink), options, sink)
    options.progress("emitting stacks and bundles")
    build = _bundle(_emit(build, options.stack, sink), options.runtime)
    _guarded(build, sink)
    return replace(build, findings=sink.findings)


def _resolved(path: Path, options: Options, sink: Sink) -> tuple[Graph, Loaded]:
    loaded = load(path, options.cache, sink, stack=options.stack,
                  environment=options.environment, settings=options.settings)  # fmt: skip
    sink.stop_if_errors()
    if loaded is None:
        raise AssertionError("load returned neither a spec nor a finding")
    facts = Facts(
        catalogs=loaded.catalogs,
        catalog_digest=loaded.catalog_digest,
        spec_digest=loaded.spec_digest,
        models=loaded.models,
        documents=loaded.documents,
        measured=loaded.measured.timed,
        controls={name: target.controls for name, target in targets().items()},
        guards={
            name: frozenset(guard.id for guard in target.guards if guard.enforced)
            for name, target in targets().items()
        },
        needs={name: target.needs for name, target in targets().items()},
        law=shipped_facts(),
        energy=shipped_energy(),
    )
    spec = loaded.spec if options.change is None else options.change(loaded.spec)
    graph = lower(spec, loaded.origins, facts, sink)
    sink.stop_if_errors()
    return (graph if options.waivers else replace(graph, waivers=())), loaded


def _graph(path: Path, options: Options, sink: Sink) -> _Judged:
    graph, loaded = _resolved(path, options, sink)
    matched = check(graph, sink)
    if sink.has_errors:
        sink.extend(_beside(graph, sink))
    sink.stop_if_errors()
    return graph, loaded, matched


def _beside(graph: Graph, sink: Sink) -> Iterable[Diagnostic]:
    """What cannot run where nothing found so far plays a part."""
    from hybridspec.place.beside import beside, untouched

    sites = untouched(graph, [f for f in sink.kept if f.severity is Severity.ERROR])
    return list(beside(graph, latency_table(graph), sites)) if sites else ()


def _place(judged: _Judged, options: Options, sink: Sink) -> Build:
    graph, loaded, matched = judged
    table = latency_table(graph)
    with options.searching() as stop:
        plan = place(graph, table, sink, options.progress, stop)
    sink.stop_if_errors()
    if plan is None:
        raise AssertionError("place returned neither a plan nor a finding")
    _stands(verify_bounds(graph, table, plan))
    counting = cache(partial(_counted, graph, table, plan))
    enforcing = cache(lambda: _enforcing(graph, counting()))
    return Build(
        graph=graph, loaded=loaded, table=table, feasible=plan, matched=matched, counting=counting,
        enforcing=enforcing, documented=cache(lambda: _document(graph, enforcing())),
    )  # fmt: skip


def _counted(graph: Graph, table: LatencyTable, plan: Plan) -> Plan:
    _stands(verify_cost(graph, table, plan))
    return plan


def _stands(faults: Sequence[str]) -> None:
    """No plan that the checker finds fault with goes any further."""
    if faults:
        raise AssertionError(f"the plan failed its independent check: {'; '.join(faults)}")


def _document(graph: Graph, plan: Plan) -> dict[str, object]:
    from hybridspec.place.document import document

    return document(graph, plan)


def _enforcing(graph: Graph, plan: Plan) -> Plan:
    regions = {region.label: region.provider for region in graph.regions}
    platforms = {member.device_class.platform for member in plan.fleet}
    adopted = {(one.zone, region.label): (one.bucket, one.registry)
               for region in graph.regions for one in region.existing}  # fmt: skip
    return replace(plan, residency=enforced(plan.residency, regions, platforms, adopted))


def _settle(build: Build, options: Options, sink: Sink) -> Build:
    """What can be judged only once everything is placed: advice, plugins and stale waivers."""
    graph, rows = build.graph, build.feasible.residency
    plugins = load_plugins(graph.plugins, options.plugins, sink)
    sink.stop_if_errors()
    found = list(advice(graph, rows))
    if plugins:
        options.progress(f"asking {', '.join(plugin.name for plugin in plugins)}")
        found += ask(plugins, build.placement, build.loaded.origins.place)
    settle(graph, build.matched, found, rows, sink)
    sink.stop_if_errors()
    return replace(build, plugins=plugins)


def _optimise(build: Build, options: Options, sink: Sink) -> Build:
    """Build what the plan asks for; a rejected variant is reported and planned without."""
    with nullcontext() if options.workshop is None else options.workshop() as workshop:
        return _built(build, options, workshop, sink)


def _built(build: Build, options: Options, workshop: Workshop | None, sink: Sink) -> Build:
    from hybridspec.optimise.optimise import Refused, optimise

    ruled_out: Refused = {}
    while True:
        artefacts, rejected = optimise(
            build.plan, build.table, options.cache, options.progress, sink, workshop, ruled_out
        )
        sink.stop_if_errors()
        if not rejected:
            return replace(build, artefacts=artefacts)
        models = tuple(
            replace(m, variants=tuple(v for v in m.variants if (m.name, v) not in rejected))
            for m in build.graph.models
        )
        graph = with_models(build.graph, {m.name: m for m in models})
        build = _place((graph, build.loaded, build.matched), options, sink)


def _emit(build: Build, stack: str, sink: Sink) -> Build:
    from hybridspec.emit.cut import cloud_slices, edge_slice
    from hybridspec.emit.origins import origins
    from hybridspec.emit.stacks import emit_cloud, emit_edge

    known, places = targets(), origins(build.graph)
    stacks: list[tuple[str, FileTree]] = []
    contents: list[tuple[str, FileTree]] = []
    for part in cloud_slices(build.graph, build.plan, build.plan_digest, stack):
        tree, unsupported = emit_cloud(known[part.provider], part)
        stacks.append((part.cloud, tree))
        sink.extend(unsupported_finding(found, places) for found in unsupported)
    for member in build.plan.fleet:
        target = known[member.device_class.platform]
        mine = edge_slice(build.graph, build.plan, member, _hosts)
        tree, unsupported = emit_edge(target, mine)
        contents.append((member.device_class.name, tree))
        sink.extend(unsupported_finding(found, places) for found in unsupported)
    sink.stop_if_errors()
    return replace(build, stacks=tuple(stacks), contents=tuple(contents))


def _expressed(build: Build, stack: str, sink: Sink) -> None:
    """What clouds cannot express of a plan is known before anything is rendered."""
    from hybridspec.emit.cut import cloud_slices
    from hybridspec.emit.origins import origins

    known, places = targets(), origins(build.graph)
    for part in cloud_slices(build.graph, build.feasible, "", stack):
        emit = known[part.provider].emit_cloud
        if emit is not None:
            found = (each for each in emit(part) if isinstance(each, Unsupported))
            sink.extend(unsupported_finding(each, places) for each in found)
    sink.stop_if_errors()


def _hosts(region: Region) -> tuple[str, ...]:
    """The hosts by which a device reaches a region."""
    endpoints = targets()[region.provider].endpoints
    return endpoints(region.name) if endpoints else ()


def unsupported_finding(found: Unsupported, places: Mapping[str, Span]) -> Diagnostic:
    """What a target cannot express, as the user is told."""
    span = places.get(found.origin)  # a target of others may name a place of its own
    mild = Severity.NOTE if found.note else Severity.WARNING
    return Diagnostic(
        code="HS0501", severity=Severity.ERROR if found.promised else mild,
        message=found.what if span else f"{found.origin}: {found.what}", span=span,
        help=found.instead,
    )  # fmt: skip


def _bundle(build: Build, runtime: Path | None) -> Build:
    from hybridspec.bundle.assemble import assemble

    members = {member.device_class.name: member for member in build.plan.fleet}
    contents = tuple(
        (name, assemble(build.graph, members[name], build.artefacts, payload, build.plan_digest,
                        runtime))
        for name, payload in build.contents
    )  # fmt: skip
    return replace(build, contents=contents)


def _guarded(build: Build, sink: Sink) -> None:
    """Every guard of a platform is in each bundle; those of clouds wait for the evaluation."""
    platforms = {m.device_class.name: m.device_class.platform for m in build.plan.fleet}
    for name, tree in build.contents:
        held = {path: data if isinstance(data, bytes) else b"" for path, data in tree}
        for guard, why in lacking(targets()[platforms[name]], Emission(name=name, files=held)):
            sink.add(Diagnostic(
                code="HS0503", message=f"bundle of `{name}`: guard `{guard}`: {why}", span=None,
                help="report this: the emitter left out what the target declares",
            ))  # fmt: skip
    sink.stop_if_errors()
