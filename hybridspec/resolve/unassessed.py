"""What a spec says and nothing acts on yet: each is named in the report, none is silent.

Whoever makes a key act removes its line here.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.spec.document import Spec


def unassessed(spec: Spec) -> tuple[str, ...]:
    """One sentence for each kind of thing that is written and has no effect."""
    return tuple(sorted({*_places(spec), *_data(spec), *_work(spec), *_delivery(spec)}))


def _places(spec: Spec) -> Iterator[str]:
    for cloud_target, rows in spec.catalog.regions.items():
        for region, row in rows.items():
            if row.country is not None:
                yield (f"region {region} of {cloud_target}: that it lies in {row.country} is "
                       "the spec's word; no catalogue confirms it")  # fmt: skip
    for device in spec.devices.values():
        if device.security:
            yield "devices.*.security: compared with the board; no device is asked to prove it"
        if device.hardware is not None and device.hardware.accelerators:
            yield "devices.*.hardware.accelerators: estimates count the CPU alone"


def _data(spec: Spec) -> Iterator[str]:
    for data in spec.data.values():
        if data.sensitivity:
            yield "data.*.sensitivity: policies may ask for it, no law does"
    for model in spec.models.values():
        if model.approvals or not {*spec.data, *spec.models}.issuperset(model.lineage):
            yield "models.*.lineage and approvals: taken as stated"
        training = model.training
        if training is not None and (training.triggers or training.federated or training.data):
            yield "models.*.training.data, triggers and federated: runs start by the clock"


def _work(spec: Spec) -> Iterator[str]:
    for flow in spec.flows.values():
        for stage in flow.stages.values():
            if stage.transform == "local-training":
                yield "local-training: its work is assumed, not derived from a model"


def _delivery(spec: Spec) -> Iterator[str]:
    rollout = spec.rollout
    for key in ("gates", "windows", "revert", "keys"):
        if getattr(rollout, key):
            yield f"rollout.{key}: not carried to the devices yet"
    if spec.observability is not None:
        yield "observability: where it may go is checked, nothing is sent yet"
    if spec.metadata.controller or spec.metadata.dpo:
        yield "metadata.controller and dpo: in no document yet"
