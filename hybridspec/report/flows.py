"""Every asset of a spec as data: what follows it, where each facet of it lies, and why it may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import BOTTOM, IDENTIFIABILITY, SENSITIVITY, Label, join
from hybridspec.ir.law import FACETS, Implicit
from hybridspec.ir.plan import Residency
from hybridspec.ir.verdict import ORDER, Certificate, Obligation, Reason, Step, Verdict
from hybridspec.law.label import Labels

SCHEMA = "hybridspec.dev/flows/v1"
_RANK = {facet: place for place, facet in enumerate(FACETS)}


def flows_document(
    graph: Graph, labels: Labels, rows: Sequence[Residency] | None,
    *, data: str = "", zone: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The assets that `data` (a name of one) and `zone` leave; no `rows` if nothing is placed."""
    found = [
        asset for asset in _assets(labels, rows or ())
        if (not zone or asset["zone"] == zone or zone in asset["label"]["zones"])
        and (not data or _named(asset, data, labels))
    ]  # fmt: skip
    counts = Counter(cell["verdict"] for asset in found for cell in asset["facets"])
    return {
        "schemaVersion": SCHEMA, "spec": graph.name, "asOf": graph.as_of,
        "facts": {"version": graph.law.version, "digest": graph.law.digest},
        "placed": rows is not None,
        "verdicts": {str(verdict): counts[str(verdict)] for verdict in ORDER},
        "assets": found, "devices": _devices(graph),
    }  # fmt: skip


def names(graph: Graph, labels: Labels) -> tuple[str, ...]:
    """What people may call assets: data, `flow.stage`, models and `telemetry N`, sorted."""
    found = {node.split("@")[0].split(" ", 1)[1] for node in labels.nodes
             if not node.startswith("telemetry ")}  # fmt: skip
    telemetry = {node.split("@")[0] for node in labels.nodes if node.startswith("telemetry ")}
    return tuple(sorted(found | telemetry | {data.name for data in graph.data}))


def nodes_of(name: str, labels: Labels) -> tuple[str, ...]:
    """The nodes that a name stands for, in every zone; a whole node's name stands for itself."""
    if name in labels:
        return (name,)
    return tuple(
        node for node in labels.nodes
        if node.split("@")[0] in (f"data {name}", f"stage {name}", f"model {name}", name)
        or (name == "telemetry" and node.startswith("telemetry "))
    )  # fmt: skip


def label_document(label: Label) -> dict[str, Any]:
    """A label for machines: sets sorted, positions in chains by their words."""
    return {
        "regimes": [{"regime": b.regime, "zone": b.zone} for b in sorted(label.regimes)],
        "subjects": sorted(label.subjects), "categories": sorted(label.categories),
        "zones": sorted(label.zones), "born": sorted(label.born),
        "identifiability": IDENTIFIABILITY[label.identifiability],
        "sensitivity": SENSITIVITY[label.sensitivity], "people": label.volume,
        "empty": label == BOTTOM,
    }  # fmt: skip


def duty_document(duty: Obligation) -> dict[str, Any]:
    """An obligation for machines."""
    return {"rule": duty.rule, "text": duty.text, "metBy": duty.met_by, "until": duty.until}


def _assets(labels: Labels, rows: Sequence[Residency]) -> Iterator[dict[str, Any]]:
    cells: dict[tuple[str, str], list[Residency]] = {}
    for row in rows:
        cells.setdefault((row.zone, row.asset), []).append(row)
    shown: set[str] = set()
    for (zone, asset), group in sorted(cells.items()):
        node = _node(asset, zone, group, labels)
        shown.add(node)
        yield _asset(asset, zone, node, _label(zone, node, labels), group)
    for node in labels.nodes:
        if node in shown:
            continue
        asset, _, zone = node.partition("@")
        label = labels.within(node)
        for owner in [zone] if zone else sorted(label.zones | label.born):
            if (owner, asset.removeprefix("stage ")) not in cells:
                yield _asset(asset.removeprefix("stage "), owner, node, label, ())


