"""Who may do what in a zone on Google Cloud, and to whom anything is sent: nobody else."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hybridspec.target.allowed import texts, unknown
from hybridspec.target.api import Emission, Made
from hybridspec.target.proof import at, each, first, listed, outputs

from .allowed import ALLOWED
from .proofs import ACCOUNT, SERVICE, TOPIC, keys, repositories, stores

ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"
IDENTITY = "gcp:projects/serviceIdentity:ServiceIdentity"
POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
CONTACT = "gcp:essentialcontacts/contact:Contact"
ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
BUDGET = "gcp:billing/budget:Budget"
_KEY_GRANT = "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember"
_PROJECT_GRANT = "gcp:projects/iAMMember:IAMMember"
_STORE_GRANT = "gcp:storage/bucketIAMMember:BucketIAMMember"
_ACCOUNT_GRANT = "gcp:serviceaccount/iAMMember:IAMMember"
_OWN = "a role of the zone's own"
_GRANTS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (_KEY_GRANT, "roles/cloudkms.cryptoKeyEncrypterDecrypter"): ("agent",),
    (_KEY_GRANT, _OWN): ("account",),
    (_PROJECT_GRANT, "roles/logging.logWriter"): ("account",),
    (_PROJECT_GRANT, _OWN): ("account",),
    (_STORE_GRANT, "roles/storage.objectViewer"): ("account", "devices"),
    (_STORE_GRANT, "roles/storage.objectUser"): ("account",),
    (_STORE_GRANT, "roles/storage.objectCreator"): ("agent", "devices"),
    (_STORE_GRANT, "roles/storage.legacyBucketReader"): ("agent",),
    (_STORE_GRANT, _OWN): ("account",),
    (_ACCOUNT_GRANT, "roles/iam.serviceAccountUser"): ("account",),
    (_ACCOUNT_GRANT, "roles/iam.serviceAccountOpenIdTokenCreator"): ("devices",),
    ("gcp:pubsub/topicIAMMember:TopicIAMMember", "roles/pubsub.publisher"): ("devices",),
    ("gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
     "roles/artifactregistry.reader"): ("account",),
    ("gcp:cloudrunv2/serviceIamMember:ServiceIamMember", "roles/run.invoker"): ("account",),
}  # fmt: skip
"""Who may be given a role on a kind of resource; no other role is given to anybody."""
PERMISSIONS = frozenset((
    "aiplatform.customJobs.create", "aiplatform.customJobs.list",
    "cloudkms.cryptoKeyVersions.create", "cloudkms.cryptoKeyVersions.destroy",
    "cloudkms.cryptoKeyVersions.get", "cloudkms.cryptoKeyVersions.list",
    "cloudkms.cryptoKeyVersions.restore", "cloudkms.cryptoKeyVersions.update",
    "cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.getIamPolicy", "cloudkms.cryptoKeys.update",
    "eventarc.events.receiveEvent", "logging.logEntries.create", "storage.objects.create",
    "storage.objects.delete", "storage.objects.get", "storage.objects.list",
    "workflows.executions.create",
))  # fmt: skip
"""What roles of a zone's own may allow: nothing by which its holder gives himself more."""
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PROJECT = re.compile(r"\bprojects/([\w.:-]+)")
_HOST = re.compile(r"\b(?:https?|wss?|grpcs?)://([^/\s\"'?#]+)")
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def known(part: Emission) -> str:
    """Every resource is of a type, and has the arguments, that this target emits."""
    return unknown(part, ALLOWED)


def _numbers(part: Emission) -> set[str]:
    """The project's number, as the identities of its services are named after it."""
    made = (one.outputs.get("email", "") for one in part.program if one.type == IDENTITY)
    return {found[1] for email in made if (found := re.match(r"service-(\d+)@", email))}


def _principals(part: Emission) -> dict[str, set[str]]:
    """Who may be given anything in a zone, by kind: what it made itself, and Google's services."""
    named = {one.outputs.get("member", "") for one in part.program if one.type == IDENTITY}
    storage = {
        f"serviceAccount:service-{number}@{of}.iam.gserviceaccount.com"
        for number in _numbers(part)
        for of in ("gs-project-accounts", "gcp-sa-pubsub")
    }
    return {
        "account": outputs(part, ACCOUNT, "member"),
        "agent": (named | storage) - {""},
        "devices": {f"principalSet://iam.googleapis.com/{made.outputs['name']}/*"
                    for made in part.of(POOL)},
    }  # fmt: skip


