"""The policy pack beside a project accepts what is emitted, and refuses what leaves the zone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from emitted.packs import analyzed, interpreter, loaded, served, violations
from emitted.slices import moved, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, Resource, evaluate
from hybridspec.ir.plan import CloudSlice
from hybridspec.target.registry import targets

CLOUDS = ("aws", "azure", "gcp")
ZONES = part(
    zone(stores=(("watch/history", 10),)),
    zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=(),
         retention_days=None),
)  # fmt: skip


class Fault(NamedTuple):
    """A text in the inputs of the resources of a type replaced, and the policy that says so."""

    kind: str
    old: str
    new: str
    policy: str


FAULTS = {
    "aws": {
        "a resource elsewhere": Fault("kms/key:Key", "{", '{"region": "us-west-2", ',
                                      "allowed-regions"),
        "a provider elsewhere": Fault("providers:aws", "eu-central-1", "eu-west-3",
                                      "allowed-regions"),
        "objects under the provider's key": Fault(
            "SideEncryptionConfiguration", '"sseAlgorithm": "aws:kms"',
            '"sseAlgorithm": "AES256"', "customer-key"),
        "a key that stays": Fault("kms/key:Key", '"enableKeyRotation": true',
                                  '"enableKeyRotation": false', "customer-key"),
        "images under the provider's key": Fault("ecr/repository:Repository", "KMS", "AES256",
                                                 "customer-key"),
        "no block": Fault("PublicAccessBlock", '"blockPublicAcls": true',
                          '"blockPublicAcls": false', "no-public-access"),
        "a policy for everybody": Fault("BucketPolicy", 'Effect\\": \\"Deny',
                                        'Effect\\": \\"Allow', "no-public-access"),
        "a key for many regions": Fault("kms/key:Key", '"multiRegion": false',
                                        '"multiRegion": true', "no-replication"),
        "a longer retention": Fault("LifecycleConfiguration", '"days": 27', '"days": 300',
                                    "retention"),
        "a prefix that stays": Fault("LifecycleConfiguration", '"prefix": "data/watch/history/"',
                                     '"prefix": "x/"', "retention"),
        "tags of nobody": Fault("providers:aws", "eu-plants", "other", "tags"),
    },
    "azure": {
        "a resource elsewhere": Fault("StorageAccount", '"location": "germanywestcentral"',
                                      '"location": "westeurope"', "allowed-regions"),
        "objects under the provider's key": Fault("StorageAccount", "Microsoft.Keyvault",
                                                  "Microsoft.Storage", "customer-key"),
        "public blobs": Fault("BlobContainer", '"publicAccess": "None"', '"publicAccess": "Blob"',
                              "no-public-access"),
        "keys that sign": Fault("StorageAccount", '"allowSharedKeyAccess": false',
                                '"allowSharedKeyAccess": true', "no-public-access"),
        "no TLS": Fault("StorageAccount", '"enableHttpsTrafficOnly": true',
                        '"enableHttpsTrafficOnly": false', "no-public-access"),
        "a person's role": Fault("RoleAssignment", '"principalType": "ServicePrincipal"',
                                 '"principalType": "User"', "no-public-access"),
        "a vault on the Internet": Fault("keyvault:Vault", '"defaultAction": "Deny"',
                                         '"defaultAction": "Allow"', "no-public-access"),
        "a vault that asks for no role": Fault(
            "keyvault:Vault", '"enableRbacAuthorization": true',
            '"enableRbacAuthorization": false', "no-public-access"),
        "a copy in the pair": Fault("StorageAccount", "Standard_LRS", "Standard_GRS",
                                    "no-replication"),
        "a longer retention": Fault("ManagementPolicy", '"daysAfterModificationGreaterThan": 27',
                                    '"daysAfterModificationGreaterThan": 300', "retention"),
        "tags of nobody": Fault("StorageAccount", '"hybridspec:zone": "eu-plants"', '"x": "y"',
                                "tags"),
    },
    "gcp": {
        "a bucket elsewhere": Fault("bucket:Bucket", '"location": "europe-west3"',
                                    '"location": "EU"', "allowed-regions"),
        "messages elsewhere": Fault("topic:Topic", '["europe-west3"]', '["us-east1"]',
                                    "allowed-regions"),
        "objects under the provider's key": Fault("bucket:Bucket", "defaultKmsKeyName", "other",
                                                  "customer-key"),
        "images under the provider's key": Fault("repository:Repository", "kmsKeyName", "other",
                                                 "customer-key"),
        "public objects": Fault("bucket:Bucket", '"publicAccessPrevention": "enforced"',
                                '"publicAccessPrevention": "inherited"', "no-public-access"),
        "everybody": Fault("bucketIAMMember:BucketIAMMember", '"member": "',
                           '"member": "allUsers", "was": "', "no-public-access"),
        "a person": Fault("bucketIAMMember:BucketIAMMember", '"member": "',
                          '"member": "user:eve@example.org", "was": "', "no-public-access"),
        "a group": Fault("iAMMember:IAMMember", '"member": "',
                         '"member": "group:all@example.org", "was": "', "no-public-access"),
        "two regions": Fault("bucket:Bucket", "{", '{"customPlacementConfig": {"a": 1}, ',
                             "no-replication"),
        "a longer retention": Fault("bucket:Bucket", '"age": 27', '"age": 300', "retention"),
        "labels of nobody": Fault("providers:gcp", "eu-plants", "other", "tags"),
    },
}  # fmt: skip
ALL = [(cloud, name) for cloud, faults in FAULTS.items() for name in faults]


def asked(cloud: str) -> CloudSlice:
    """The slice of a cloud."""
    return ZONES if cloud == "aws" else moved(ZONES, cloud)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each cloud's project."""
    base = tmp_path_factory.mktemp("packs")
    return {cloud: written(asked(cloud), base / cloud) for cloud in CLOUDS}


