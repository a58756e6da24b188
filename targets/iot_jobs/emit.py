"""ReleaseSlice to AWS IoT Jobs: a document, CreateJob parameters and a CloudFormation template.

Shapes: operation CreateJob of the service model `iot`, resource type AWS::IoT::JobTemplate. The
document is data for the agent, which believes the channel's signatures alone; it has no command.
"""

from __future__ import annotations

from hybridspec.base.units import MINUTE
from hybridspec.ir.release_slice import ReleaseSlice, ReleaseZone
from hybridspec.target.api import Emitted, Payload, Unsupported
from hybridspec.target.cloud import short
from hybridspec.target.form import Step, document, steps, without_channel

_TITLE = "AWS IoT Jobs"
_DOCUMENT = 32_768
_RATE = 1000
_WEEK = 7 * 24 * 60
_HOUR = 60


def emit(part: ReleaseSlice) -> Emitted:
    """The document, and for each zone on AWS what deploys it there."""
    refused = tuple(without_channel(part, _TITLE))
    if refused:
        return refused
    order = document(_document(part))
    if len(order) > _DOCUMENT:
        return (Unsupported(
            what=f"{_TITLE} takes documents of {_DOCUMENT} characters, not {len(order)}",
            instead="give a shorter --channel-url", origin=part.origin, promised=True,
        ),)  # fmt: skip
    zones = [zone for zone in part.zones if zone.provider == "aws"]
    made: list[Payload | Unsupported] = [Payload(path="document.json", data=order)]
    if not zones:
        made.append(Payload(path="template.json", data=document(_template(part, None, order))))
    for zone in zones:
        folder = f"zones/{zone.name}"
        made.append(Payload(path=f"{folder}/template.json",
                            data=document(_template(part, zone, order))))  # fmt: skip
        if zone.account:
            made += [Payload(path=f"{folder}/create-job-{number}.json",
                             data=document(_job(part, zone, step, order)))
                     for number, step in enumerate(steps(part), 1)]  # fmt: skip
    return (*made, *_unknown(part, zones), *_cut(part))


def _unknown(part: ReleaseSlice, zones: list[ReleaseZone]) -> Emitted:
    """Zones for which no job can be created from what the spec says."""
    return tuple(
        Unsupported(
            what=f"{_TITLE} names the things of a job by account: "
            + (f"zone `{zone.name}` states none" if zone in zones
               else f"zone `{zone.name}` is not on AWS"),
            instead="write `clouds.<name>.account`, or create the jobs from the template with "
            "targets of your own" if zone in zones
            else "create the jobs from a template with targets of your own",
            origin=part.origin,
        )
        for zone in part.zones
        if zone not in zones or not zone.account
    )  # fmt: skip


def _document(part: ReleaseSlice) -> dict[str, object]:
    """What the agent is asked to install, by its name in the channel."""
    return {
        "schema": "hybridspec.dev/job/v1",
        "operation": "install-release",
        "spec": part.spec,
        "deviceClass": part.device_class,
        "release": part.release,
        "releaseCounter": part.counter,
        "securityEpoch": part.epoch,
        "channel": {"url": part.channel, "rootVersion": part.root},
        "target": {
            "path": part.target(part.manifest),
            "length": part.manifest.size,
            "sha256": part.manifest.sha256,
        },
        "healthContract": {"path": "release.json", "models": [m.name for m in part.models]},
    }


def _name(part: ReleaseSlice, where: str, step: Step) -> str:
    """Unique for zone, class, release and cohort, and no longer than 64 characters."""
    whole = short("-".join((part.spec, *([where] if where else []), part.device_class)), 32)
    return f"{whole}--{part.release[:12]}--{short(step.cohort.name, 16)}"


def _group(part: ReleaseSlice, zone: ReleaseZone, step: Step) -> str:
    """The thing group of a cohort, below the names that the zone's stack gives its classes."""
    prefix = short(f"{part.spec}-{zone.name}", 36)
    return f"{prefix}--{short(part.device_class, 24)}--{short(step.cohort.name, 24)}"


