"""Releases for Eclipse hawkBit: what its management API takes, and what a device then sees."""

from hybridspec.target.api import Feature, Target

from .emit import emit

TARGET = Target(
    name="hawkbit",
    package="hybridspec_targets.hawkbit",
    summary="hawkBit distribution set and rollout",
    emit_form=emit,
    features=(
        Feature(
            name="cohorts", by="native",
            how="a group each, of a share of the devices that are left",
        ),
        Feature(
            name="soak", by="controller",
            how="a group that has to be watched ends with a pause; resume the rollout "
            "(POST /rest/v1/rollouts/ID/resume) when its `soak` is over",
        ),
        Feature(
            name="failures", by="native",
            how="a group's error threshold in whole percent, rounded down, pauses the rollout",
        ),
        Feature(
            name="windows", by="controller",
            how="rollouts know no hours; start and resume them in hours of the sites, or assign "
            "devices one by one with a maintenance window",
        ),
        Feature(
            name="deltas", by="nobody",
            how="it offers the whole bundle; devices that reach the channel fetch its delta there",
        ),
        Feature(
            name="revert", by="device",
            how="the device reverts on its own; hawkBit takes nothing back, so withdraw a release "
            "by publishing the one before under a new counter",
        ),
        Feature(
            name="health", by="device",
            how="the device closes the action with `success` after its trial, never when it has "
            "written the slot",
        ),
    ),
)  # fmt: skip