def _devices(graph: Graph) -> list[dict[str, Any]]:
    """What software on devices sends by itself, and whether anything keeps it from doing so."""
    found: dict[Implicit, list[str]] = {}
    for device in graph.device_classes:
        for flow in device.implicit:
            found.setdefault(flow, []).append(device.name)
    return [
        {
            "flow": flow.id, "facet": flow.facet, "carries": flow.carries, "text": flow.text,
            "countries": list(flow.countries), "avoidedBy": flow.avoided_by,
            "source": flow.source, "devices": sorted(classes),
            "checkedOn": flow.checked_on.isoformat() if flow.checked_on else None,
        }
        for flow, classes in sorted(found.items(), key=lambda item: item[0].id)
    ]  # fmt: skip


def _asset(
    asset: str, zone: str, node: str, label: Label, rows: Iterable[Residency]
) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: (_RANK.get(row.facet, len(_RANK)), row.facet))
    return {"asset": asset, "zone": zone, "node": node, "label": label_document(label),
            "facets": [_cell(row) for row in ordered]}  # fmt: skip


def _cell(row: Residency) -> dict[str, Any]:
    return {
        "facet": row.facet, "verdict": row.verdict, "claim": row.id, "places": list(row.places),
        "countries": list(row.countries), "unstated": _unstated(row),
        "operators": list(row.operators), "why": row.why,
        "obligations": [duty_document(duty) for duty in row.obligations],
        "guards": list(row.guards), "unenforced": row.unenforced,
        "certificate": None if row.certificate is None else _certificate(row.certificate),
    }  # fmt: skip


def _unstated(row: Residency) -> bool:
    """Whether it may be in places that nobody states, beside its countries."""
    reasons = row.certificate.reasons if row.certificate is not None else ()
    return not row.countries or any(
        reason.verdict is Verdict.GAP and not reason.countries for reason in reasons
    )


def _certificate(proof: Certificate) -> dict[str, Any]:
    """The way that the label took, what came together on it, and every rule that was asked."""
    return {
        "path": [step_document(step) for step in proof.path],
        "joins": [{"node": node, "together": text} for node, text in proof.joins],
        "reasons": [reason_document(reason) for reason in proof.reasons],
    }


def step_document(step: Step) -> dict[str, Any]:
    """One step of a label's way, for machines."""
    return {"from": step.source, "to": step.target, "releases": list(step.released),
            "at": step.origin.ref if step.origin else None}  # fmt: skip


def reason_document(reason: Reason) -> dict[str, Any]:
    """One rule that was asked, with the fact that it rests on, for machines."""
    return {
        "rule": reason.rule, "verdict": str(reason.verdict), "text": reason.text,
        "countries": list(reason.countries), "fact": reason.fact, "source": reason.source,
        "since": reason.since, "until": reason.until, "waivedBy": list(reason.waived_by),
        "at": reason.origin.ref if reason.origin else None,
    }  # fmt: skip


def _node(asset: str, zone: str, rows: Sequence[Residency], labels: Labels) -> str:
    """The node that a row is about: by its name, else by its certificate; none for a store."""
    kind, _, rest = asset.partition(" ")
    tries = [f"{asset}@{zone}", asset, f"stage {asset}@{zone}", f"model {rest}"]
    if kind == "telemetry":
        tries.append(f"telemetry {rest.split(' ')[0]}@{zone}")
    proofs = [row.certificate for row in rows if row.certificate is not None]
    tries += [proof.joins[-1][0] for proof in proofs if proof.joins]
    return next((name for name in tries if name in labels), "")


def _label(zone: str, node: str, labels: Labels) -> Label:
    """The label of a node; of a store or a channel, that of all that the zone works on."""
    if not node:
        inside = (labels.within(name) for name in labels.nodes if name.endswith(f"@{zone}"))
        return reduce(join, inside, Label(zones=frozenset({zone})))
    if node.startswith("model "):
        return labels.copy(node.removeprefix("model "), zone)
    return labels.within(node)


def _named(asset: Mapping[str, Any], name: str, labels: Labels) -> bool:
    """Whether an asset is called so, or is made from what is called so."""
    node = asset["node"]
    return bool(node) and (node in nodes_of(name, labels) or asset["asset"] == name)
