"""Flows: stages in topological order with the rate and size of what passes between them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins
from hybridspec.base.units import SECOND
from hybridspec.ir.graph import (
    WINDOWED,
    Data,
    Flow,
    LatencyBound,
    Model,
    Release,
    Site,
    Stage,
    StageKind,
    Sync,
)
from hybridspec.resolve.references import lookup, stage_order, suggest
from hybridspec.spec import flow as workload
from hybridspec.spec.document import Spec

_PLACES = {"alert": "site", "local-training": "site", "store": "cloud"}
"""Stages that are pinned: an alert acts where people are, and learning stays with its data."""

_METHODS = (
    ("k-anonymity", "k", "10"),
    ("differential-privacy", "epsilon", "1.0"),
    ("aggregation", "minimum", "50"),
)
"""The figure that each method of making people unrecognisable needs."""


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
                      defined=self.origins.key("data"))  # fmt: skip
        sites = self._sites(name, written)
        known = self._check_inputs(name, written)
        inputs = {stage: list(step.inputs) for stage, step in written.stages.items()}
        order = stage_order(inputs, self.origins, name, self.sink)
        latency = self._latency(name, written)
        if data is None or order is None or not known:
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
            origin=self.origins.key("flows", name),
            offline_origin=self.origins.value("flows", name, "offline"),
            bandwidth_origin=self.origins.value("flows", name, "bandwidth"),
        )

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
                ))  # fmt: skip
            lookup(site, self.spec.sites, self.sink, kind="site",
                   span=self.origins.value("flows", name, "sites", index))  # fmt: skip
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
                         "add `every: PT1H`, the time between two batches")  # fmt: skip
        for key in ("every", "largest"):
            if sync.policy == "immediate" and getattr(sync, key) is not None:
                self._misfit((*path, key), f"`{key}` means nothing where each event is sent at "
                             "once", f"write `policy: batch`, or remove `{key}`")  # fmt: skip

    def _misfit(self, path: tuple[str, ...], message: str, help: str) -> None:
        self.sink.add(
            Diagnostic(code="HS0212", message=message, span=self.origins.key(*path), help=help)
        )

    def _latency(self, name: str, written: workload.Flow) -> LatencyBound | None:
        if written.latency is None:
            return None
        span = self.origins.value("flows", name, "latency", "to")
        if lookup(written.latency.to, written.stages, self.sink, span=span,
                  kind="stage") is None:  # fmt: skip
            return None
        return LatencyBound(
            bound=written.latency.bound,
            percentile=95,
            to=written.latency.to,
            origin=self.origins.value("flows", name, "latency", "bound"),
        )

    def _check_inputs(self, flow: str, written: workload.Flow) -> bool:
        """Whether every input and feedback names, once, a stage that has an output or the data."""
        good = True
        names = {name for name, step in written.stages.items() if step.sink is None}
        # A misspelt `data` has its own finding; inputs that name an asset are not at fault.
        born = {written.data} if written.data in self.data else {written.data, *self.data}
        for stage, step in written.stages.items():
            for key, listed, choices in (
                ("inputs", step.inputs, names | born),
                ("feedback", step.feedback, names),
            ):
                for index, source in enumerate(listed):
                    if source in choices and source not in listed[:index]:
                        continue
                    good = False
                    code, message = _no_input(source, flow, written, born)
                    help = suggest(source, sorted(choices), "stage")
                    if source in choices:
                        code, message = "HS0209", f"stage `{stage}` names `{source}` twice"
                        help = f"remove one of them from `{key}`"
                    self.sink.add(Diagnostic(
                        code=code, message=message, help=help,
                        span=self.origins.value("flows", flow, "stages", stage, key, index),
                    ))  # fmt: skip
        return good

    def _stage(
        self, flow: str, name: str, step: workload.Stage, data: Data, before: Mapping[str, Stage]
    ) -> Stage | None:
        path = ("flows", flow, "stages", name)
        kinds = {"transform": step.transform, "model": step.model, "sink": step.sink}
        chosen = [kind for kind, value in kinds.items() if value is not None]
        if len(chosen) != 1:
            self._shape(
                path, f"stage `{name}` has {'no' if not chosen else 'more than one'} kind",
                "give it exactly one of `transform`, `model` and `sink`",
            )  # fmt: skip
            return None
        if not self._fits(path, name, step):
            return None
        model = None
        if step.model is not None:
            if step.model in self.spec.models and step.model not in self.models:
                return None  # the model has its own finding
            model = lookup(step.model, self.models, self.sink, kind="model",
                           span=self.origins.value(*path, "model"),
                           defined=self.origins.key("models"))  # fmt: skip
            if model is None:
                return None
        rate = _sum_rate(step, data, before)
        size = max(_size(source, data, before) for source in step.inputs)
        return Stage(
            name=name,
            kind=StageKind(chosen[0]),
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
        )

    def _releases(self, path: tuple[str, ...], step: workload.Stage) -> tuple[Release, ...]:
        found = []
        for regime in sorted(step.release):
            written = step.release[regime]
            here = (*path, "release", regime)
            for method, key, example in _METHODS:
                value = getattr(written, key)
                if written.method == method and value is None:
                    self._misfit(here, f"`{method}` needs `{key}`", f"add `{key}: {example}`")
                if written.method != method and value is not None:
                    self._misfit((*here, key), f"`{key}` means nothing for `{written.method}`",
                                 f"remove `{key}`, or write `method: {method}`")  # fmt: skip
            figures = (f"{key} {getattr(written, key):g}" for _, key, _ in _METHODS
                       if getattr(written, key) is not None)  # fmt: skip
            found.append(Release(
                regime=regime, method=written.method, figure=", ".join(figures),
                evidence=written.evidence, approver=written.approver,
                origin=self.origins.key(*here),
            ))  # fmt: skip
        return tuple(found)

    def _fits(self, path: tuple[str, ...], name: str, step: workload.Stage) -> bool:
        rules = (
            (step.transform in WINDOWED, "every", step.every, "every: P1D"),
            (step.transform == "filter", "keep", step.keep, "keep: 5%"),
            (step.sink == "store", "retention", step.retention, ""),
            (step.sink is None, "feedback", step.feedback or None, ""),
            (step.sink is None, "release", step.release or None, ""),
        )
        good = True
        for applies, key, value, example in rules:
            if applies and value is None and example:
                good = self._shape(path, f"stage `{name}` needs `{key}`", f"add `{example}`")
            if not applies and value is not None:
                good = self._shape(
                    (*path, key), f"`{key}` means nothing for stage `{name}`", f"remove `{key}`"
                )
        return good

    def _shape(self, path: tuple[str, ...], message: str, help: str) -> bool:
        self.sink.add(
            Diagnostic(code="HS0209", message=message, span=self.origins.key(*path), help=help)
        )
        return False


def _no_input(source: str, flow: str, written: workload.Flow, born: set[str]) -> tuple[str, str]:
    """Code and sentence for a name that feeds nothing here."""
    if source in written.stages:
        return "HS0209", f"`{source}` is a sink, it feeds nothing"
    if source in born:
        return "HS0209", f"`{source}` is a data asset, no stage's output"
    return "HS0220", f"there is no stage or data asset `{source}` in flow `{flow}`"


def _sum_rate(step: workload.Stage, data: Data, before: Mapping[str, Stage]) -> Fraction:
    rates = (before[s].output_rate if s in before else data.rate for s in step.inputs)
    return sum(rates, Fraction(0))


def _size(source: str, data: Data, before: Mapping[str, Stage]) -> int:
    return before[source].output_size if source in before else data.size


def _output_rate(step: workload.Stage, rate: Fraction) -> Fraction:
    if step.transform in WINDOWED and step.every is not None:
        return Fraction(SECOND, step.every)
    return rate * step.keep if step.keep is not None else rate
