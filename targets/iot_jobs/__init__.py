"""Releases for AWS IoT Jobs: a job document, and per zone and cohort a job with its gates."""

from hybridspec.target.api import Feature, Target

from .emit import emit

TARGET = Target(
    name="iot-jobs",
    package="hybridspec_targets.iot_jobs",
    summary="AWS IoT Jobs",
    emit_form=emit,
    features=(
        Feature(
            name="cohorts", by="controller",
            how="a job and a thing group are emitted for each cohort; put its devices into the "
            "group and create the jobs in order",
        ),
        Feature(name="soak", by="controller", how="wait before you create the next cohort's job"),
        Feature(
            name="failures", by="native",
            how="the job is cancelled, and its rate grows only with devices that succeeded",
        ),
        Feature(
            name="windows", by="controller",
            how="its maintenance windows count in UTC and for continuous jobs alone; create jobs "
            "in hours of the sites",
        ),
        Feature(
            name="deltas", by="device",
            how="the document names the release; the agent takes its delta from the channel",
        ),
        Feature(
            name="revert", by="device",
            how="the device reverts on its own; a cancelled job takes nothing back, so withdraw a "
            "release by publishing the one before under a new counter",
        ),
        Feature(
            name="health", by="device",
            how="the device reports SUCCEEDED after its trial, never when it has written the slot",
        ),
    ),
)  # fmt: skip
