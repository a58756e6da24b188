"""The table of estimates that placement reads: data, so that no stage imports another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hybridspec.ir.graph import DeviceClass, Stage, StageKind
from hybridspec.ir.plan import Estimate

CLOUD = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTable:
    """Estimates by (model, host, variant) and (operation, host, bytes per event).

    A host is a board's name, with the runtime of its models if it is another than the agent's, or
    `CLOUD`. `memory` holds bytes by (model, variant), runtime
    included. A missing entry means that nobody has figures, never zero. `measured` holds, by
    (model, device class, variant), what the user has measured, and goes before `models`.
    """

    models: Mapping[tuple[str, str, str], Estimate]
    operations: Mapping[tuple[str, str, int], Estimate]
    memory: Mapping[tuple[str, str], int]
    measured: Mapping[tuple[str, str, str], Estimate] = field(default_factory=dict)

    def of(self, stage: Stage, device: DeviceClass | None, variant: str) -> Estimate | None:
        """Latency of a stage on a device class, or in the cloud; None where nobody has figures."""
        where = device.board.name if device is not None else CLOUD
        if stage.model is not None:
            return self.model(stage.model.name, device, variant)
        if stage.kind is StageKind.TRANSFORM:
            return self.operations.get((stage.operation, where, stage.input_size))
        return NOTHING

    def model(self, name: str, device: DeviceClass | None, variant: str) -> Estimate | None:
        """Latency of a model; what was measured on the class goes before its board's figures."""
        if device is None:
            return self.models.get((name, CLOUD, variant))
        own = self.measured.get((name, device.name, variant))
        return own or self.models.get((name, device.host, variant))


NOTHING = Estimate(low=0, mid=0, high=0, basis="takes no time of its own")