@pytest.fixture(scope="module")
def evaluations(folders: dict[str, Path]) -> dict[str, Evaluation]:
    """What each cloud's program would create."""
    return {c: evaluate(folder, project="watch") for c, folder in folders.items()}


def spoilt(found: Evaluation, fault: Fault) -> list[Resource]:
    """The resources with one fault in the first zone."""
    made, hit = [], 0
    for resource in found.resources:
        text = json.dumps(dict(resource.inputs))
        mine = resource.owner == "eu-plants" or resource.name == "eu-plants"
        if resource.type.endswith(fault.kind) and mine and fault.old in text:
            hit += 1
            resource = replace(resource, inputs=json.loads(text.replace(fault.old, fault.new, 1)))
        made.append(resource)
    assert hit, f"no {fault.kind} has {fault.old}"
    return made


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_emitted_passes(
    cloud: str, folders: dict[str, Path], evaluations: dict[str, Evaluation]
) -> None:
    assert violations(folders[cloud], evaluations[cloud].resources) == []


@pytest.mark.parametrize(("cloud", "name"), ALL, ids=[" ".join(one) for one in ALL])
def test_a_fault_is_refused(
    cloud: str, name: str, folders: dict[str, Path], evaluations: dict[str, Evaluation]
) -> None:
    fault = FAULTS[cloud][name]
    said = violations(folders[cloud], spoilt(evaluations[cloud], fault))
    assert fault.policy in {policy for policy, _ in said}
    assert all(message.startswith(f"[{policy}") for policy, message in said)
    assert all("hybridspec.yaml:10" in message for _, message in said)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_resource_of_no_zone_is_refused(
    cloud: str, folders: dict[str, Path], evaluations: dict[str, Evaluation]
) -> None:
    found = evaluations[cloud].resources
    stray = [replace(r, owner="default") if r.owner == "us-plants" else r for r in found]
    said = violations(folders[cloud], stray)
    assert [why for policy, why in said if policy == "allowed-regions" and "no zone" in why]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_pack_is_mandatory_and_names_controls_of_the_report(
    cloud: str, folders: dict[str, Path]
) -> None:
    declared: Any = loaded(folders[cloud])
    assert declared["name"] == f"hybridspec-watch-{cloud}"
    assert {p.enforcement_level for p in declared["policies"]} == {"mandatory"}
    names = [p.name for p in declared["policies"]]
    assert sorted(names) == ["allowed-regions", "customer-key", "no-public-access",
                             "no-replication", "retention", "tags"]  # fmt: skip
    guards = {guard.id for guard in targets()[cloud].guards}
    for policy in declared["policies"]:
        listed = policy.description.rpartition("Controls: ")[2].rstrip(".").split(", ")
        assert policy.name == "retention" or set(listed) - {policy.name} <= guards
    project = yaml.safe_load((folders[cloud] / "policy" / "PulumiPolicy.yaml").read_text())
    assert project["runtime"]["name"] == "python"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_real_library_runs_it(
    cloud: str, folders: dict[str, Path], evaluations: dict[str, Evaluation]
) -> None:
    python = interpreter()
    if not python:
        pytest.skip("NOT RUN: no Python with pulumi-policy; `make policy` installs one in .tools/")
    fault = next(iter(FAULTS[cloud].values()))
    stays = next(f for f in FAULTS[cloud].values() if f.policy == "retention")
    with served(folders[cloud], python) as stub:
        assert analyzed(stub, evaluations[cloud].resources) == []
        for one in (fault, stays):
            said = analyzed(stub, spoilt(evaluations[cloud], one))
            assert one.policy in {policy for policy, _ in said}