def _held(part: Emission) -> dict[str, tuple[str, set[Any]]]:
    """Where a role may be given, by the type of a grant: the argument, and what it may name."""
    projects = {str(one.outputs.get("project")) for one in part.resources}
    return {
        _KEY_GRANT: ("cryptoKeyId", keys(part)),
        _PROJECT_GRANT: ("project", projects),
        _STORE_GRANT: ("bucket", stores(part)),
        _ACCOUNT_GRANT: ("serviceAccountId", outputs(part, ACCOUNT, "name")),
        "gcp:pubsub/topicIAMMember:TopicIAMMember": ("topic", outputs(part, TOPIC, "id")),
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember":
            ("repository", repositories(part)),
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember":
            ("name", {made.inputs.get("name") for made in part.of(SERVICE)}),
    }  # fmt: skip


def granted(part: Emission) -> str:
    """Roles are given to what the zone made, each on its own resources, as the table says."""
    own = outputs(part, ROLE, "name")
    principals, held = _principals(part), _held(part)

    def fault(made: Made) -> str:
        role = str(made.inputs.get("role"))
        kinds = _GRANTS.get((made.type, _OWN if role in own else role))
        if kinds is None:
            return f"gives `{role}`, which nobody gets"
        if not any(made.inputs.get("member") in principals[kind] for kind in kinds):
            return f"gives `{role}` to `{made.inputs.get('member')}`"
        name, allowed = held[made.type]
        return "" if made.inputs.get(name) in allowed else "holds for what is not the zone's"

    def narrow(made: Made) -> str:
        more = sorted(set(map(str, listed(made.inputs.get("permissions")))) - PERMISSIONS)
        return f"allows `{more[0]}`" if more else ""

    return first(*(each(part, kind, fault, least=0) for kind in held),
                 each(part, ROLE, narrow, least=0))  # fmt: skip


def told(part: Emission) -> str:
    """Alarms and costs are told to the spec's own contact, by mail, and to nobody else."""
    channels = {one.outputs.get("name") for one in part.program if one.type == CHANNEL}

    def channel(made: Made) -> str:
        whom = at(made.inputs, "labels", "email_address")
        mine = made.inputs.get("type") == "email" and whom in part.told
        return "" if mine else f"tells {whom or 'a machine'}"

    def contact(made: Made) -> str:
        whom = made.inputs.get("email")
        return "" if whom in part.told else f"tells {whom}"

    def through(*path: str) -> Callable[[Made], str]:
        return lambda made: ("" if set(listed(at(made.inputs, *path))) <= channels
                             else "tells others")  # fmt: skip

    return first(
        each(part, CHANNEL, channel, least=0),
        each(part, CONTACT, contact, least=0),
        each(part, ALERT, through("notificationChannels"), least=0),
        each(part, BUDGET, through("allUpdatesRule", "monitoringNotificationChannels"), least=0),
    )


def named(part: Emission) -> str:
    """No text names a project, a host or somebody that is not the zone's."""
    projects = {"_", *_numbers(part), *(str(one.outputs.get("project")) for one in part.resources)}
    projects |= {str(one.inputs.get("project")) for one in part.resources
                 if one.type == "pulumi:providers:gcp"}  # fmt: skip
    projects |= {found[1] for name in part.adopted if (found := _PROJECT.match(name))}
    people = set(part.told)
    for members in _principals(part).values():
        people |= {member.partition(":")[2] for member in members}
    hosts = {f"{part.region}-aiplatform.googleapis.com"}
    for made in part.resources:
        for text in _read(made):
            said = text.replace(_SCOPE, "")
            foreign = (
                *(f"project `{name}`" for name in _PROJECT.findall(said) if name not in projects),
                *(f"`{name}`" for name in _EMAIL.findall(said) if name not in people),
                *(f"host `{name}`" for name in _HOST.findall(said) if name not in hosts),
            )
            if foreign:
                return f"`{made.name}` names {foreign[0]}"
    return ""


def _read(made: Made) -> Iterator[str]:
    """Every text of a resource, and what stands in the body of a request.

    A certificate is the user's own, and above it may stand whom it is of.
    """
    yield from texts({key: one for key, one in made.inputs.items() if key != "x509"})
    body = at(made.inputs, "httpTarget", "body")
    if isinstance(body, str):
        yield base64.b64decode(body, validate=True).decode()


def strangers(part: Emission) -> str:
    """Nobody that the zone did not make may do anything with it, or hears of it."""
    return first(granted(part), told(part), named(part))
