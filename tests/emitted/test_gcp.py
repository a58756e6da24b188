"""What the emitted program for Google Cloud would keep, and who may do what, against a slice."""

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

HOMES = {"eu-plants": "europe-west3", "us-plants": "us-east1"}
KNOWN = {"europe-west1", "us-west1", *HOMES.values()}
AUTHORITY = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"
ASKED = moved(
    part(
        zone(device_classes=("gateway", "server"), training=(job("fault"),),
             stores=(("watch/history", 7), ("watch/archive", None))),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=(),
             retention_days=None, training=()),
        config=(("device-ca", AUTHORITY),),
    ),
    "gcp",
)  # fmt: skip
BUCKET = "gcp:storage/bucket:Bucket"
KEY = "gcp:kms/cryptoKey:CryptoKey"
GRANT = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("gcp") / "stack")
    return evaluate(folder, project=ASKED.spec)


def bucket(found: Evaluation) -> dict[str, Any]:
    """The bucket of the zone in Germany."""
    (made,) = (b for b in of(found, BUCKET) if b.name == "watch-eu-plants")
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
    assert key.inputs["rotationPeriod"] == "7776000s"
    assert key.inputs["destroyScheduledDuration"] == "2592000s"
    assert "/locations/europe-west3/" in key.inputs["keyRing"]
    grants = [g.inputs for g in of(found, GRANT) if g.name.startswith("eu-plants")]
    users = {g["member"].partition("@")[2].partition(".")[0] for g in grants
             if g["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter"}  # fmt: skip
    assert users == {"gcp-sa-aiplatform", "gcp-sa-artifactregistry", "gcp-sa-logging",
                     "gcp-sa-pubsub", "gs-project-accounts"}  # fmt: skip


def test_who_administers_the_key_may_not_use_it(found: Evaluation) -> None:
    grants = [g.inputs for g in of(found, GRANT) if g.name.startswith("eu-plants")]
    roles: dict[str, set[str]] = {}
    for grant in grants:
        roles.setdefault(grant["member"], set()).add(grant["role"])
    assert all(len(mine) == 1 for mine in roles.values())
    own = one(found, "gcp:projects/iAMCustomRole:IAMCustomRole", "eu-plants-key-admin")
    (admin,) = (who for who, mine in roles.items() if mine == {own.outputs["name"]})
    assert "-keys@" in admin
    # Nor may who administers it say who uses it.
    assert not [p for p in own.inputs["permissions"] if "setIamPolicy" in p or ".use" in p]


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
    (kept,) = (b for b in of(found, BUCKET) if b.name == "watch-us-plants")
    forever = kept.inputs["lifecycleRules"]
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


def test_identities_may_do_little_and_only_below_their_prefix(found: Evaluation) -> None:
    grants = of(found, "gcp:storage/bucketIAMMember:BucketIAMMember")
    name = "watch-eu-plants-0a1b2c3"
    limited = {
        (g.name.removeprefix("eu-plants"), g.inputs["role"], g.inputs["condition"]["expression"])
        for g in grants if g.name.startswith("eu-plants") and "condition" in g.inputs
    }  # fmt: skip
    # Asking for a list names the bucket: without the second half, training finds nothing.
    lists = ' || api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("{}")'
    assert limited == {
        (last, f"roles/storage.{role}",
         f'resource.name.startsWith("projects/_/buckets/{name}/objects/{prefix}")'
         + lists.format(prefix) * may_list)
        for last, role, prefix, may_list in (("--gateway-data", "objectCreator", "data/", False),
                                             ("--server-data", "objectCreator", "data/", False),
                                             ("--fault-data", "objectViewer", "data/", True),
                                             ("--fault-models", "objectUser", "models/", True))
    }  # fmt: skip
    whole = {g.inputs["role"] for g in grants if g.inputs["bucket"] == name
             and "condition" not in g.inputs}  # fmt: skip
    assert whole == {"roles/storage.objectCreator", "roles/storage.legacyBucketReader"}
    for account in of(found, "gcp:serviceaccount/account:Account"):
        assert 6 <= len(account.inputs["accountId"]) <= 30
    assert not [r for r in found.resources if "serviceaccount/key" in r.type]


def test_roles_are_what_a_program_calls(found: Evaluation) -> None:
    roles = {r.name: r.inputs["permissions"]
             for r in of(found, "gcp:projects/iAMCustomRole:IAMCustomRole")}  # fmt: skip
    administered = one(found, "gcp:projects/iAMCustomRole:IAMCustomRole",
                       "eu-plants-key-admin").inputs["permissions"]  # fmt: skip
    published = [f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list")]
    assert roles == {"eu-plants--fault-start": ["aiplatform.customJobs.create"],
                     "eu-plants-publisher": published,
                     "us-plants-publisher": published,
                     **{f"{z}-plants-key-admin": administered for z in ("eu", "us")}}  # fmt: skip
    members = of(found, "gcp:projects/iAMMember:IAMMember")
    assert {m.inputs["role"] for m in members if m.inputs["role"].startswith("roles/")} == {
        "roles/logging.logWriter"}  # fmt: skip


def test_a_device_proves_itself_by_its_certificate(found: Evaluation) -> None:
    pools = {p.inputs["displayName"]: p for p in of(found, POOL) if p.owner == "eu-plants"}
    assert set(pools) == {"gateway", "server"}
    providers = of(found, "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    for made in providers:
        label = made.name.rpartition("--")[2]
        theirs = f'assertion.subject.dn.o == "watch-{made.owner}"'
        mine = f'assertion.subject.dn.ou == "{label}" && {theirs}'
        assert made.inputs["attributeCondition"] == mine
        (anchor,) = made.inputs["x509"]["trustStore"]["trustAnchors"]
        assert anchor == {"pemCertificate": AUTHORITY}
    assert {p.name for p in providers} == {p.name for p in of(found, POOL)}
    for label, pool in pools.items():
        member = one(found, "gcp:pubsub/topicIAMMember:TopicIAMMember", f"eu-plants--{label}")
        assert member.inputs["member"] == (
            f"principalSet://iam.googleapis.com/{pool.outputs['name']}/*"
        )


def test_releases_have_a_bucket_that_one_account_may_write(found: Evaluation) -> None:
    (bucket,) = (b for b in of(found, BUCKET) if b.name == "watch-eu-plants--ota")
    assert bucket.protect
    assert "/locations/europe-west3/" in bucket.inputs["encryption"]["defaultKmsKeyName"]
    grants = [g.inputs for g in of(found, "gcp:storage/bucketIAMMember:BucketIAMMember")
              if g.inputs["bucket"] == "watch-eu-plants--ota-0a1b2c3"]  # fmt: skip
    writers = [g for g in grants if g["role"] != "roles/storage.objectViewer"]
    assert [g["member"].partition("@")[0][-8:] for g in writers] == ["-publish"]
    assert len([g for g in grants if "principalSet" in g["member"]]) == 2


def test_messages_of_devices_are_kept_in_the_store(found: Evaluation) -> None:
    made = [s.inputs for s in of(found, "gcp:pubsub/subscription:Subscription")
            if s.owner == "eu-plants"]  # fmt: skip
    assert {s["cloudStorageConfig"]["filenamePrefix"] for s in made} == {
        "data/telemetry/gateway/", "data/telemetry/server/"}  # fmt: skip
    assert {s["cloudStorageConfig"]["bucket"] for s in made} == {"watch-eu-plants-0a1b2c3"}
    assert {s["expirationPolicy"]["ttl"] for s in made} == {""}


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
        f"eu-plants:{x}"
        for x in ("bucket", "key", "key-admin", "logs", "registry", "channel", "publisher")
    }


MUTATIONS = {
    "data.py": ("location=args.region", "location='EU'"),
    "devices.py": ("[args.region]", "[args.region, 'us-east1']"),
    "keys.py": ("key_ring=ring.id", "key_ring='projects/p/locations/global/keyRings/r'"),
    "logs.py": ("location=args.region", "location='global'"),
    "registry.py": ("location=args.region,\n            format=\"DOCKER\"",
                    "format=\"DOCKER\""),
    "training.py": ("            region=args.region,\n            description",
                    "            region='us-east1',\n            description"),
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
    assert caught["Repository"] == "it has no fixed region"
    assert "global" in caught["CryptoKey"]
    assert "global" in caught["ProjectSink"]
    assert "KeyRing" not in caught
