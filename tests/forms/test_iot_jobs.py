"""AWS IoT Jobs: parameters judged by the service model, templates by cfn-lint, and no command."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from typing import Any

import pytest
from forms.outsiders import create_job_faults
from forms.slices import MINUTE, cohort, documents, emitted, made_up, refusals

from hybridspec.ir.release_slice import ReleaseSlice, ReleaseZone

AWS = ReleaseZone(name="plants", provider="aws", partition="aws", region="eu-central-1", account="")


def jobs(part: ReleaseSlice) -> list[dict[str, Any]]:
    """The parameters of CreateJob in order."""
    found: Any = documents("iot-jobs", part)
    return [found[p] for p in sorted(found) if "create-job" in p]


def linted(template: object) -> list[str]:
    """What cfn-lint finds in a template for the region."""
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    config = ManualArgs(regions=["eu-central-1"])
    return [f"{m.rule.id} {m.message}" for m in lint(json.dumps(template), config=config)]


def test_the_service_model_accepts_every_job() -> None:
    made = jobs(made_up())
    assert [create_job_faults(job) for job in made] == [[], [], []]
    assert len({job["jobId"] for job in made}) == 3
    assert [job["targets"][0].rpartition("--")[2] for job in made] == ["canary", "half", "fleet"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("jobId",), "no spaces"),
        (("jobId",), "j" * 65),
        (("targets",), []),
        (("targetSelection",), "SOMETIMES"),
        (("document",), "x" * 32_769),
        (("jobExecutionsRolloutConfig", "maximumPerMinute"), 0),
        (("jobExecutionsRolloutConfig", "exponentialRate", "incrementFactor"), 9.0),
        (("jobExecutionsRolloutConfig", "exponentialRate", "baseRatePerMinute"), 1001),
        (("abortConfig", "criteriaList", 0, "action"), "REVERT"),
        (("abortConfig", "criteriaList", 0, "thresholdPercentage"), 101.0),
        (("jobExecutionsRetryConfig", "criteriaList", 0, "numberOfRetries"), 11),
        (("command",), "reboot"),
    ],
)  # fmt: skip
def test_the_service_model_is_seen_to_refuse(path: tuple[Any, ...], value: object) -> None:
    broken = copy.deepcopy(jobs(made_up())[0])
    at: Any = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    assert create_job_faults(broken)


def test_cfn_lint_accepts_the_template_and_refuses_a_seeded_fault() -> None:
    found: Any = documents("iot-jobs", made_up())
    template = found["zones/plants/template.json"]
    assert linted(template) == []
    properties = template["Resources"]["Cohort1Job"]["Properties"]
    properties["JobExecutionsRolloutConfig"]["ExponentialRolloutRate"]["IncrementFactor"] = 9
    assert linted(template)


def test_a_job_and_a_template_ask_for_the_same() -> None:
    found: Any = documents("iot-jobs", made_up())
    resources = found["zones/plants/template.json"]["Resources"]
    for number, job in enumerate(jobs(made_up()), 1):
        same = resources[f"Cohort{number}Job"]["Properties"]
        assert same["JobTemplateId"] == job["jobId"]
        assert same["Document"] == job["document"]
        criteria = same["AbortConfig"]["CriteriaList"][0]
        asked = job["abortConfig"]["criteriaList"][0]
        assert {k.lower(): v for k, v in criteria.items()} == {
            k.lower(): v for k, v in asked.items()
        }
        group = resources[f"Cohort{number}Group"]["Properties"]["ThingGroupName"]
        assert job["targets"] == [f"arn:aws:iot:eu-central-1:123456789012:thinggroup/{group}"]


def test_the_document_is_data_about_the_signed_target() -> None:
    part = made_up()
    found: Any = documents("iot-jobs", part)
    document = found["document.json"]
    assert document["target"] == {
        "path": "gateway/0123456789abcdef/manifest.json", "sha256": part.manifest.sha256,
        "length": part.manifest.size,
    }  # fmt: skip
    assert document["channel"] == {"url": part.channel, "rootVersion": 2}
    assert not {"command", "script", "steps", "run"} & set(json.dumps(document).split('"'))


@pytest.mark.parametrize(
    ("failures", "devices", "threshold", "executed"),
    [("0", 40, 0.01, 1), ("5/100", 400, 5.0, 20), ("5/100", 4, 5.0, 4), ("1/3", 40, 33.33, 3),
     ("1", 40, 100.0, 1)],
)  # fmt: skip
def test_a_cohort_s_failures_become_its_abort(
    failures: str, devices: int, threshold: float, executed: int
) -> None:
    part = made_up(cohorts=(cohort("fleet", 100, failures),), devices=devices)
    criteria = jobs(part)[0]["abortConfig"]["criteriaList"][0]
    assert criteria["thresholdPercentage"] == threshold
    assert criteria["minNumberOfExecutedThings"] == executed
    if Fraction(failures):
        one = Fraction(1, executed)
        assert one <= Fraction(failures) or executed == devices


@pytest.mark.parametrize("devices", [1, 3, 40, 5000, 10**6])
def test_rates_stay_what_the_service_takes(devices: int) -> None:
    for job in jobs(made_up(devices=devices)):
        assert create_job_faults(job) == []
        rollout = job["jobExecutionsRolloutConfig"]
        assert rollout["exponentialRate"]["baseRatePerMinute"] < rollout["maximumPerMinute"]


def test_a_zone_without_an_account_or_elsewhere_is_told() -> None:
    elsewhere = ReleaseZone(name="hills", provider="gcp", partition="gcp", region="europe-west4",
                            account="hills-prod")  # fmt: skip
    files, unsupported = emitted("iot-jobs", made_up(zones=(AWS, elsewhere)))
    assert sorted(files) == ["document.json", "zones/plants/template.json"]
    said = [u.what for u in unsupported]
    assert any("`plants` states none" in what for what in said)
    assert any("`hills` is not on AWS" in what for what in said)
    files, _ = emitted("iot-jobs", made_up(zones=(elsewhere,)))
    assert sorted(files) == ["document.json", "template.json"]


def test_names_are_cut_so_that_they_stay_apart() -> None:
    zones = tuple(ReleaseZone(name="z" * 39 + end, provider="aws", partition="aws-cn",
                              region="cn-north-1", account="123456789012")
                  for end in "ab")  # fmt: skip
    cohorts = (cohort("c" * 39 + "1", 10), cohort("c" * 39 + "2", 100))
    part = made_up(spec="s" * 40, device_class="d" * 40, zones=zones, cohorts=cohorts)
    made = jobs(part)
    assert len({job["jobId"] for job in made}) == len({job["targets"][0] for job in made}) == 4
    assert [create_job_faults(job) for job in made] == [[]] * 4
    assert made[0]["targets"][0].startswith("arn:aws-cn:iot:cn-north-1:123456789012:thinggroup/")


def test_a_week_is_the_longest_that_a_job_waits() -> None:
    part = made_up(max_offline=30 * 24 * 60 * MINUTE)
    assert jobs(part)[0]["timeoutConfig"]["inProgressTimeoutInMinutes"] == 10_080
    assert any("waits a week" in u.what for u in emitted("iot-jobs", part)[1])
    assert not any("waits a week" in u.what for u in emitted("iot-jobs", made_up())[1])


def test_no_channel_and_a_document_that_is_too_long_are_refused() -> None:
    assert "where the channel is" in refusals("iot-jobs", made_up(channel=""))[0]
    long = "https://e.example/" + "x" * 32_768
    assert "32768 characters" in refusals("iot-jobs", made_up(channel=long))[0]
