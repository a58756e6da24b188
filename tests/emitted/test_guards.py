"""Each guard that a cloud declares is in what it emits, and each can be missed: HS0503."""

from __future__ import annotations

from pathlib import Path

import pytest
from emitted.mutants import Mutant, added, judged, mutant, mutated
from emitted.slices import SLICES, job, moved, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.ir.law import FACETS
from hybridspec.ir.plan import CloudSlice
from hybridspec.target.api import Target
from hybridspec.target.registry import targets

ZONES = part(
    zone(training=(job("fault"),)),
    zone("fr-plants", countries=("FR",), training=()),
    zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=()),
)
"""Three zones, two of them in one region: what separates those is no region."""
CLOUDS = ("aws",)
AWS = {
    "a region deny without the deny": mutant(
        "iam/policy:Policy", 'Effect\\": \\"Deny', 'Effect\\": \\"Allow', "region-deny"),
    "a region deny that spares S3": mutant(
        "iam/policy:Policy", 'NotAction\\": [\\"iam:PassRole', 'NotAction\\": [\\"s3:*',
        "region-deny"),
    "a region deny for another region": mutant(
        "iam/policy:Policy", "eu-central-1", "eu-west-3", "region-deny", outside="eu-west-3"),
    "a role without its boundary": mutant(
        "iam/role:Role", "permissionsBoundary", "description", "region-deny"),
    "a role with the boundary of another zone": mutant(
        "iam/role:Role", "eu-plants-boundary", "fr-plants-boundary", "region-deny",
        outside="fr-plants"),
    "a bucket without TLS": mutant(
        "BucketPolicy", 'SecureTransport\\": \\"false', 'SecureTransport\\": \\"true',
        "bucket-tls-only"),
    "a bucket without a policy": mutant(
        "BucketPolicy", "", "", "bucket-tls-only", "bucket-zone-key", "bucket-replication-off"),
    "a bucket that anybody may replicate": mutant(
        "BucketPolicy", "s3:PutReplicationConfiguration", "s3:PutBucketTagging",
        "bucket-replication-off"),
    "a bucket that takes another key": mutant(
        "BucketPolicy", "eu-plants-key", "any", "bucket-zone-key"),
    "a bucket that is public": mutant(
        "BucketPolicy", 'Effect\\": \\"Deny', 'Effect\\": \\"Allow', "bucket-tls-only",
        outside="allows everybody"),
    "a bucket under the provider's key": mutant(
        "BucketServerSideEncryptionConfiguration", "aws:kms", "AES256", "bucket-zone-key"),
    "a bucket under the key of another zone": mutant(
        "BucketServerSideEncryptionConfiguration", "fr-plants-key", "eu-plants-key",
        "bucket-zone-key", outside="resource of zone `eu-plants`", zone="fr-plants"),
    "a bucket without its block": mutant(
        "BucketPublicAccessBlock", '"restrictPublicBuckets": true',
        '"restrictPublicBuckets": false', "bucket-public-blocked"),
    "a bucket elsewhere": mutant(
        "s3/bucket:Bucket", "{", '{"region": "eu-west-3", ', "bucket-in-region",
        outside="eu-west-3"),
    "a key for many regions": mutant(
        "kms/key:Key", '"multiRegion": false', '"multiRegion": true', "key-single-region",
        outside="replicates"),
    "a key elsewhere": mutant(
        "kms/key:Key", "{", '{"region": "eu-west-3", ', "key-in-region", outside="eu-west-3"),
    "a store of somebody else": mutant(
        "sagemaker/pipeline:Pipeline", "0000000/models/", "elsewhere/models/",
        "training-in-region", outside="elsewhere"),
    "images of somebody else": mutant(
        "sagemaker/pipeline:Pipeline", "dkr.ecr.eu-central-1.amazonaws.com", "dkr.example.org",
        "training-in-region"),
    "training on disks without the key": mutant(
        "sagemaker/pipeline:Pipeline", "VolumeKmsKeyId", "Nothing", "training-in-region"),
    "training with a network": mutant(
        "sagemaker/pipeline:Pipeline", 'EnableNetworkIsolation\\": true',
        'EnableNetworkIsolation\\": false', "training-isolated"),
    "images under the provider's key": mutant(
        "ecr/repository:Repository", "kmsKey", "other", "registry-in-region"),
    "devices of any region": mutant(
        "iot/policy:Policy", ":iot:eu-central-1:", ":iot:*:", "iot-in-region", outside="*"),
}  # fmt: skip
MUTANTS = {"aws": AWS}
ADDED = {
    "aws": {
        "images that are copied": (
            "aws:ecr/replicationConfiguration:ReplicationConfiguration", {},
            {"registry-replication-off"}),
        "a bucket that is copied": (
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig", {"bucket": "b"},
            {"bucket-replication-off"}),
        "a network of caches": ("aws:cloudfront/distribution:Distribution", {}, set()),
        "a log of accesses elsewhere": (
            "aws:s3/bucketLogging:BucketLogging", {"targetBucket": "logs-of-us"}, set()),
        "a database": ("aws:dynamodb/table:Table", {"hashKey": "k"}, set()),
        "a second key elsewhere": (
            "aws:kms/key:Key", {"region": "us-east-1"}, {"key-in-region", "key-single-region"}),
        "a second, open bucket": (
            "aws:s3/bucket:Bucket", {"acl": "public-read"}, {"bucket-public-blocked"}),
    },
}  # fmt: skip
"""Resources that nobody asked for, with their inputs and the guards that miss something then."""
FAULTS = [(cloud, name) for cloud, faults in MUTANTS.items() for name in faults]
MORE = [(cloud, name) for cloud, faults in ADDED.items() for name in faults]


