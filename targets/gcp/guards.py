"""What keeps a zone's data where the plan says, in what is emitted for Google Cloud."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from hybridspec.target.api import Emission, Guard, Made
from hybridspec.target.cloud import UNSETTABLE
from hybridspec.target.proof import at, each, every, first, listed, outputs

BUCKET = "gcp:storage/bucket:Bucket"
RING = "gcp:kms/keyRing:KeyRing"
KEY = "gcp:kms/cryptoKey:CryptoKey"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
TOPIC = "gcp:pubsub/topic:Topic"
JOB = "gcp:cloudscheduler/job:Job"
POLICY = "gcp:orgpolicy/policy:Policy"


def _keys(part: Emission) -> set[str]:
    """The zone's keys that lie in a ring of its own."""
    rings = outputs(part, RING, "id")
    return {made.outputs.get("id", "") for made in part.of(KEY)
            if made.inputs.get("keyRing") in rings}  # fmt: skip


def _organisation(part: Emission) -> str:
    """One policy of the project allows the places within the plan's regions, and no other."""
    wanted = {f"in:{region}-locations" for region in part.regions}
    found = [made for made in part.program if made.type == POLICY]
    if len(found) != 1:
        return "there is no policy of the project" if not found else "there are several policies"
    (made,) = found
    said = at(made.inputs, "spec")
    rules = listed(at(said, "rules"))
    allowed = [set(listed(at(rule, "values", "allowedValues"))) for rule in rules]
    if not str(made.inputs.get("name")).endswith("/policies/gcp.resourceLocations"):
        return f"`{made.name}` is about something else"
    if at(said, "inheritFromParent") is not False or allowed != [wanted]:
        return f"`{made.name}` allows other places"
    lacking = {"condition", "denyAll", "allowAll"} & {key for rule in rules for key in rule}
    return f"`{made.name}` does not always hold" if lacking or at(said, "reset") else ""


def _elsewhere(part: Emission, made: Made) -> str:
    place = made.inputs.get("location", made.inputs.get("region"))
    here = place == part.region == made.region
    return "" if here else f"lies in {place or 'no region'}"


def _bucket(part: Emission) -> str:
    def fault(made: Made) -> str:
        spread = "customPlacementConfig" in made.inputs or "rpo" in made.inputs
        return _elsewhere(part, made) or ("is spread over regions" if spread else "")

    return each(part, BUCKET, fault)


def _closed(part: Emission) -> str:
    def closed(made: Made) -> bool:
        return (
            made.inputs.get("publicAccessPrevention") == "enforced"
            and made.inputs.get("uniformBucketLevelAccess") is True
        )

    return every(part, BUCKET, closed, "may be opened to the public")


def _under_key(part: Emission) -> str:
    keys = _keys(part)
    return every(
        part, BUCKET, lambda made: at(made.inputs, "encryption", "defaultKmsKeyName") in keys,
        "is not under the zone's key",
    )  # fmt: skip


def _ring(part: Emission) -> str:
    keys = _keys(part)
    return first(
        each(part, RING, lambda made: _elsewhere(part, made)),
        every(part, KEY, lambda made: made.outputs.get("id") in keys, "is in another ring"),
    )


def _images(part: Emission) -> str:
    keys = _keys(part)

    def fault(made: Made) -> str:
        if made.inputs.get("mode", "STANDARD_REPOSITORY") != "STANDARD_REPOSITORY":
            return "passes on what other repositories hold"
        ours = made.inputs.get("kmsKeyName") in keys
        return _elsewhere(part, made) or ("" if ours else "is not under the zone's key")

    return each(part, REPOSITORY, fault)


def _messages(part: Emission) -> str:
    def kept(made: Made) -> bool:
        said = made.inputs.get("messageStoragePolicy")
        return (
            at(said, "allowedPersistenceRegions") == [part.region]
            and at(said, "enforceInTransit") is True
        )

    return every(part, TOPIC, kept, "keeps messages elsewhere", least=0)


def _body(made: Made) -> Any:
    text = str(at(made.inputs, "httpTarget", "body"))
    return json.loads(base64.b64decode(text, validate=True))


def _address(part: Emission) -> str:
    """Jobs are asked of the region's own address; a zone that trains nothing asks for none."""

    def ours(made: Made) -> bool:
        uri = str(at(made.inputs, "httpTarget", "uri"))
        here = f"https://{part.region}-aiplatform.googleapis.com/"
        return uri.startswith(here) and f"/locations/{part.region}/" in uri

    return every(part, JOB, ours, "is asked of another address", least=0)


