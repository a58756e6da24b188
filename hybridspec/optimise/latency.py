"""Every latency that a placement can ask for: estimates, and what was measured in their stead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hybridspec.ir.graph import Graph, Measurement, Model, ModelFacts, Rates, StageKind
from hybridspec.ir.half import head, precision_and_cut, tail
from hybridspec.ir.latency import CLOUD, LatencyTable
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.cloud_rates import CLOUD_RATES
from hybridspec.optimise.estimate import PASSES, estimate, operation
from hybridspec.optimise.measured import applied, exact, learned
from hybridspec.optimise.memory import memory

RUNTIME = "onnxruntime"


def latency_table(graph: Graph) -> LatencyTable:
    """Every estimate that a placement of `graph` can ask for."""
    hosts: dict[str, tuple[Rates, ...]] = {
        device.board.name: _of(device.board.rates, RUNTIME) for device in graph.device_classes
    }
    hosts[CLOUD] = CLOUD_RATES
    others = {
        device.host: _of(device.board.rates, device.runtime)
        for device in graph.device_classes
        if device.runtime != RUNTIME
    }
    models = {
        (model.name, host, variant): estimate(facts, rates)
        for model in graph.models
        if not model.facts.unpriced
        for host, rows in (hosts | others).items()
        for rates in rows
        for variant, facts in _runs(model, host, rates.precision)
    }
    sizes = {
        (stage.operation, stage.input_size)
        for flow in graph.flows
        for stage in flow.stages
        if stage.kind is StageKind.TRANSFORM and stage.operation in PASSES
    }
    operations = {
        (name, host, size): operation(name, size, rates)
        for name, size in sizes
        for host, rows in hosts.items()
        for rates in rows
        if rates.precision == "fp32"
    }
    needs = {
        (model.name, variant): memory(model.facts, variant)
        for model in graph.models
        for variant in dict.fromkeys(("fp32", "int8", *model.variants))
    }
    measured = dict(_corrected(graph))
    measured |= {
        (model.name, own.device, own.variant): _measured(own)
        for model in graph.models
        for own in model.measured
    }
    return LatencyTable(models=models, operations=operations, memory=needs, measured=measured)


def _corrected(graph: Graph) -> Iterator[tuple[tuple[str, str, str], Estimate]]:
    """Estimates of classes that something was measured on, by (model, device class, variant)."""
    for device in graph.device_classes:
        if not device.timed or device.runtime != RUNTIME:
            continue  # measuring uses the agent's runtime, which says nothing of others
        where = f"`{device.name}`"
        for model in graph.models:
            for variant in dict.fromkeys(("fp32", "int8", *model.variants)):
                own = exact(device.timed, model.facts, variant, where)
                if own is not None:
                    yield (model.name, device.name, variant), own
            for rates in () if model.facts.unpriced else _of(device.board.rates, RUNTIME):
                correction = learned(rates, device.timed)
                for variant, facts in _runs(model, device.board.name, rates.precision):
                    own = exact(device.timed, model.facts, variant, where)
                    if own is None and correction is not None:
                        yield (model.name, device.name, variant), applied(facts, correction)


def _measured(own: Measurement) -> Estimate:
    return Estimate(
        low=own.p50 * own.p50 // own.p95,
        mid=own.p50,
        high=own.p95,
        basis=f"measured on `{own.device}`, {own.variant}, on {own.on}",
    )


def measured_latency(model: Model, device: str, variant: str) -> Estimate | None:
    """What the user measured of a variant on a device class."""
    return next((_measured(own) for own in model.measured
                 if (own.device, own.variant) == (device, variant)), None)  # fmt: skip


def _runs(model: Model, host: str, precision: str) -> Iterable[tuple[str, ModelFacts]]:
    """What a host may run of a model in a precision; the cloud runs second halves as written."""
    yield precision, model.facts
    for variant in model.variants:
        first, cut = precision_and_cut(variant)
        if cut is not None and host == CLOUD and precision == "fp32":
            yield variant, tail(model.facts, cut)
        elif cut is not None and host != CLOUD and precision == first:
            yield variant, head(model.facts, cut)


def _of(rows: Iterable[Rates], runtime: str) -> tuple[Rates, ...]:
    """The constants of one runtime on one thread."""
    return tuple(row for row in rows if row.runtime == runtime and row.threads == 1)