def asked(cloud: str, made: CloudSlice = ZONES) -> CloudSlice:
    """The slice of a cloud."""
    return made if cloud == "aws" else moved(made, cloud)


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evaluation]:
    """What each cloud's program would create for the three zones."""
    base = tmp_path_factory.mktemp("guards")
    return {c: evaluate(written(asked(c), base / c), project="watch") for c in CLOUDS}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guard_is_there(cloud: str, evaluations: dict[str, Evaluation]) -> None:
    assert judged(asked(cloud), evaluations[cloud]) == (set(), [])


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guard_is_there_for_a_zone_without_devices(cloud: str, tmp_path: Path) -> None:
    made = asked(cloud, SLICES["no models, no devices"])
    found = evaluate(written(made, tmp_path / "stack"), project=made.spec)
    assert judged(made, found) == (set(), [])


def expect(fault: Mutant, seen: tuple[set[str], list[str]]) -> None:
    lacks, outside = seen
    assert fault.guards <= lacks, (lacks, outside)
    assert not fault.outside or any(fault.outside in why for why in outside), outside


@pytest.mark.parametrize(("cloud", "name"), FAULTS, ids=[" ".join(f) for f in FAULTS])
def test_a_fault_is_seen(cloud: str, name: str, evaluations: dict[str, Evaluation]) -> None:
    fault = MUTANTS[cloud][name]
    assert fault.guards or fault.outside
    expect(fault, mutated(asked(cloud), evaluations[cloud], fault))


@pytest.mark.parametrize(("cloud", "name"), MORE, ids=[" ".join(f) for f in MORE])
def test_a_resource_that_nobody_asked_for_is_seen(
    cloud: str, name: str, evaluations: dict[str, Evaluation]
) -> None:
    kind, inputs, guards = ADDED[cloud][name]
    lacks, outside = added(asked(cloud), evaluations[cloud], kind, inputs)
    assert guards <= lacks
    assert guards or outside


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_guard_can_be_missed(cloud: str) -> None:
    missed = {guard for fault in MUTANTS[cloud].values() for guard in fault.guards}
    missed |= {guard for _, _, guards in ADDED[cloud].values() for guard in guards}
    assert missed >= {g.id for g in targets()[cloud].guards}


@pytest.mark.parametrize("target", targets().values(), ids=list(targets()))
def test_a_guard_says_what_it_does_and_where_that_was_read(target: Target) -> None:
    assert len({g.id for g in target.guards}) == len(target.guards)
    for guard in target.guards:
        assert set(guard.facets) <= set(FACETS)
        assert guard.source.startswith("https://")
        assert guard.title[0].islower()
    assert set(target.unguarded) <= {*FACETS, "stage"}
