"""Guards of who may do what in a zone on Azure, of its logs, its networks, and of Defender."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hybridspec.target.api import Emission, Guard, Made
from hybridspec.target.proof import at, each, every, first, listed, outputs

_NATIVE = "azure-native:"
ACCOUNT = f"{_NATIVE}storage:StorageAccount"
CONTAINER = f"{_NATIVE}storage:BlobContainer"
VAULT = f"{_NATIVE}keyvault:Vault"
KEY = f"{_NATIVE}keyvault:Key"
REGISTRY = f"{_NATIVE}containerregistry:Registry"
WORKSPACE = f"{_NATIVE}machinelearningservices:Workspace"
HUB = f"{_NATIVE}iothub:IotHubResource"
ENVIRONMENT = f"{_NATIVE}app:ManagedEnvironment"
SERVICE = f"{_NATIVE}app:ContainerApp"
WORKFLOW = f"{_NATIVE}logic:Workflow"
SETTING = f"{_NATIVE}monitor:DiagnosticSetting"
GRANT = f"{_NATIVE}authorization:RoleAssignment"
ROLE = f"{_NATIVE}authorization:RoleDefinition"
PLAN = f"{_NATIVE}security:Pricing"
_LOGGED = (VAULT, REGISTRY, WORKSPACE, HUB, ENVIRONMENT, WORKFLOW)
"""What has logs of its own, beside the accounts."""
ACTIVITY = f"{_NATIVE}monitor:SubscriptionDiagnosticSetting"
_ELSEWHERE = {"eventHubAuthorizationRuleId", "eventHubName", "marketplacePartnerId",
              "serviceBusRuleId", "workspaceId"}  # fmt: skip
"""Where a setting may send logs beside an account."""
_NARROW = (
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "b556d68e-0be0-4f35-a333-ad7ee1ce17ea", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "f1a07417-d97a-45cb-824c-7a7474783830",
)  # fmt: skip
"""The built-in roles that may be given, each for one kind of work: those of `access.py`."""
_ENCRYPTS = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""The built-in role Key Vault Crypto Service Encryption User."""
_READS = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
"""The built-in role Storage Blob Data Reader."""
_PLANS = {
    "KeyVaults": frozenset[str](),
    "StorageAccounts": frozenset({"OnUploadMalwareScanning", "SensitiveDataDiscovery"}),
}
"""Plans of Defender that read no content, and what of each has to be switched off for that."""
_USES = ("*", "decrypt", "encrypt", "import", "release", "sign", "unwrap", "verify", "wrap")
"""Last parts of operations on a key that use it, or take it out of its vault."""


def _sealed(part: Emission) -> set[str]:
    """The identifiers of accounts in which nothing can be changed while their policy stands."""
    return {
        str(made.outputs["id"])
        for made in part.of(ACCOUNT)
        if at(made.inputs, "immutableStorageWithVersioning", "enabled") is True
        and (at(made.inputs, "immutableStorageWithVersioning", "immutabilityPolicy",
                "immutabilityPeriodSinceCreationInDays") or 0) > 0
        and at(made.inputs, "immutableStorageWithVersioning", "immutabilityPolicy", "state")
        in ("Locked", "Unlocked")
    }  # fmt: skip


def _logs(part: Emission) -> str:
    """Everything that has logs sends all of them to a sealed account of the zone, nowhere else."""
    sealed = _sealed(part)

    def here(made: Made) -> bool:
        logs = listed(made.inputs.get("logs"))
        return kept(made) and bool(logs) and all(
            at(log, "categoryGroup") == "allLogs" and at(log, "enabled") is True for log in logs
        )  # fmt: skip

    def kept(made: Made) -> bool:
        beside = {key for key in _ELSEWHERE if made.inputs.get(key)}
        return not beside and made.inputs.get("storageAccountId") in sealed

    told = {str(made.inputs.get("resourceUri")).removesuffix("/blobServices/default")
            for made in part.of(SETTING)}  # fmt: skip
    mute = [
        made.name
        for kind in (*_LOGGED, ACCOUNT)
        for made in part.of(kind)
        if made.outputs.get("id") not in {*told, *sealed}
    ]
    return first(
        "" if sealed else "no account is sealed against changes",
        every(part, SETTING, here, "sends logs elsewhere, or not all of them"),
        every(part, ACTIVITY, kept, "sends logs elsewhere", least=0),
        f"`{mute[0]}` has no log" if mute else "",
    )


