"""Flows: stages in topological order with the rate and size of what passes between them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.edit import add_key, removed
from hybridspec.base.source import Origins
from hybridspec.base.units import SECOND
from hybridspec.ir.graph import (
    WINDOWED,
    Data,
    Flow,
    LatencyBound,
    Model,
    Release,
    Service,
    Site,
    Stage,
    StageKind,
    Sync,
)
from hybridspec.resolve.references import idle, lookup, stage_order
from hybridspec.resolve.stage_shape import input_faults, stage_faults
from hybridspec.spec import flow as workload
from hybridspec.spec.document import Spec

_PLACES = {"alert": "site", "local-training": "site", "store": "cloud"}
"""Stages that are pinned: an alert acts where people are, and learning stays with its data."""

_PERCENTILES = {"p50": 500, "p90": 900, "p95": 950, "p99": 990, "p99.9": 999}
"""Percentiles in permille."""

_METHODS = (
    ("k-anonymity", "k", "10"),
    ("differential-privacy", "epsilon", "1.0"),
    ("differential-privacy", "delta", ""),
    ("aggregation", "minimum", "50"),
)
"""The figures of each method of making people unrecognisable; `law/release.py` asks for `delta`."""


def _sync(written: workload.Flow) -> Sync | None:
    sync = written.sync
    if sync is None or sync.policy == "immediate" or sync.every is None:
        return None
    return Sync(every=sync.every, largest=sync.largest)


def resolve_flows(
    spec: Spec, origins: Origins, *, data: Mapping[str, Data], models: Mapping[str, Model],
    sites: Mapping[str, Site], sink: Sink,
) -> tuple[Flow, ...]:  # fmt: skip
    """Every flow whose references hold."""
    resolver = _Resolver(spec, origins, data, models, sites, sink)
    flows = (resolver.flow(name) for name in spec.flows)
    return tuple(flow for flow in flows if flow is not None)


class _Resolver:
    """Carries what all flows of one spec share."""

    def __init__(
        self, spec: Spec, origins: Origins, data: Mapping[str, Data], models: Mapping[str, Model],
        sites: Mapping[str, Site], sink: Sink,
    ) -> None:  # fmt: skip
        self.spec, self.origins, self.sink = spec, origins, sink
        self.data, self.models, self.sites = data, models, sites

    def flow(self, name: str) -> Flow | None:
        written = self.spec.flows[name]
        span = self.origins.value("flows", name, "data")
        self._check_sync(name, written)
        data = lookup(written.data, self.data, self.sink, span=span, kind="data asset",
                      defined=self.origins.key("data"),
                      idle=partial(idle, self.spec, "data"))  # fmt: skip
        sites = self._sites(name, written)
        faults = tuple(input_faults(name, written, self.origins, tuple(self.data)))
        self.sink.extend(faults)
        inputs = {stage: list(step.inputs) for stage, step in written.stages.items()}
        order = stage_order(inputs, self.origins, name, self.sink)
        latency = self._latency(name, written)
        if data is None or order is None or faults:
            return None
        stages: dict[str, Stage] = {}
        for stage in order:
            built = self._stage(name, stage, written.stages[stage], data, stages)
            if built is None:
                return None
            stages[stage] = built
        return Flow(
            name=name,
            data=data,
            sites=sites,
            stages=tuple(stages.values()),
            latency=latency,
            offline=written.offline,
            when_offline=written.when_offline,
            sync=_sync(written),
            bandwidth=written.bandwidth,
            service=self._service(name, written),
            origin=self.origins.key("flows", name),
            offline_origin=self.origins.value("flows", name, "offline"),
            bandwidth_origin=self.origins.value("flows", name, "bandwidth"),
        )

    def _service(self, name: str, written: workload.Flow) -> Service | None:
        if written.service is None:
            return None
        return Service(image=written.service.image, port=written.service.port,
                       origin=self.origins.key("flows", name, "service"))  # fmt: skip

    def _sites(self, name: str, written: workload.Flow) -> tuple[Site, ...]:
        born = self.data[written.data].born if written.data in self.data else ()
        if written.sites is None:
            return tuple(s for s in self.sites.values() if not born or s.name in born)
        found: dict[str, Site] = {}
        for index, site in enumerate(written.sites):
            if born and site in self.spec.sites and site not in born:
                self.sink.add(Diagnostic(
                    code="HS0213", message=f"flow `{name}` runs at `{site}`, where its data "
                    f"`{written.data}` is not born",
                    span=self.origins.value("flows", name, "sites", index),
                    help=f"remove `{site}` here, or add it to `data.{written.data}.born`",
                    fixes=removed(self.origins, ("flows", name, "sites", index)),
                ))  # fmt: skip
            path = ("flows", name, "sites", index)
            gone = removed(self.origins, path) if len(written.sites) > 1 else ()
            lookup(site, self.spec.sites, self.sink, kind="site",
                   span=self.origins.value(*path), otherwise=gone)  # fmt: skip
            # One that is written but not resolved has its own finding.
            if site in self.sites:
                found[site] = self.sites[site]
        return tuple(found.values())

    def _check_sync(self, name: str, written: workload.Flow) -> None:
        sync = written.sync
        if sync is None:
            return
        path = ("flows", name, "sync")
        if sync.policy == "batch" and sync.every is None:
            self._misfit(path, f"flow `{name}` sends batches, but not how often",
                         "add `every: PT1H`, the time between two batches",
                         ("every", "PT1H"))  # fmt: skip
        for key in ("every", "largest"):
            if sync.policy == "immediate" and getattr(sync, key) is not None:
                self._misfit((*path, key), f"`{key}` means nothing where each event is sent at "
                             "once", f"write `policy: batch`, or remove `{key}`")  # fmt: skip

    def _misfit(
        self, path: tuple[str, ...], message: str, help: str, add: tuple[str, str] | None = None
    ) -> None:
        """A key that is missing (`add` it, with an example), or one that means nothing."""
        fixes = removed(self.origins, path) if add is None else add_key(self.origins, path, *add)
        self.sink.add(Diagnostic(
            code="HS0212", message=message, span=self.origins.key(*path), help=help, fixes=fixes
        ))  # fmt: skip

    def _latency(self, name: str, written: workload.Flow) -> LatencyBound | None:
        if written.latency is None:
            return None
        span = self.origins.value("flows", name, "latency", "to")
        alerts = [stage for stage, step in written.stages.items() if step.sink == "alert"]
        if lookup(written.latency.to, written.stages, self.sink, span=span, kind="stage",
                  likely=alerts or [*written.stages][-1:]) is None:  # fmt: skip
            return None
        return LatencyBound(
            bound=written.latency.bound,
            percentile=_PERCENTILES[written.latency.percentile],
            to=written.latency.to,
            origin=self.origins.value("flows", name, "latency", "bound"),
        )

    def _stage(
        self, flow: str, name: str, step: workload.Stage, data: Data, before: Mapping[str, Stage]
    ) -> Stage | None:
        path = ("flows", flow, "stages", name)
        faults = tuple(stage_faults(self.spec, self.origins, flow, name))
        self.sink.extend(faults)
        if faults:
            return None
        model = None
        if step.model is not None:
            if step.model in self.spec.models and step.model not in self.models:
                return None  # the model has its own finding
            model = lookup(step.model, self.models, self.sink, kind="model",
                           span=self.origins.value(*path, "model"),
                           defined=self.origins.key("models"),
                           idle=partial(idle, self.spec, "models"))  # fmt: skip
            if model is None:
                return None
        kind = StageKind("transform" if step.transform else "model" if step.model else "sink")
        rate = _sum_rate(step, data, before)
        size = max(_size(source, data, before) for source in step.inputs)
        return Stage(
            name=name,
            kind=kind,
            inputs=tuple(step.inputs),
            feedback=tuple(step.feedback),
            model=model,
            operation=step.transform or step.sink or "infer",
            place=_PLACES.get(step.sink or step.transform or "", ""),
            input_rate=rate,
            input_size=size,
            output_rate=_output_rate(step, rate),
            output_size=step.size or size,
            retention=step.retention,
            releases=self._releases(path, step),
            origin=self.origins.key(*path),
            retention_origin=self.origins.value(*path, "retention") if step.retention else None,
        )

    def _releases(self, path: tuple[str, ...], step: workload.Stage) -> tuple[Release, ...]:
        found = []
        for regime in sorted(step.release):
            written = step.release[regime]
            here = (*path, "release", regime)
            for method, key, example in _METHODS:
                value = getattr(written, key)
                if written.method == method and value is None and example:
                    self._misfit(here, f"`{method}` needs `{key}`", f"add `{key}: {example}`",
                                 (key, example))  # fmt: skip
                if written.method != method and value is not None:
                    self._misfit((*here, key), f"`{key}` means nothing for `{written.method}`",
                                 f"remove `{key}`, or write `method: {method}`")  # fmt: skip
            figures = (f"{key} {getattr(written, key):g}" for _, key, _ in _METHODS
                       if getattr(written, key) is not None)  # fmt: skip
            found.append(Release(
                regime=regime, method=written.method, figure=", ".join(figures),
                evidence=written.evidence, approver=written.approver,
                parameters=tuple((key, Fraction(str(value))) for _, key, _ in _METHODS
                                 if (value := getattr(written, key)) is not None),
                origin=self.origins.key(*here),
            ))  # fmt: skip
        return tuple(found)


def _sum_rate(step: workload.Stage, data: Data, before: Mapping[str, Stage]) -> Fraction:
    rates = [before[s].output_rate if s in before else data.rate for s in step.inputs]
    return rates[0] if len(rates) == 1 else sum(rates, Fraction(0))


def _size(source: str, data: Data, before: Mapping[str, Stage]) -> int:
    return before[source].output_size if source in before else data.size


def _output_rate(step: workload.Stage, rate: Fraction) -> Fraction:
    if step.transform in WINDOWED and step.every is not None:
        return Fraction(SECOND, step.every)
    return rate * step.keep if step.keep is not None else rate
