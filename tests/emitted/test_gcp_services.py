"""What the emitted program for Google Cloud would run, log and tell, against a slice of a plan."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from emitted.found import of, one
from emitted.mutants import judged
from emitted.slices import job, moved, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudSlice, Existing
from hybridspec.target.registry import targets

RETRAINED = replace(job("fault"), drift=True, spot=True)
ASKED = moved(
    part(
        zone(device_classes=("gateway",), training=(RETRAINED,), log_days=45,
             services=(service(), service("large", memory=5 * 2**30, most=9),
                       service("kept", machine="n2-standard-4", least=2, most=2),
                       service("odd", machine="c2-megamem-60", least=1, most=1))),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=(),
             training=()),
        contact="plant@example.org", budget=120_500_000, currency="EUR",
        config=(("billing-account", "012345-6789AB-CDEF01"),),
    ),
    "gcp",
)  # fmt: skip
BUCKET = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
RUN = "gcp:cloudrunv2/service:Service"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("gcp") / "stack")
    return evaluate(folder, project=ASKED.spec)


def refused(made: CloudSlice) -> set[str]:
    """The first words of what Google Cloud cannot express of a slice."""
    _, said = emit_cloud(targets()["gcp"], made)
    assert all(one.instead and one.origin for one in said)
    return {one.what for one in said}


def test_log_entries_are_kept_in_the_region_under_the_key_for_their_days(
    found: Evaluation,
) -> None:
    made = one(found, BUCKET, "eu-plants").inputs
    assert (made["location"], made["retentionDays"]) == ("europe-west3", 45)
    assert "/locations/europe-west3/" in made["cmekSettings"]["kmsKeyName"]
    sink = one(found, SINK, "eu-plants").inputs
    assert sink["destination"] == (
        "logging.googleapis.com/projects/project-0/locations/europe-west3/buckets/watch-eu-plants"
    )
    (exclusion,) = of(found, "gcp:logging/projectExclusion:ProjectExclusion")
    assert exclusion.inputs["filter"] == "severity>=DEFAULT"


def test_a_zone_takes_the_entries_that_name_what_is_its_own(found: Evaluation) -> None:
    mine, theirs = (one(found, SINK, z).inputs["filter"].split(" OR ")
                    for z in ("eu-plants", "us-plants"))  # fmt: skip
    assert not set(mine) & set(theirs)
    assert 'resource.labels.bucket_name=~"^watch-eu-plants(--ota)?-[0-9a-f]{7}$"' in mine
    assert 'resource.type="ml_job"' in mine
    names = {s.inputs["name"] for s in of(found, RUN)}
    assert {c for c in mine if "service_name" in c} == {
        f'resource.labels.service_name="{name}"' for name in names
    }


def test_a_zone_that_has_the_project_for_itself_takes_all(tmp_path: Path) -> None:
    alone = moved(part(zone(log_days=None)), "gcp")
    made = evaluate(written(alone, tmp_path / "stack"), project=alone.spec)
    assert one(made, SINK).inputs.get("filter", "") == ""
    assert one(made, BUCKET).inputs["retentionDays"] == 3650
    assert any("3650 days at most" in what for what in refused(alone))


def test_drift_starts_the_same_job_unless_one_is_under_way(found: Evaluation) -> None:
    scheduled = one(found, "gcp:cloudscheduler/job:Job").inputs["httpTarget"]
    made = one(found, "gcp:workflows/workflow:Workflow").inputs
    steps = json.loads(made["sourceContents"])["main"]["steps"]
    look, decide, train = (next(iter(step.values())) for step in steps)
    assert train["args"]["url"] == look["args"]["url"] == scheduled["uri"]
    assert train["args"]["body"] == json.loads(base64.b64decode(scheduled["body"]))
    said = look["args"]["query"]["filter"]
    assert said.startswith(f'display_name="{train["args"]["body"]["displayName"]}" AND (')
    assert 'state="JOB_STATE_RUNNING"' in said
    assert decide["switch"] == [{"condition": '${"customJobs" in found.body}', "next": "end"}]
    trigger = one(found, "gcp:eventarc/trigger:Trigger").inputs
    topic = one(found, "gcp:pubsub/topic:Topic", "eu-plants--fault-drift")
    assert trigger["transport"]["pubsub"]["topic"] == topic.outputs["id"]
    assert topic.inputs["messageStoragePolicy"]["enforceInTransit"] is True
    role = one(found, "gcp:projects/iAMCustomRole:IAMCustomRole", "eu-plants--fault").inputs
    assert role["permissions"] == [
        "aiplatform.customJobs.create", "aiplatform.customJobs.list",
        "eventarc.events.receiveEvent", "logging.logEntries.create", "workflows.executions.create",
    ]  # fmt: skip
    assert train["args"]["body"]["jobSpec"]["scheduling"] == {
        "strategy": "SPOT", "timeout": "7200s"}  # fmt: skip


def test_services_answer_inside_and_reach_nothing(found: Evaluation) -> None:
    made = {s.name: s.inputs for s in of(found, RUN)}
    assert set(made) == {f"eu-plants--{name}-serve" for name in ("watch", "large", "kept")}
    for inputs in made.values():
        assert inputs["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
        assert "/locations/europe-west3/" in inputs["template"]["encryptionKey"]
        assert inputs["template"]["vpcAccess"]["egress"] == "ALL_TRAFFIC"
    template = made["eu-plants--kept-serve"]["template"]
    assert template["maxInstanceRequestConcurrency"] == 4
    assert template["scaling"] == {"minInstanceCount": 2, "maxInstanceCount": 2}
    assert template["containers"][0]["resources"]["cpuIdle"] is False
    assert template["containers"][0]["resources"]["limits"] == {"cpu": "4", "memory": "16384Mi"}
    template = made["eu-plants--watch-serve"]["template"]
    assert template["maxInstanceRequestConcurrency"] == 1
    assert template["scaling"] == {"minInstanceCount": 0, "maxInstanceCount": 4}
    (container,) = template["containers"]
    assert container["image"] == (
        "europe-west3-docker.pkg.dev/project-0/watch-eu-plants/serve/watch:1"
    )
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "512Mi"}
    (container,) = made["eu-plants--large-serve"]["template"]["containers"]
    assert container["resources"]["limits"] == {"cpu": "2", "memory": "5376Mi"}
    network = one(found, "gcp:compute/network:Network").inputs
    assert network["deleteDefaultRoutesOnCreate"] is True
    callers = of(found, "gcp:cloudrunv2/serviceIamMember:ServiceIamMember")
    assert {c.inputs["role"] for c in callers} == {"roles/run.invoker"}
    assert {c.inputs["member"].partition("@")[0][-5:] for c in callers} == {"-call"}
    speaking = [m.inputs for m in of(found, "gcp:serviceaccount/iAMMember:IAMMember")
                if m.inputs["role"] == "roles/iam.serviceAccountOpenIdTokenCreator"]  # fmt: skip
    assert len(speaking) == 3
    assert all(m["member"].startswith("principalSet://") for m in speaking)


def test_what_looks_for_personal_data_waits_to_be_resumed(found: Evaluation) -> None:
    trigger = one(found, "gcp:dataloss/preventionJobTrigger:PreventionJobTrigger").inputs
    assert trigger["status"] == "PAUSED"
    assert trigger["parent"] == "projects/project-0/locations/europe-west3"
    assert trigger["inspectJob"]["actions"] == [{"jobNotificationEmails": {}}]


def test_the_owner_hears_of_changes_and_of_costs_once_a_project(found: Evaluation) -> None:
    mail = one(found, "gcp:monitoring/notificationChannel:NotificationChannel")
    assert mail.inputs["labels"] == {"email_address": "plant@example.org"}
    alarms = of(found, "gcp:monitoring/alertPolicy:AlertPolicy")
    assert len(alarms) >= 12
    assert all(a.inputs["notificationChannels"] == [mail.outputs["name"]] for a in alarms)
    budget = one(found, "gcp:billing/budget:Budget").inputs
    assert budget["amount"]["specifiedAmount"] == {"currencyCode": "EUR", "units": "121"}
    assert budget["budgetFilter"]["projects"] == ["projects/123456789012"]


def test_what_only_an_organisation_or_the_account_knows_is_said() -> None:
    said = refused(ASKED)
    assert any("`_Required`" in what and "Security Command Center" in what for what in said)
    assert any("share a project" in what for what in said)
    assert any("2 x `n2-standard-4`" in what and "are kept" in what for what in said)
    assert any("`c2-megamem-60`" in what and "of that size" in what for what in said)
    assert any("no authority" in what or "names no authority" in what for what in said)
    quiet = refused(moved(part(zone(log_days=30, device_classes=())), "gcp"))
    assert {what.split(":")[0] for what in quiet if "nobody is told" in what}
    assert not any("authority" in what for what in quiet)


def test_what_google_cloud_cannot_express_is_said() -> None:
    stores = tuple((f"watch/s{n}", 10 + n) for n in range(50))
    asked = moved(
        part(zone(retention_days=3, training=(job("fault", hours=8 * 24),), log_days=30,
                  services=(service("huge", memory=40 * 2**30), service("unnamed", image=""))),
             zone("many", stores=stores, log_days=30, training=())),
        "gcp",
    )  # fmt: skip
    _, said = emit_cloud(targets()["gcp"], asked)
    assert {r.what.split("`")[0] for r in said if r.promised} == {
        "a bucket ends objects below at most 49 prefixes, and zone ",
        "Cloud Storage may end an object 3 days late, so none below ",
    }
    rest = " ".join(r.what for r in said if not r.promised)
    for word in ("training `fault`", "`huge`", "unnamed/diagnose"):
        assert word in rest


KEY = "projects/other-1/locations/europe-west3/keyRings/plants/cryptoKeys/data"
THERE = Existing(bucket="acme-plants", key=KEY, registry="acme-images", origin="hybridspec.yaml:7")


def test_what_is_there_already_is_named_and_neither_made_nor_changed(tmp_path: Path) -> None:
    own = zone(existing=THERE, training=(RETRAINED,), services=(service(),))
    asked = moved(part(own, zone("us-plants", region="us-east-1", countries=("US",))), "gcp")
    made = evaluate(written(asked, tmp_path / "stack"), project=asked.spec)
    assert judged(asked, made) == (set(), [])
    mine = [r for r in made.resources if r.owner == "eu-plants"]
    assert [r.name for r in mine if r.type.endswith("/bucket:Bucket")] == ["watch-eu-plants--ota"]
    assert not [r for r in mine if r.type.startswith("gcp:kms/") and "IAM" not in r.type]
    images = [r for r in mine if r.type.endswith("Repository") and r.inputs["format"] == "DOCKER"]
    assert not images
    (run,) = (r for r in mine if r.type == RUN)
    assert run.inputs["template"]["encryptionKey"] == KEY
    assert "/acme-images/" in run.inputs["template"]["containers"][0]["image"]
    policies = {p.name: p.inputs for p in of(made, "gcp:orgpolicy/policy:Policy")}
    (rule,) = policies["eu-plants-gcp.restrictCmekCryptoKeyProjects"]["spec"]["rules"]
    assert rule["values"]["allowedValues"] == ["projects/project-0", "projects/other-1"]
    _, outside = judged(replace(asked, zones=(zone(), asked.zones[1])), made)
    assert any("acme-plants" in why or "no fixed region" in why for why in outside)


def test_a_bucket_that_is_there_is_no_registry(tmp_path: Path) -> None:
    there = replace(THERE, registry="", key="")
    asked = moved(part(zone(existing=there, retention_days=None)), "gcp")
    made = evaluate(written(asked, tmp_path / "stack"), project=asked.spec)
    assert judged(asked, made) == (set(), [])
    kept = tuple(r for r in made.resources if r.inputs.get("format") != "DOCKER")
    lacks, _ = judged(asked, replace(made, resources=kept))
    assert "registry-in-region" in lacks


def test_a_key_elsewhere_is_not_adopted() -> None:
    there = replace(THERE, key=KEY.replace("europe-west3", "us-east1"))
    _, said = emit_cloud(targets()["gcp"], moved(part(zone(existing=there)), "gcp"))
    assert any(one.promised and "is no key in europe-west3" in one.what for one in said)


def test_a_key_of_another_project_is_named() -> None:
    _, said = emit_cloud(targets()["gcp"], moved(part(zone(existing=THERE)), "gcp"))
    (only,) = (one for one in said if "who administers" in one.what)
    assert "`other-1`" in only.what
    own = replace(THERE, key=KEY.replace("other-1", "own-1"))
    _, said = emit_cloud(targets()["gcp"], moved(part(zone(existing=own)), "gcp"))
    assert not [one for one in said if "who administers project" in one.what]


def test_a_bucket_that_is_there_keeps_no_promise_of_a_retention() -> None:
    _, said = emit_cloud(targets()["gcp"], moved(part(zone(existing=THERE)), "gcp"))
    assert any(one.promised and "`acme-plants`" in one.what for one in said)
    kept = zone(existing=THERE, retention_days=None)
    _, said = emit_cloud(targets()["gcp"], moved(part(kept), "gcp"))
    assert not [one for one in said if one.promised]


def test_what_a_region_is_not_known_to_have_is_said_and_not_emitted() -> None:
    own = zone(training=(RETRAINED,), services=(service(),))
    asked = moved(part(own), "gcp")
    bare = replace(asked, zones=(replace(asked.zones[0], offered=()),))
    tree, said = emit_cloud(targets()["gcp"], bare)
    assert not {"drift.py", "inference.py", "inspection.py"} & set(tree.files)
    lacks = " ".join(one.what for one in said if "does not know" in one.what)
    for name in ("`run`", "`eventarc` and `workflows`", "`dlp`"):
        assert name in lacks


@pytest.mark.parametrize(
    "there",
    [{"bucket": "gs://own"}, {"bucket": "projects/o/buckets/own"},
     {"registry": "us-docker.pkg.dev/o/own"},
     {"registry": "projects/o/locations/us/repositories/own"}],
)  # fmt: skip
def test_what_is_named_with_another_place_is_not_adopted(there: dict[str, str]) -> None:
    own = zone(retention_days=None, existing=Existing(origin="hybridspec.yaml:7", **there))
    _, said = emit_cloud(targets()["gcp"], moved(part(own), "gcp"))
    assert any(one.promised and "is not the plain name" in one.what for one in said)


def test_a_dashboard_shows_what_the_zone_has(tmp_path: Path) -> None:
    asked = moved(part(zone(services=(service(),))), "gcp")
    made = evaluate(written(asked, tmp_path / "stack"), project=asked.spec)
    (shown,) = of(made, "gcp:monitoring/dashboard:Dashboard")
    said = json.loads(shown.inputs["dashboardJson"])
    filters = [chart["xyChart"]["dataSets"][0]["timeSeriesQuery"]["timeSeriesFilter"]["filter"]
               for chart in said["gridLayout"]["widgets"]]  # fmt: skip
    (store,) = (r.outputs["name"] for r in of(made, "gcp:storage/bucket:Bucket")
                if not r.name.endswith("--ota"))  # fmt: skip
    (run,) = of(made, RUN)
    for text, filtered in zip((store, "watch-eu-plants--", run.inputs["name"]), filters,
                              strict=True):  # fmt: skip
        assert text in filtered


def test_what_stands_above_a_certificate_names_no_stranger(tmp_path: Path) -> None:
    pem = "subject=CN = devices, emailAddress = ca@acme.example\n-----BEGIN CERTIFICATE-----\n"
    asked = moved(part(config=(("device-ca", pem),)), "gcp")
    made = evaluate(written(asked, tmp_path / "stack"), project=asked.spec)
    assert judged(asked, made) == (set(), [])