def _narrow(part: Emission) -> str:
    """Every role is one on a resource, and none of them is for a group or a subscription."""
    own = {made.outputs["id"] for made in part.of(ROLE)}

    def fault(made: Made) -> str:
        role = str(made.inputs.get("roleDefinitionId"))
        if "/providers/" not in str(made.inputs.get("scope")):
            return "holds for more than one resource"
        known = role in own or role.rpartition("/Microsoft.Authorization/roleDefinitions/")[
            2] in _NARROW  # fmt: skip
        return "" if known and made.inputs.get("principalId") else "is of a role that may more"

    def wide(made: Made) -> str:
        said = listed(made.inputs.get("permissions"))
        acts = [str(act) for one in said for key in ("actions", "dataActions")
                for act in listed(at(one, key))]  # fmt: skip
        return next((f"allows `{act}`" for act in acts if "*" in act), "")

    return first(each(part, GRANT, fault), each(part, ROLE, wide, least=0))


def _apart(part: Emission) -> str:
    """Whoever administers keys cannot use them, and whoever uses them can do nothing else."""
    vaults = {*outputs(part, VAULT, "id"), *outputs(part, KEY, "id")}
    keys = outputs(part, KEY, "id")
    own = {made.outputs["id"]: made for made in part.of(ROLE)}
    users, admins = set(), set()
    for made in part.of(GRANT):
        role, who = str(made.inputs.get("roleDefinitionId")), made.inputs.get("principalId")
        if role.endswith(_ENCRYPTS):
            if made.inputs.get("scope") not in keys:
                return f"`{made.name}` uses more than the zone's key"
            users.add(who)
        elif role in own and made.inputs.get("scope") in vaults:
            if used := _uses(own[role].inputs):
                return f"`{made.name}` may use keys: {used}"
            admins.add(who)
    if not users or not admins:
        return "nobody uses the key" if not users else "nobody administers the key"
    other = [made.name for made in part.of(GRANT) if made.inputs.get("principalId") in users
             and not str(made.inputs.get("roleDefinitionId")).endswith(_ENCRYPTS)]  # fmt: skip
    both = "the same identity uses and administers the key" if users & admins else ""
    return both or (f"who uses the key may more: `{other[0]}`" if other else "")


def _uses(role: Any) -> str:
    acts = [str(act).removesuffix("/action") for one in listed(role.get("permissions"))
            for act in listed(at(one, "dataActions"))]  # fmt: skip
    return next((act for act in acts if act.rpartition("/")[2] in _USES), "")


def _published(part: Emission) -> str:
    """One identity writes the update channel; all others that have a role there read it."""
    channel = [made for made in part.of(CONTAINER) if made.inputs.get("containerName") == "ota"]
    if len(channel) != 1:
        return "there is no update channel, or more than one"
    account = channel[0].inputs.get("accountName")
    beside = [made.name for made in part.of(CONTAINER)
              if made.inputs.get("accountName") == account and made not in channel]  # fmt: skip
    if beside:
        return f"`{beside[0]}` lies in the account of the update channel"
    above = {made.outputs["id"] for made in part.of(ACCOUNT)
             if account in (made.outputs.get("name"), made.inputs.get("accountName"))}  # fmt: skip
    scopes = {channel[0].outputs["id"], *above}
    writers = [made for made in part.of(GRANT) if made.inputs.get("scope") in scopes
               and not str(made.inputs.get("roleDefinitionId")).endswith(_READS)]  # fmt: skip
    return "" if len(writers) == 1 else f"{len(writers)} identities write the update channel"


def _confined(part: Emission) -> str:
    """What a workspace runs reaches the zone's resources by private endpoints, and no more."""

    def fault(made: Made) -> str:
        network = at(made.inputs, "managedNetwork")
        if at(network, "isolationMode") != "AllowOnlyApprovedOutbound":
            return "lets its jobs reach the Internet"
        return "lets its jobs reach more than the zone" if at(network, "outboundRules") else ""

    return each(part, WORKSPACE, fault)


def _private(part: Emission) -> str:
    """Services run in an environment of the zone that has no public address, on its images."""
    environments = outputs(part, ENVIRONMENT, "id")
    servers = outputs(part, REGISTRY, "loginServer")

    def closed(made: Made) -> str:
        if made.inputs.get("location") != part.region:
            return f"lies in {made.inputs.get('location')}"
        inside = at(made.inputs, "vnetConfiguration", "internal") is True
        shut = made.inputs.get("publicNetworkAccess") == "Disabled"
        sent = at(made.inputs, "appLogsConfiguration", "destination")
        if not inside or not shut:
            return "may be reached from the Internet"
        return "" if sent == "azure-monitor" else f"sends logs to {sent}"

    def ours(made: Made) -> str:
        images = [str(at(box, "image")) for kind in ("containers", "initContainers")
                  for box in listed(at(made.inputs, "template", kind))]  # fmt: skip
        if made.inputs.get("environmentId") not in environments:
            return "runs in another environment"
        if made.inputs.get("location") != part.region:
            return f"lies in {made.inputs.get('location')}"
        if at(made.inputs, "configuration", "ingress", "allowInsecure") is not False:
            return "is reached without TLS"
        foreign = [image for image in images if image.partition("/")[0] not in servers]
        return "runs an image that is not of the zone's registry" if foreign or not images else ""

    return first(each(part, ENVIRONMENT, closed, least=0), each(part, SERVICE, ours, least=0))


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "uri" and isinstance(item, str):
                yield item
            yield from _addresses(item)
    elif isinstance(value, list):
        for item in value:
            yield from _addresses(item)