def _job(part: ReleaseSlice, zone: ReleaseZone, step: Step, order: bytes) -> dict[str, object]:
    """The parameters of CreateJob, as `--cli-input-json` takes them."""
    place = f"arn:{zone.partition}:iot:{zone.region}:{zone.account}"
    rate = _rate(step)
    return {
        "jobId": _name(part, zone.name, step),
        "targets": [f"{place}:thinggroup/{_group(part, zone, step)}"],
        "document": order.decode(),
        "description": _about(part, step),
        "targetSelection": "SNAPSHOT",
        "jobExecutionsRolloutConfig": {
            "maximumPerMinute": rate["most"],
            "exponentialRate": {
                "baseRatePerMinute": rate["base"],
                "incrementFactor": 2.0,
                "rateIncreaseCriteria": {"numberOfSucceededThings": rate["base"]},
            },
        },
        "abortConfig": {"criteriaList": [{
            "failureType": "ALL",
            "action": "CANCEL",
            "thresholdPercentage": _threshold(step),
            "minNumberOfExecutedThings": _executed(step),
        }]},
        "timeoutConfig": {"inProgressTimeoutInMinutes": _timeout(part)},
        "jobExecutionsRetryConfig": {"criteriaList": [
            {"failureType": "TIMED_OUT", "numberOfRetries": 2},
        ]},
    }  # fmt: skip


def _template(part: ReleaseSlice, zone: ReleaseZone | None, order: bytes) -> dict[str, object]:
    """The cohorts' job templates, and their thing groups where the zone is known."""
    made: dict[str, object] = {}
    for number, step in enumerate(steps(part), 1):
        made[f"Cohort{number}Job"] = _job_template(part, zone, step, order)
        if zone is not None:
            made[f"Cohort{number}Group"] = {
                "Type": "AWS::IoT::ThingGroup",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {"ThingGroupName": _group(part, zone, step)},
            }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Release {part.release} of {part.device_class}",
        "Resources": made,
    }


def _job_template(
    part: ReleaseSlice, zone: ReleaseZone | None, step: Step, order: bytes
) -> dict[str, object]:
    rate = _rate(step)
    return {
        "Type": "AWS::IoT::JobTemplate",
        "Properties": {
            "JobTemplateId": _name(part, zone.name if zone else "", step),
            "Description": _about(part, step),
            "Document": order.decode(),
            "JobExecutionsRolloutConfig": {
                "MaximumPerMinute": rate["most"],
                "ExponentialRolloutRate": {
                    "BaseRatePerMinute": rate["base"],
                    "IncrementFactor": 2.0,
                    "RateIncreaseCriteria": {"NumberOfSucceededThings": rate["base"]},
                },
            },
            "AbortConfig": {"CriteriaList": [{
                "FailureType": "ALL",
                "Action": "CANCEL",
                "ThresholdPercentage": _threshold(step),
                "MinNumberOfExecutedThings": _executed(step),
            }]},
            "TimeoutConfig": {"InProgressTimeoutInMinutes": _timeout(part)},
            "JobExecutionsRetryConfig": {"RetryCriteriaList": [
                {"FailureType": "TIMED_OUT", "NumberOfRetries": 2},
            ]},
        },
    }  # fmt: skip


def _about(part: ReleaseSlice, step: Step) -> str:
    return f"Release {part.release} of {part.device_class} for cohort {step.cohort.name}"


def _rate(step: Step) -> dict[str, int]:
    """A tenth of the cohort in the first minute; twice as many when as many have succeeded."""
    base = max(1, min(_RATE // 2, -(-step.devices // 10)))
    return {"base": base, "most": max(2 * base, min(_RATE, step.devices))}


def _threshold(step: Step) -> float:
    """Percent of failures that cancel the job, to two digits; 0.01 is any failure at all."""
    return max(1, int(step.cohort.max_failures * 10_000)) / 100


def _executed(step: Step) -> int:
    """Devices to wait for, so that a failure which the cohort may have does not cancel the job."""
    allowed = step.cohort.max_failures
    return max(1, min(step.devices, -(-allowed.denominator // allowed.numerator) if allowed else 1))


def _timeout(part: ReleaseSlice) -> int:
    """The longest time out of reach and an hour, in minutes, and a week at most.

    One that timed out is tried twice more; one that failed has quarantined the release.
    """
    return min(_WEEK, -(-part.max_offline // MINUTE) + _HOUR)


def _cut(part: ReleaseSlice) -> Emitted:
    if -(-part.max_offline // MINUTE) + _HOUR <= _WEEK:
        return ()
    return (Unsupported(
        what=f"{_TITLE} waits a week at most for a device that has begun, and "
        f"`{part.device_class}` may be out of reach for longer",
        instead="a device that was is offered the release twice more",
        origin=part.origin, note=True,
    ),)  # fmt: skip
