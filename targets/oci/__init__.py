"""Releases as OCI artefacts in the layout of CNCF ModelPack: for registries and pods."""

from hybridspec.target.api import Feature, Target

from .emit import emit

TARGET = Target(
    name="oci",
    package="hybridspec_targets.oci",
    summary="OCI artefact (CNCF ModelPack)",
    emit_form=emit,
    features=(
        Feature(
            name="cohorts", by="controller",
            how="move a tag per cohort, or have each cohort's workload name the digest",
        ),
        Feature(name="soak", by="controller", how="wait before you move the next cohort's tag"),
        Feature(
            name="failures", by="controller",
            how="count the trials that failed, and leave the tags where they are",
        ),
        Feature(name="windows", by="controller", how="move a tag in hours of the cohort's sites"),
        Feature(
            name="deltas", by="native",
            how="layers are files, so a registry sends those that changed",
        ),
        Feature(name="revert", by="controller", how="move the tag back to the digest before"),
        Feature(
            name="health", by="device",
            how="what runs the model tries it by the golden files and limits in `release.json`",
        ),
    ),
)  # fmt: skip