def _drift(part: Emission) -> str:
    """A workflow lies in the region, and calls the zone's store and Resource Manager alone."""
    stores = [f"https://{name}.blob.core.windows.net/" for name in outputs(part, ACCOUNT, "name")]
    jobs = [f"https://management.azure.com{name}/jobs/" for name in outputs(part, WORKSPACE, "id")]

    def fault(made: Made) -> str:
        if made.inputs.get("location") != part.region:
            return f"lies in {made.inputs.get('location')}"
        said = made.inputs.get("definition")
        called = list(_addresses(said))
        other = [uri for uri in called if not uri.startswith((*stores, *jobs))]
        if other or not called:
            return f"calls {other[0] if other else 'nothing'}"
        return "uses a key" if '"ManagedServiceIdentity"' not in json.dumps(said) else ""

    return each(part, WORKFLOW, fault, least=0)


def _unread(part: Emission) -> str:
    """No plan of Defender reads what lies in a store or a registry.

    Each that could is set: one that is not may have been switched on by others.
    """
    told = {made.inputs.get("pricingName") for made in part.program if made.type == PLAN}
    if unset := sorted(_PLANS.keys() - told):
        return f"plan `{unset[0]}` of Defender is not set"
    for made in part.program:
        if made.type == PLAN:
            name, said = str(made.inputs.get("pricingName")), made.inputs.get("extensions")
            off = {at(one, "name") for one in listed(said) if at(one, "isEnabled") == "False"}
            if name not in _PLANS or len(off) < len(listed(said)) or not _PLANS[name] <= off:
                return f"plan `{name}` of Defender may read content"
    return ""


_LEARN = "https://learn.microsoft.com/en-us/azure"

GUARDS = (
    Guard(
        id="logs-in-zone",
        title="logs of everything that the zone has are kept in an account of its own, where none "
        "can be changed unless the account's owner lifts the policy",
        facets=("logs",), assets=("store", "model", "training"),
        source=f"{_LEARN}/azure-monitor/platform/diagnostic-settings", missing=_logs,
    ),
    Guard(
        id="roles-narrow",
        title="each identity has narrow roles on single resources, and none on a group or a "
        "subscription",
        facets=("store", "model"), assets=("store", "model", "training"),
        source=f"{_LEARN}/role-based-access-control/best-practices", missing=_narrow,
    ),
    Guard(
        id="key-duties-apart",
        title="who administers the zone's keys cannot use them, and who uses them can do no more",
        facets=("keys",), assets=("store", "model", "account"),
        source=f"{_LEARN}/key-vault/general/rbac-guide", missing=_apart,
    ),
    Guard(
        id="channel-one-publisher",
        title="one identity writes the update channel, and no network of caches lies before it",
        facets=("store",), assets=("store",),
        source=f"{_LEARN}/storage/blobs/assign-azure-role-data-access", missing=_published,
    ),
    Guard(
        id="training-confined",
        title="training reaches store, vault and registry of the zone by private endpoints, and "
        "nothing else",
        facets=("process", "transit"), assets=("training",),
        source=f"{_LEARN}/machine-learning/how-to-managed-network", missing=_confined,
    ),
    Guard(
        id="drift-in-region",
        title="what starts a training when inputs drift runs in the region, and calls the zone's "
        "own alone",
        facets=("process",), assets=("training",),
        source=f"{_LEARN}/logic-apps/authenticate-with-managed-identity", missing=_drift,
    ),
    Guard(
        id="services-private",
        title="services run in the region in a network of the zone, on images of its registry, and "
        "reach services of Azure alone",
        facets=("process",), assets=(),
        source=f"{_LEARN}/container-apps/networking", missing=_private,
    ),
    Guard(
        id="defender-reads-nothing",
        title="no emitted plan of Defender scans content or images, or looks for personal data",
        facets=("process",), assets=("store", "model"),
        source=f"{_LEARN}/defender-for-cloud/defender-for-storage-introduction", missing=_unread,
    ),
)  # fmt: skip
