"""Releases as SUIT manifests, signed with COSE by the class's key: for small updaters."""

from hybridspec.target.api import Feature, Target

from .emit import emit

TARGET = Target(
    name="suit",
    package="hybridspec_targets.suit",
    summary="SUIT manifest",
    emit_form=emit,
    features=(
        Feature(
            name="cohorts", by="controller",
            how="give each cohort's devices the envelope when it is their turn",
        ),
        Feature(name="soak", by="controller", how="wait before you hand on the envelope"),
        Feature(
            name="failures", by="controller",
            how="count the reports of devices, and keep the envelope back",
        ),
        Feature(name="windows", by="controller", how="hand on the envelope in hours of the site"),
        Feature(
            name="deltas", by="nobody",
            how="the manifest names the whole bundle; the channel has the delta",
        ),
        Feature(
            name="revert", by="device",
            how="the updater reverts on its own; sequence numbers only grow, so withdraw a release "
            "by publishing the one before under a new counter",
        ),
        Feature(
            name="health", by="device",
            how="the agent tries what was installed; the manifest says what to fetch, not when it "
            "is good",
        ),
    ),
)  # fmt: skip
