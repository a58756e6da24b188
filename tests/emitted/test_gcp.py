"""What the emitted program for Google Cloud would create, against what a slice of the plan asks."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from emitted.found import of, one
from emitted.slices import job, moved, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.emit.stacks import emit_cloud
from hybridspec.target.registry import targets

HOMES = {"eu-plants": "europe-west3", "us-plants": "us-east1"}
KNOWN = {"europe-west1", "us-west1", *HOMES.values()}
ASKED = moved(
    part(
        zone(device_classes=("gateway", "server"), training=(job("fault"),),
             stores=(("watch/history", 7), ("watch/archive", None))),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=(),
             retention_days=None, training=()),
    ),
    "gcp",
)  # fmt: skip
BUCKET = "gcp:storage/bucket:Bucket"
KEY = "gcp:kms/cryptoKey:CryptoKey"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("gcp") / "stack")
    return evaluate(folder, project=ASKED.spec)


def bucket(found: Evaluation) -> dict[str, Any]:
    """The bucket of the zone in Germany."""
    made = one(found, BUCKET, "watch-eu-plants")
    assert made.protect
    return dict(made.inputs)


def test_every_resource_lies_in_the_region_of_its_zone(found: Evaluation) -> None:
    custom = [r for r in found.resources if r.custom]
    assert len(custom) >= 40
    for resource in custom:
        for name, home in HOMES.items():
            if name in resource.name:
                assert resource.regions == (home,), resource
    assert outside_plan(found, HOMES.values(), KNOWN) == ()


def test_the_key_rotates_in_its_region_and_services_may_use_it(found: Evaluation) -> None:
    key = one(found, KEY, "eu-plants")
    assert key.protect
    assert key.inputs["rotationPeriod"] == "31536000s"
    assert key.inputs["destroyScheduledDuration"] == "2592000s"
    assert "/locations/europe-west3/" in key.inputs["keyRing"]
    grants = of(found, "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")
    mine = [g.inputs for g in grants if g.name.startswith("eu-plants")]
    assert {g["role"] for g in mine} == {"roles/cloudkms.cryptoKeyEncrypterDecrypter"}
    assert {g["member"].partition("@")[2].partition(".")[0] for g in mine} == {
        "gcp-sa-aiplatform", "gcp-sa-artifactregistry", "gcp-sa-pubsub", "gs-project-accounts",
    }  # fmt: skip


def test_the_store_is_private_under_the_key_and_in_one_region(found: Evaluation) -> None:
    made = bucket(found)
    assert made["location"] == "europe-west3"
    assert made["uniformBucketLevelAccess"] is True
    assert made["publicAccessPrevention"] == "enforced"
    assert "/locations/europe-west3/" in made["encryption"]["defaultKmsKeyName"]
    assert made["versioning"] == {"enabled": True}
    assert made["softDeletePolicy"] == {"retentionDurationSeconds": 0}


def test_the_lifecycle_ends_objects_and_their_versions_in_time(found: Evaluation) -> None:
    rules = [r["condition"] for r in bucket(found)["lifecycleRules"]
             if r["action"]["type"] == "Delete"]  # fmt: skip
    live = {r["matchesPrefixes"][0]: r["age"] for r in rules if r["withState"] == "LIVE"}
    dead = {r["matchesPrefixes"][0]: r["daysSinceNoncurrentTime"]
            for r in rules if r["withState"] == "ARCHIVED"}  # fmt: skip
    late = 2  # each rule acts within a day
    ends = {prefix: days + dead[prefix] + late for prefix, days in live.items()}
    assert ends == {"data/": 30, "data/watch/history/": 7}
    forever = one(found, BUCKET, "watch-us-plants").inputs["lifecycleRules"]
    assert [r["action"]["type"] for r in forever] == ["AbortIncompleteMultipartUpload"]


def test_registries_are_under_the_key_and_hold_each_model(found: Evaluation) -> None:
    made = [r.inputs for r in of(found, "gcp:artifactregistry/repository:Repository")]
    assert {r["format"] for r in made} == {"DOCKER", "GENERIC"}
    assert all(f"/locations/{r['location']}/" in r["kmsKeyName"] for r in made)
    assert {r["description"] for r in made if r["format"] == "GENERIC"} == {"Versions of fault"}
    assert all(r["dockerConfig"]["immutableTags"] for r in made if r["format"] == "DOCKER")


def test_messages_stay_and_a_class_may_publish_to_its_own_topic(found: Evaluation) -> None:
    topics = [t for t in of(found, "gcp:pubsub/topic:Topic") if t.name.startswith("eu-plants")]
    assert [t.inputs["name"] for t in topics] == ["watch-eu-plants--gateway",
                                                  "watch-eu-plants--server"]  # fmt: skip
    for topic in topics:
        assert topic.inputs["messageStoragePolicy"] == {
            "allowedPersistenceRegions": ["europe-west3"], "enforceInTransit": True,
        }  # fmt: skip
        member = one(found, "gcp:pubsub/topicIAMMember:TopicIAMMember", topic.name).inputs
        assert member["role"] == "roles/pubsub.publisher"
        assert member["topic"].endswith(topic.inputs["name"])


def test_accounts_may_do_little_and_only_below_their_prefix(found: Evaluation) -> None:
    grants = of(found, "gcp:storage/bucketIAMMember:BucketIAMMember")
    name = "watch-eu-plants-0a1b2c3"
    allowed = {
        g.name.rpartition("-")[2]: (g.inputs["role"], g.inputs["condition"]["expression"])
        for g in grants if g.name.startswith("eu-plants")
    }  # fmt: skip
    assert allowed == {
        last: (f"roles/storage.{role}",
               f'resource.name.startsWith("projects/_/buckets/{name}/objects/{prefix}")')
        for last, role, prefix in (("channel", "objectViewer", "ota/"),
                                   ("data", "objectViewer", "data/"),
                                   ("models", "objectUser", "models/"))
    }  # fmt: skip
    role = one(found, "gcp:projects/iAMCustomRole:IAMCustomRole").inputs
    assert role["permissions"] == ["aiplatform.customJobs.create"]
    member = one(found, "gcp:projects/iAMMember:IAMMember").inputs
    assert "roles/" not in member["role"][:6]
    for account in of(found, "gcp:serviceaccount/account:Account"):
        assert 6 <= len(account.inputs["accountId"]) <= 30


def test_training_works_inside_the_zone(found: Evaluation) -> None:
    schedule = one(found, "gcp:cloudscheduler/job:Job").inputs
    assert schedule["schedule"] == "every 720 hours"
    target = schedule["httpTarget"]
    assert target["uri"].startswith("https://europe-west3-aiplatform.googleapis.com/v1/projects/")
    assert target["uri"].endswith("/locations/europe-west3/customJobs")
    asked = json.loads(base64.b64decode(target["body"]))
    assert "/locations/europe-west3/" in asked["encryptionSpec"]["kmsKeyName"]
    made = asked["jobSpec"]
    assert made["scheduling"] == {"timeout": "7200s"}
    (pool,) = made["workerPoolSpecs"]
    assert pool["machineSpec"] == {"machineType": "e2-standard-4"}
    assert pool["containerSpec"]["imageUri"].startswith("europe-west3-docker.pkg.dev/")


def test_the_project_is_fixed_and_outputs_name_what_an_operator_needs(found: Evaluation) -> None:
    assert {p.inputs["project"] for p in of(found, "pulumi:providers:gcp")} == {"own-1"}
    assert {name for name in found.outputs if name.startswith("eu-plants:")} == {
        f"eu-plants:{x}" for x in ("bucket", "key", "registry", "channel-account")
    }


def test_what_google_cloud_cannot_express_is_said() -> None:
    stores = tuple((f"watch/s{n}", 10 + n) for n in range(50))
    asked = moved(
        part(zone(retention_days=3, training=(job("fault", hours=8 * 24),)),
             zone("many", stores=stores)),
        "gcp",
    )  # fmt: skip
    _, refused = emit_cloud(targets()["gcp"], asked)
    assert {(r.promised, r.what.split("`")[0]) for r in refused} == {
        (True, "a bucket ends objects below at most 49 prefixes, and zone "),
        (True, "Cloud Storage may end an object 3 days late, so none below "),
        (False, "training "),
    }


MUTATIONS = {
    "data.py": ("location=args.region", "location='EU'"),
    "devices.py": ("[args.region]", "[args.region, 'us-east1']"),
    "keys.py": ("key_ring=ring.id", "key_ring='projects/p/locations/global/keyRings/r'"),
    "registry.py": ("location=args.region,\n            format=\"DOCKER\"",
                    "format=\"DOCKER\""),
    "training.py": ("            region=args.region,\n            schedule",
                    "            region='us-east1',\n            schedule"),
}  # fmt: skip


def test_mutants_of_the_program_are_caught(tmp_path: Path) -> None:
    folder = written(moved(part(), "gcp"), tmp_path / "stack")
    for file, (old, new) in MUTATIONS.items():
        text = (folder / file).read_text()
        assert text.count(old) == 1, (file, old)
        (folder / file).write_text(text.replace(old, new))
    found = evaluate(folder, project="watch")
    caught = {r.type.rpartition(":")[2]: why
              for r, why in outside_plan(found, {"europe-west3"}, KNOWN)}  # fmt: skip
    assert "EU" in caught["Bucket"]
    assert "EU" in caught["BucketIAMMember"]
    assert "us-east1" in caught["Topic"]
    assert "us-east1" in caught["Job"]
    assert caught["CryptoKey"] == caught["Repository"] == "it has no fixed region"
    assert "KeyRing" not in caught
