"""The pipeline on one screen: load, resolve, check, place, optimise, emit, bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.check.rule import check
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.graph import Graph, Model
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Plan
from hybridspec.ir.tree import FileTree
from hybridspec.load.load import load
from hybridspec.optimise.latency import latency_table
from hybridspec.place.document import document
from hybridspec.place.place import place
from hybridspec.place.verify import verify
from hybridspec.resolve.lower import Facts, lower
from hybridspec.target.api import Unsupported
from hybridspec.target.registry import targets

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Progress that nobody sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run needs beside the spec: where results may be cached, and who hears of progress."""

    cache: Path
    progress: Progress = silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Everything a run made, deterministic to the byte.

    `inputs` are the user's files with their SHA-256: nothing else of the user's was read.
    """

    graph: Graph
    inputs: tuple[tuple[Path, str], ...]
    table: LatencyTable
    plan: Plan
    plan_document: dict[str, object]
    artefacts: tuple[Artefact, ...] = ()
    stacks: tuple[tuple[str, FileTree], ...] = ()
    contents: tuple[tuple[str, FileTree], ...] = ()
    findings: tuple[Diagnostic, ...] = field(default=(), compare=False)

    @property
    def plan_digest(self) -> str:
        """SHA-256 over the plan, hex."""
        return str(self.plan_document["digest"])


def validate_file(path: Path, options: Options) -> Build:
    """Load, resolve, check and place: is there a plan that keeps every promise?

    Raises:
        SpecInvalid: with every finding of the stage that failed.
    """
    sink = Sink()
    graph, inputs = _graph(path, options, sink)
    build = _place(graph, inputs, sink)
    return replace(build, findings=sink.findings)


def compile_file(path: Path, options: Options) -> Build:
    """The whole pipeline; what it returns is ready to be written and delivered.

    Raises:
        SpecInvalid: with every finding of the stage that failed.
    """
    sink = Sink()
    graph, inputs = _graph(path, options, sink)
    build = _place(graph, inputs, sink)
    build = _optimise(build, options, sink)
    options.progress("emitting stacks and bundles")
    build = _bundle(_emit(build, sink))
    return replace(build, findings=sink.findings)


Inputs = tuple[tuple[Path, str], ...]


def _graph(path: Path, options: Options, sink: Sink) -> tuple[Graph, Inputs]:
    loaded = load(path, options.cache, sink)
    sink.stop_if_errors()
    if loaded is None:
        raise AssertionError("load returned neither a spec nor a finding")
    facts = Facts(
        catalogs=loaded.catalogs,
        catalog_digest=loaded.catalog_digest,
        spec_digest=loaded.spec_digest,
        models=loaded.models,
        needs={name: target.needs for name, target in targets().items()},
    )
    graph = lower(loaded.spec, loaded.origins, facts, sink)
    sink.stop_if_errors()
    check(graph, sink)
    sink.stop_if_errors()
    return graph, loaded.inputs


def _place(graph: Graph, inputs: Inputs, sink: Sink) -> Build:
    table = latency_table(graph)
    plan = place(graph, table, sink)
    sink.stop_if_errors()
    if plan is None:
        raise AssertionError("place returned neither a plan nor a finding")
    faults = verify(graph, table, plan)
    if faults:
        raise AssertionError(f"the plan failed its independent check: {'; '.join(faults)}")
    return Build(
        graph=graph, inputs=inputs, table=table, plan=plan, plan_document=document(graph, plan)
    )


def _optimise(build: Build, options: Options, sink: Sink) -> Build:
    """Build what the plan asks for; a rejected variant is reported and planned without."""
    from hybridspec.optimise.optimise import optimise

    while True:
        artefacts, rejected = optimise(
            build.plan, build.table, options.cache, options.progress, sink
        )
        sink.stop_if_errors()
        if not rejected:
            return replace(build, artefacts=artefacts)
        models = tuple(
            replace(m, variants=tuple(v for v in m.variants if (m.name, v) not in rejected))
            for m in build.graph.models
        )
        graph = _with_models(build.graph, {m.name: m for m in models})
        build = _place(graph, build.inputs, sink)


def _emit(build: Build, sink: Sink) -> Build:
    from hybridspec.emit.cut import cloud_slices, edge_slice
    from hybridspec.emit.stacks import emit_cloud, emit_edge

    known = targets()
    stacks: list[tuple[str, FileTree]] = []
    contents: list[tuple[str, FileTree]] = []
    for part in cloud_slices(build.graph, build.plan, build.plan_digest):
        tree, unsupported = emit_cloud(known[part.provider], part)
        stacks.append((part.cloud, tree))
        sink.extend(map(_unsupported, unsupported))
    for member in build.plan.fleet:
        target = known[member.device_class.platform]
        tree, unsupported = emit_edge(target, edge_slice(build.graph, build.plan, member))
        contents.append((member.device_class.name, tree))
        sink.extend(map(_unsupported, unsupported))
    sink.stop_if_errors()
    return replace(build, stacks=tuple(stacks), contents=tuple(contents))


def _unsupported(found: Unsupported) -> Diagnostic:
    return Diagnostic(
        code="HS0501", severity=Severity.ERROR if found.promised else Severity.WARNING,
        message=f"{found.origin}: {found.what}", span=None, help=found.instead,
    )  # fmt: skip


def _bundle(build: Build) -> Build:
    from hybridspec.bundle.assemble import assemble

    members = {member.device_class.name: member for member in build.plan.fleet}
    contents = tuple(
        (name, assemble(build.graph, members[name], build.artefacts, payload, build.plan_digest))
        for name, payload in build.contents
    )
    return replace(build, contents=contents)


def _with_models(graph: Graph, models: dict[str, Model]) -> Graph:
    """The same graph with its models, and the stages that run them, replaced."""
    flows = tuple(
        replace(flow, stages=tuple(
            replace(stage, model=models[stage.model.name]) if stage.model is not None else stage
            for stage in flow.stages
        ))
        for flow in graph.flows
    )  # fmt: skip
    return replace(graph, models=tuple(models.values()), flows=flows)
