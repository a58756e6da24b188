"""The independent checker of cut models: a flow in two halves is the flow of the spec, cut once."""

from __future__ import annotations

from hybridspec.ir.graph import Flow, Graph, Stage
from hybridspec.ir.plan import Decision


def faults_of_split(graph: Graph, decision: Decision) -> list[str]:
    """How a decision's flow is not that of the spec with one model cut."""
    label = f"{decision.flow.name} at {decision.site.name}"
    cut = [(model, variant) for model, variant in decision.chosen.variants if "-head" in variant]
    added = [s for s in decision.flow.stages if s.name.endswith(".head")]
    if not cut and not added:
        return []
    whole = next((flow for flow in graph.flows if flow.name == decision.flow.name), None)
    if whole is None or len(cut) != 1 or len(added) != 1:
        return [f"{label}: not one model is cut into one first half"]
    return [f"{label}: {why}" for why in _halves(whole, decision, added[0], cut[0])]


def _halves(whole: Flow, decision: Decision, head: Stage, cut: tuple[str, str]) -> list[str]:
    name = head.name[: -len(".head")]
    stages = {stage.name: stage for stage in decision.flow.stages}
    before = {stage.name: stage for stage in whole.stages}
    if set(stages) - {head.name} != set(before) or name not in before:
        return ["other stages than the spec's"]
    old, tail, model = before[name], stages[name], before[name].model
    if model is None or model.name != cut[0] or cut[1] not in model.variants:
        return ["a model is cut that may not be"]
    tensor = model.facts.cuts[int(cut[1].partition("-head")[2])]
    kinds = {stage: host.kind for stage, host in decision.chosen.hosts}
    rest = all(stages[n] == stage for n, stage in before.items() if n != name)
    found = {
        "a half is in the wrong place": kinds.get(head.name) == "edge" and kinds[name] == "cloud",
        "the halves do not carry the tensor": tail.inputs == (head.name,)
        and head.output_size == tail.input_size == tensor.size
        and head.output_rate == old.input_rate == tail.input_rate,
        "the first half reads something else": (head.inputs, head.input_rate, head.input_size)
        == (old.inputs, old.input_rate, old.input_size)
        and not old.feedback,
        "the rest of the flow is another": rest
        and (tail.output_rate, tail.output_size) == (old.output_rate, old.output_size)
        and sum(s.model == model for s in before.values()) == 1,
        "nothing is released by half a stage": head.releases == () and head.model == model,
    }
    return [why for why, holds in found.items() if not holds]