def _training(part: Emission) -> str:
    keys, buckets = _keys(part), outputs(part, BUCKET, "name")
    images = {str(made.inputs.get("repositoryId")) for made in part.of(REPOSITORY)}

    def fault(made: Made) -> str:
        asked = _body(made)
        used = re.findall(r"gs://([\w.-]+)", json.dumps(asked))
        pools = listed(at(asked, "jobSpec", "workerPoolSpecs"))
        run = [str(at(pool, "containerSpec", "imageUri")).split("/") for pool in pools]
        registry = f"{part.region}-docker.pkg.dev"
        if not used or not set(used) <= buckets:
            return "reads or writes what is not the zone's store"
        if at(asked, "encryptionSpec", "kmsKeyName") not in keys:
            return "uses a key that is not the zone's"
        ours = run and all(p[0] == registry and len(p) > 3 and p[2] in images for p in run)
        return _elsewhere(part, made) or ("" if ours else "runs an image of another registry")

    return each(part, JOB, fault, least=0)


_DOCS = "https://docs.cloud.google.com"
_ALL = ("store", "model", "training", "account", "stage")

GUARDS = (
    Guard(
        id="org-resource-locations",
        title="an organisation policy on the project allows new resources in the zones' regions "
        "alone",
        facets=("process", "store", "backup", "logs", "model", "keys"), assets=_ALL,
        source=f"{_DOCS}/resource-manager/docs/organization-policy/defining-locations",
        missing=_organisation,
    ),
    Guard(
        id="bucket-location",
        title="the bucket's location is the zone's region, and it is not spread over several",
        facets=("store", "backup", "ciphertext", "model"), assets=("store", "model"),
        source=f"{_DOCS}/storage/docs/locations", missing=_bucket,
    ),
    Guard(
        id="bucket-public-blocked",
        title="public access to the bucket is prevented, and permissions are the bucket's alone",
        facets=("store", "model"), assets=("store", "model"),
        source=f"{_DOCS}/storage/docs/public-access-prevention", missing=_closed,
    ),
    Guard(
        id="bucket-zone-key",
        title="objects are under the zone's key",
        facets=("store", "ciphertext", "keys", "backup"), assets=("store", "model"),
        source=f"{_DOCS}/storage/docs/encryption/customer-managed-keys", missing=_under_key,
    ),
    Guard(
        id="key-in-region",
        title="the key lies in a ring of the zone's region, which its material never leaves",
        facets=("keys", "ciphertext"), assets=("store", "model", "account"),
        source=f"{_DOCS}/kms/docs/locations", missing=_ring,
    ),
    Guard(
        id="registry-in-region",
        title="registries lie in the zone's region, under its key, and pass on no other's images",
        facets=("store", "model", "ciphertext", "backup"), assets=("model",),
        source=f"{_DOCS}/artifact-registry/docs/repositories/repo-locations", missing=_images,
    ),
    Guard(
        id="pubsub-storage-policy",
        title="topics keep messages in the zone's region, and refuse requests from another",
        facets=("store", "process"), assets=("account", "store"),
        source=f"{_DOCS}/pubsub/docs/resource-location-restriction", missing=_messages,
    ),
    Guard(
        id="vertex-regional-endpoint",
        title="training is asked of the region's own address",
        facets=("process",), assets=("training",),
        source=f"{_DOCS}/vertex-ai/docs/general/locations", missing=_address,
    ),
    Guard(
        id="training-in-region",
        title="training runs in the zone's region, on its store, registry and key",
        facets=("process", "store", "model"), assets=("training",),
        source=f"{_DOCS}/vertex-ai/docs/training/create-custom-job", missing=_training,
    ),
)  # fmt: skip

UNGUARDED = {
    **UNSETTABLE,
    "key_admin": "no policy of a key knows where an administrator sits",
    "support": "no setting of a project says where its support sits; Assured Workloads is a "
    "contract of the organisation",
    "control_plane": "identities and names of resources are global",
}


def endpoints(region: str) -> tuple[str, ...]:
    """The hosts by which a device reaches the store and the topics of a region."""
    return (
        f"storage.{region}.rep.googleapis.com", f"pubsub.{region}.rep.googleapis.com",
        "oauth2.googleapis.com",
    )  # fmt: skip
