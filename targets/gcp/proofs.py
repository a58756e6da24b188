"""Proofs that what a zone keeps lies in its region under its key, in a project that is closed."""

from __future__ import annotations

from collections.abc import Callable

from hybridspec.target.api import Emission, Made
from hybridspec.target.proof import at, each, every, first, listed, outputs

BUCKET = "gcp:storage/bucket:Bucket"
RING = "gcp:kms/keyRing:KeyRing"
KEY = "gcp:kms/cryptoKey:CryptoKey"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
TOPIC = "gcp:pubsub/topic:Topic"
JOB = "gcp:cloudscheduler/job:Job"
POLICY = "gcp:orgpolicy/policy:Policy"
LOGS = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
SINK = "gcp:logging/projectSink:ProjectSink"
EXCLUSION = "gcp:logging/projectExclusion:ProjectExclusion"
ACCOUNT = "gcp:serviceaccount/account:Account"
WORKFLOW = "gcp:workflows/workflow:Workflow"
TRIGGER = "gcp:eventarc/trigger:Trigger"
SERVICE = "gcp:cloudrunv2/service:Service"
RULE = "gcp:compute/firewall:Firewall"
NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
ROUTE = "gcp:compute/route:Route"
ADDRESS = "gcp:compute/globalAddress:GlobalAddress"
JOINT = "gcp:servicenetworking/connection:Connection"
WALL = "gcp:servicenetworking/vpcServiceControls:VpcServiceControls"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
TEMPLATE = "gcp:dataloss/preventionInspectTemplate:PreventionInspectTemplate"
INSPECTION = "gcp:dataloss/preventionJobTrigger:PreventionJobTrigger"
API = {BUCKET: "storage", REPOSITORY: "artifactregistry", TOPIC: "pubsub", LOGS: "logging",
       JOB: "aiplatform", WORKFLOW: "workflows", SERVICE: "run"}  # fmt: skip
"""Services whose resources are under a key, by a type of theirs; jobs are made by schedules."""
ENFORCED = ("iam.disableServiceAccountKeyCreation", "iam.disableServiceAccountKeyUpload",
            "storage.publicAccessPrevention", "storage.secureHttpTransport",
            "storage.uniformBucketLevelAccess")  # fmt: skip


def keys(part: Emission) -> set[str]:
    """The zone's keys that lie in a ring of its own, and what it has there already."""
    rings = outputs(part, RING, "id")
    ours = {made.outputs.get("id", "") for made in part.of(KEY)
            if made.inputs.get("keyRing") in rings}  # fmt: skip
    return ours | {name for name in part.adopted if f"/locations/{part.region}/" in name}


def stores(part: Emission) -> set[str]:
    """The zone's buckets, and what it has there already."""
    return outputs(part, BUCKET, "name") | part.adopted


def repositories(part: Emission) -> set[str]:
    """The zone's registries by their names, and what it has there already."""
    return {str(made.inputs.get("repositoryId")) for made in part.of(REPOSITORY)} | part.adopted


def organisation(part: Emission) -> str:
    """One policy of the project allows the places within the plan's regions, and no other."""
    wanted = {f"in:{region}-locations" for region in part.regions}
    return _policy(part, "gcp.resourceLocations", "allowedValues", lambda said: said == wanted)


def keyed(part: Emission) -> str:
    """No service that an emitted resource belongs to makes one without a key."""
    services = {f"{API[made.type]}.googleapis.com" for made in part.program if made.type in API}
    return _policy(part, "gcp.restrictNonCmekServices", "deniedValues",
                   lambda said: services <= said)  # fmt: skip


def _policy(part: Emission, constraint: str, key: str, holds: Callable[[set[str]], bool]) -> str:
    """What lacks if the project has to have one policy of a constraint, with these values."""
    ending = f"/policies/{constraint}"
    found = [made for made in part.program if made.type == POLICY
             and str(made.inputs.get("name")).endswith(ending)]  # fmt: skip
    if len(found) != 1:
        return f"there is no policy of `{constraint}`" if not found else "there are several"
    (made,) = found
    said = at(made.inputs, "spec")
    rules = listed(at(said, "rules"))
    values = [set(listed(at(rule, "values", key))) for rule in rules]
    if at(said, "inheritFromParent") is not False or len(values) != 1 or not holds(values[0]):
        return f"`{made.name}` allows others"
    more = {"condition", "denyAll", "allowAll", "enforce"} & {key for rule in rules for key in rule}
    only = set(at(rules[0], "values")) == {key}
    always = only and not more and not at(said, "reset")
    return "" if always else f"`{made.name}` does not always hold"


def constraints(part: Emission) -> str:
    """Each constraint that closes the project is enforced on it, once and without condition."""
    policies: dict[str, list[Made]] = {}
    for made in part.program:
        if made.type == POLICY:
            name = str(made.inputs.get("name")).rpartition("/policies/")[2]
            policies.setdefault(name, []).append(made)
    for constraint in ENFORCED:
        found = policies.get(constraint, [])
        rules = listed(at(found[0].inputs, "spec", "rules")) if len(found) == 1 else []
        if rules != [{"enforce": "TRUE"}] or at(found[0].inputs, "spec", "reset"):
            return f"`{constraint}` is not enforced"
    return ""


def elsewhere(part: Emission, made: Made) -> str:
    place = made.inputs.get("location", made.inputs.get("region"))
    here = place == part.region == made.region
    return "" if here else f"lies in {place or 'no region'}"


def bucket(part: Emission) -> str:
    def fault(made: Made) -> str:
        spread = "customPlacementConfig" in made.inputs or "rpo" in made.inputs
        return elsewhere(part, made) or ("is spread over regions" if spread else "")

    return each(part, BUCKET, fault)


def closed(part: Emission) -> str:
    def closed(made: Made) -> bool:
        return (
            made.inputs.get("publicAccessPrevention") == "enforced"
            and made.inputs.get("uniformBucketLevelAccess") is True
        )

    return every(part, BUCKET, closed, "may be opened to the public")


def under_key(part: Emission) -> str:
    ours = keys(part)
    return every(
        part, BUCKET, lambda made: at(made.inputs, "encryption", "defaultKmsKeyName") in ours,
        "is not under the zone's key",
    )  # fmt: skip


def ring(part: Emission) -> str:
    ours = keys(part)
    least = 0 if part.adopted & ours else 1
    return first(
        each(part, RING, lambda made: elsewhere(part, made), least=least),
        every(part, KEY, lambda made: made.outputs.get("id") in ours, "is in another ring",
              least=least),
    )  # fmt: skip


def images(part: Emission) -> str:
    ours = keys(part)

    def fault(made: Made) -> str:
        if made.inputs.get("mode", "STANDARD_REPOSITORY") != "STANDARD_REPOSITORY":
            return "passes on what other repositories hold"
        under = made.inputs.get("kmsKeyName") in ours
        return elsewhere(part, made) or ("" if under else "is not under the zone's key")

    made = [one for one in part.of(REPOSITORY) if one.inputs.get("format") == "DOCKER"]
    lacks = "" if made or part.registry else "there is no registry of images"
    return lacks or each(part, REPOSITORY, fault, least=0)


def messages(part: Emission) -> str:
    def kept(made: Made) -> bool:
        said = made.inputs.get("messageStoragePolicy")
        return (
            at(said, "allowedPersistenceRegions") == [part.region]
            and at(said, "enforceInTransit") is True
        )

    return every(part, TOPIC, kept, "keeps messages elsewhere", least=0)
