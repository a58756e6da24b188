"""Releases for Azure Device Update for IoT Hub: an import manifest beside its payload."""

from hybridspec.target.api import Feature, Target

from .emit import emit

TARGET = Target(
    name="device-update",
    package="hybridspec_targets.device_update",
    summary="Azure Device Update import manifest",
    emit_form=emit,
    features=(
        Feature(
            name="cohorts", by="controller",
            how="put each cohort's devices in a group (tag `ADUGroup`) and deploy to one group "
            "after the other",
        ),
        Feature(name="soak", by="controller", how="wait before you deploy to the next group"),
        Feature(
            name="failures", by="controller",
            how="a deployment's rollback policy takes a share and a count of failures; write the "
            "cohort's `max_failures` there",
        ),
        Feature(
            name="windows", by="controller",
            how="a deployment has a start and no hours; start it in hours of the group's sites",
        ),
        Feature(
            name="deltas", by="nobody",
            how="its delta handler takes Microsoft's format alone; devices fetch the whole bundle, "
            "or the channel's delta",
        ),
        Feature(
            name="revert", by="device",
            how="the handler reverts on its own; withdraw a release by publishing the one before "
            "under a new counter, which has a higher version",
        ),
        Feature(
            name="health", by="device",
            how="the handler reports success after the trial, never when it has written the slot",
        ),
    ),
)  # fmt: skip
