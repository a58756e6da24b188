"""The provider's published baseline as a table over what the emitted program would create.

Control ids are those of the CIS Google Cloud Platform Foundation Benchmark, 3.0; the sentences are
ours. A control about services that nothing emitted uses does not apply and is not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from emitted.found import of
from emitted.slices import job, moved, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate

ASKED = moved(
    part(
        zone(device_classes=("gateway",), training=(job("fault"),), services=(service(),)),
        contact="plant@example.org",
        config=(("billing-account", "012345-6789AB-CDEF01"), ("device-ca", "PEM")),
    ),
    "gcp",
)  # fmt: skip
_BASIC = ("roles/owner", "roles/editor", "roles/viewer")
_USES_KEYS = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_ADMINS = ("roles/iam.serviceAccountAdmin", "roles/iam.securityAdmin", "roles/cloudkms.admin")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("gcp") / "stack")
    return evaluate(folder, project=ASKED.spec)


def grants(found: Evaluation) -> list[Mapping[str, Any]]:
    """Every role that somebody gets somewhere."""
    return [r.inputs for r in found.resources if "member" in r.inputs and "role" in r.inputs]


def enforced(found: Evaluation, constraint: str) -> bool:
    """An organisation policy without a condition on the project."""
    policies = [p.inputs for p in of(found, "gcp:orgpolicy/policy:Policy")
                if p.inputs["name"].endswith(f"/policies/{constraint}")]  # fmt: skip
    return [p["spec"]["rules"] for p in policies] in ([[{"enforce": "TRUE"}]],
                                                      [[{"denyAll": "TRUE"}]])  # fmt: skip


def alarm(words: str) -> Callable[[Evaluation], bool]:
    """Somebody is told of log entries that hold these words."""

    def told(found: Evaluation) -> bool:
        return any(
            words in alert.inputs["conditions"][0]["conditionMatchedLog"]["filter"]
            and alert.inputs["notificationChannels"] and not alert.inputs.get("disabled")
            for alert in of(found, "gcp:monitoring/alertPolicy:AlertPolicy")
        )  # fmt: skip

    return told


def every(kind: str, holds: Callable[[Mapping[str, Any]], bool]) -> Callable[[Evaluation], bool]:
    """There are resources of a type, and all of them do."""
    return lambda found: bool(of(found, kind)) and all(holds(r.inputs) for r in of(found, kind))


def apart(found: Evaluation) -> bool:
    """Nobody both administers and uses keys."""
    using = {g["member"] for g in grants(found) if g["role"] == _USES_KEYS}
    return not using & {g["member"] for g in grants(found) if g["role"] in _ADMINS}


def audited(found: Evaluation) -> bool:
    """Every service logs who administers, reads and writes, and spares nobody."""
    (made,) = of(found, "gcp:projects/iAMAuditConfig:IAMAuditConfig")
    kinds = {one["logType"] for one in made.inputs["auditLogConfigs"]}
    spared = [one for one in made.inputs["auditLogConfigs"] if one.get("exemptedMembers")]
    return (made.inputs["service"], kinds, spared) == (
        "allServices", {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}, [])  # fmt: skip


def narrow(found: Evaluation) -> bool:
    """Who may act as an account may act as one of them, not as all of the project."""
    return not any(g["role"].startswith("roles/iam.serviceAccount") and "project" in g
                   for g in grants(found))  # fmt: skip


def flowing(made: Mapping[str, Any]) -> bool:
    """A subnetwork logs all that flows."""
    said = made["logConfig"]
    return (said["aggregationInterval"], said["flowSampling"], said["metadata"]) == (
        "INTERVAL_5_SEC", 1, "INCLUDE_ALL_METADATA")  # fmt: skip


BASELINE: dict[str, tuple[str, Callable[[Evaluation], bool]]] = {
    "1.4": ("accounts of services have no keys of users",
            lambda f: not of(f, "gcp:serviceaccount/key:Key")
            and enforced(f, "iam.disableServiceAccountKeyCreation")),
    "1.5": ("accounts of services administer nothing of the project",
            lambda f: not any("admin" in g["role"].lower() and "project" in g
                              for g in grants(f))),
    "1.6": ("nobody may act as every account of the project", narrow),
    "1.8": ("no account both administers and acts as accounts", narrow),
    "1.9": ("keys are open to nobody unknown",
            lambda f: not any(g["member"].startswith("all") for g in grants(f))),
    "1.10": ("keys rotate within 90 days",
             every("gcp:kms/cryptoKey:CryptoKey",
                   lambda k: int(k["rotationPeriod"].rstrip("s")) <= 90 * 86400)),
    "1.11": ("who administers keys does not use them", apart),
    "1.12": ("no keys of the API", lambda f: not of(f, "gcp:projects/apiKey:ApiKey")),
    "1.16": ("Google knows whom to tell",
             every("gcp:essentialcontacts/contact:Contact",
                   lambda c: c["notificationCategorySubscriptions"] == ["ALL"])),
    "2.1": ("every service logs who did what", audited),
    "2.2": ("a sink takes every entry of a project that one zone has",
            every("gcp:logging/projectSink:ProjectSink",
                  lambda s: not s.get("disabled") and not s.get("filter"))),
    "2.4": ("ownership", alarm("roles/owner")),
    "2.5": ("audit configuration", alarm("auditConfigDeltas")),
    "2.6": ("custom roles", alarm('resource.type="iam_role"')),
    "2.7": ("firewalls", alarm('resource.type="gce_firewall_rule"')),
    "2.8": ("routes", alarm('resource.type="gce_route"')),
    "2.9": ("networks", alarm('resource.type="gce_network"')),
    "2.10": ("permissions of buckets", alarm("storage.setIamPermissions")),
    "2.11": ("SQL instances", alarm("cloudsql.instances.update")),
    "2.12": ("queries for names are logged",
             every("gcp:dns/policy:Policy", lambda p: p["enableLogging"] is True)),
    "3.1": ("no default network", lambda f: enforced(f, "compute.skipDefaultNetworkCreation")),
    "3.2": ("no network of the old kind",
            every("gcp:compute/network:Network",
                  lambda n: n["autoCreateSubnetworks"] is False)),
    "3.6": ("nobody reaches ports of SSH or RDP from the Internet",
            lambda f: not any(r.inputs.get("allows") for r in
                              of(f, "gcp:compute/firewall:Firewall"))),
    "3.8": ("flows are logged", every("gcp:compute/subnetwork:Subnetwork", flowing)),
    "4.4": ("logins by the organisation's identities",
            lambda f: enforced(f, "compute.requireOsLogin")),
    "4.5": ("no serial ports", lambda f: enforced(f, "compute.disableSerialPortAccess")),
    "4.8": ("machines are shielded", lambda f: enforced(f, "compute.requireShieldedVm")),
    "4.9": ("machines have no public addresses",
            lambda f: enforced(f, "compute.vmExternalIpAccess")),
    "5.1": ("buckets are open to nobody unknown",
            every("gcp:storage/bucket:Bucket",
                  lambda b: b["publicAccessPrevention"] == "enforced")),
    "5.2": ("buckets have uniform access",
            every("gcp:storage/bucket:Bucket",
                  lambda b: b["uniformBucketLevelAccess"] is True)),
}  # fmt: skip
WAIVED = {
    "1.1": "accounts of people are the organisation's",
    "1.2": "second factors are the organisation's",
    "1.3": "security keys are the organisation's",
    "2.3": "a retention lock on log buckets outlives what the zone's retention allows",
    "2.13": "the asset inventory copies what resources are called to where nobody states",
    "2.14": "access transparency is a contract of the organisation",
    "2.15": "access approval takes the organisation's support contract",
    "2.16": "load balancers: none is emitted",
}
"""What is not carried out, and why."""


@pytest.mark.parametrize("control", BASELINE)
def test_a_control_of_the_baseline_is_carried_out(control: str, found: Evaluation) -> None:
    what, holds = BASELINE[control]
    assert holds(found), what


def test_nobody_gets_a_basic_role(found: Evaluation) -> None:
    assert not [g for g in grants(found) if g["role"] in _BASIC]


def test_a_waiver_says_why_and_waives_no_control_that_is_carried_out() -> None:
    assert not set(WAIVED) & set(BASELINE)
    assert all(len(why) > 20 for why in WAIVED.values())
