"""ReleaseSlice to bodies of hawkBit's management API, and to what its device API then offers.

Shapes: `Mgmt…RequestBodyPost` and `Ddi…` in eclipse-hawkbit/hawkbit. Identifiers that the server
gives are left to whoever uploads: a body holds everything else.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.ir.release_slice import ReleaseSlice
from hybridspec.target.api import Emitted, Payload, Unsupported
from hybridspec.target.form import Step, document, steps, too_long

_TITLE = "hawkBit"
_NAME, _VERSION, _VENDOR = 128, 64, 256


def emit(part: ReleaseSlice) -> Emitted:
    """The software module with its artefacts and metadata, the set of it, and the rollout."""
    name, version = f"{part.spec}.{part.device_class}", f"{part.counter}-{part.release}"
    refused = (
        *too_long(part, _TITLE, "a name (spec and device class)", name, _NAME),
        *too_long(part, _TITLE, "a version", version, _VERSION),
        *too_long(part, _TITLE, "a vendor (`metadata.owner`)", part.owner, _VENDOR),
    )
    if refused:
        return refused
    about = f"Release {part.release} of {part.device_class}"
    named = {"name": name, "version": version, "description": about}
    module = {**named, "type": "application", "vendor": part.owner}
    return (
        Payload(path="1-softwaremodule.json", data=document([module])),
        Payload(path="2-artifacts.json", data=document([
            {"filename": file.path, "size": file.size, "sha256sum": file.sha256}
            for file in (part.bundle, part.manifest)
        ])),
        Payload(path="3-metadata.json", data=document([
            {"key": key, "value": value, "targetVisible": True} for key, value in _metadata(part)
        ])),
        Payload(path="4-distributionset.json", data=document([{**named, "type": "app"}])),
        Payload(path="5-rollout.json", data=document(_rollout(part, name, version, about))),
        Payload(path="ddi/deployment.json", data=document(_offered(part, name, version))),
        *(Payload(path=file.path, blob=file.sha256) for file in (part.bundle, part.manifest)),
        *_rounded(part),
    )  # fmt: skip


def _metadata(part: ReleaseSlice) -> tuple[tuple[str, str], ...]:
    """What a device is told beside the artefacts; it believes what the channel's keys signed."""
    return (
        ("hybridspec.device-class", part.device_class),
        ("hybridspec.manifest-sha256", part.manifest.sha256),
        ("hybridspec.release", part.release),
        ("hybridspec.release-counter", str(part.counter)),
        ("hybridspec.security-epoch", str(part.epoch)),
        *((("hybridspec.channel", part.channel),) if part.channel else ()),
    )


def _rollout(part: ReleaseSlice, name: str, version: str, about: str) -> dict[str, object]:
    """The rollout, but for the number of its distribution set."""
    return {
        "name": f"{name} {version}",
        "description": about,
        "targetFilterQuery": f"attribute.hybridspec_spec=={_quoted(part.spec)} and "
        f"attribute.hybridspec_class=={_quoted(part.device_class)}",
        "type": "forced",
        "dynamic": False,
        "groups": [_group(step) for step in steps(part)],
    }


def _quoted(value: str) -> str:
    """A value of RSQL, whatever it holds."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _group(step: Step) -> dict[str, object]:
    """A cohort; the next one begins at once, or when somebody resumes what this one paused."""
    percent = step.cohort.max_failures * 100
    failures = percent.numerator // percent.denominator
    paused = step.cohort.soak and not step.last
    return {
        "name": step.cohort.name,
        "description": f"{step.cohort.percent} % of the fleet",
        "targetPercentage": round(float(step.share * 100), 4),
        "successCondition": {"condition": "THRESHOLD", "expression": str(100 - failures)},
        "successAction": {"action": "PAUSE" if paused else "NEXTGROUP", "expression": ""},
        "errorCondition": {"condition": "THRESHOLD", "expression": str(failures)},
        "errorAction": {"action": "PAUSE", "expression": ""},
    }


def _rounded(part: ReleaseSlice) -> Iterator[Unsupported]:
    for cohort in part.cohorts:
        if (cohort.max_failures * 100).denominator != 1:
            yield Unsupported(
                what=f"{_TITLE} counts failures in whole percent: cohort `{cohort.name}` stops "
                f"above {float(cohort.max_failures * 100):g} %, and there above the next lower one",
                instead="write `max_failures` in whole percent to have it as it stands",
                origin=cohort.origin.ref, note=True,
            )  # fmt: skip


def _offered(part: ReleaseSlice, name: str, version: str) -> dict[str, object]:
    """What `deploymentBase` offers a device, without links; the server adds other digests."""
    return {
        "download": "forced",
        "update": "forced",
        "chunks": [{
            "part": "bApp",
            "name": name,
            "version": version,
            "metadata": [{"key": key, "value": value} for key, value in _metadata(part)],
            "artifacts": [
                {"filename": file.path, "size": file.size, "hashes": {"sha256": file.sha256}}
                for file in (part.bundle, part.manifest)
            ],
        }],
    }  # fmt: skip
