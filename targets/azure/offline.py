"""How Azure answers the offline evaluation: plausible identifiers, and where a resource lies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from hybridspec.target.api import At, Beside, Registration, Sdk, Where

_NOBODY = "00000000-0000-0000-0000-000000000000"
_SUBSCRIPTION = f"/subscriptions/{_NOBODY}"
_NATIVE = "azure-native:"
_WITHIN = {
    "authorization:PolicyAssignment": "scope",
    "authorization:RoleAssignment": "scope",
    "authorization:RoleDefinition": "scope",
    "iothub:IotHubResourceEventHubConsumerGroup": "resourceName",
    "keyvault:Key": "vaultName",
    "machinelearningservices:EnvironmentVersion": "workspaceName",
    "machinelearningservices:ModelContainer": "workspaceName",
    "machinelearningservices:Schedule": "workspaceName",
    "monitor:DiagnosticSetting": "storageAccountId",
    "monitor:SubscriptionDiagnosticSetting": "storageAccountId",
    "storage:BlobContainer": "accountName",
    "storage:BlobServiceProperties": "accountName",
    "storage:ManagementPolicy": "accountName",
}
"""Resources that have no location of their own, and the input that names the one they lie in;
of a setting that sends logs, the account that they are sent to."""
_ELSEWHERE = ("workspaceId", "eventHubAuthorizationRuleId", "marketplacePartnerId",
              "serviceBusRuleId")  # fmt: skip
"""Where logs may be sent beside an account."""
_SETTINGS = ("consumption:Budget", "security:Pricing")
"""Settings of a subscription. They hold nothing of a zone: where Resource Manager keeps settings,
and what Defender does, are implicit flows of the catalogue."""
_LOCATED = frozenset((
    "app:ContainerApp", "app:ManagedEnvironment", "containerregistry:Registry",
    "iothub:IotHubResource", "keyvault:Vault", "logic:Workflow",
    "machinelearningservices:Workspace", "managedidentity:UserAssignedIdentity",
    "network:NetworkSecurityGroup", "network:VirtualNetwork", "resources:ResourceGroup",
    "storage:StorageAccount",
))  # fmt: skip
"""Resources that lie where their location says, all that is emitted. Others may be global."""
_PAIRED = ("iothub:IotHubResource",)
RESIDENT = frozenset({"brazilsouth", "southeastasia"})
"""Regions in which they may ask not to be copied to the paired one. In others they cannot, and
that they are is an implicit flow of the catalogue."""


def where(made: Registration) -> Where:
    """Its own location or that of what it belongs to; the paired region too where Azure copies."""
    kind = made.type.removeprefix(_NATIVE)
    inside = _WITHIN.get(kind)
    if inside is not None:
        sent = [key for key in _ELSEWHERE if made.inputs.get(key)]
        return At(()) if sent else Beside(str(made.inputs.get(inside, "")))
    if kind in _SETTINGS:
        return At((made.region,) if made.region else ())
    location = made.inputs.get("location")
    if kind not in _LOCATED or not isinstance(location, str) or not location:
        return At(())
    properties = made.inputs.get("properties")
    resident = isinstance(properties, Mapping) and properties.get("enableDataResidency") is True
    sku = made.inputs.get("sku")
    name = str(sku.get("name", "")) if isinstance(sku, Mapping) else ""
    copied = kind in _PAIRED and location in RESIDENT and not resident
    if copied or name.endswith(("GRS", "GZRS")):
        return At((location, "the region that Azure pairs with it"))
    return At((location,))


def outputs(made: Registration) -> Mapping[str, Any]:
    """Identifiers below one resource group, and the addresses that services hand out."""
    if made.type.startswith("pulumi:"):
        return made.inputs
    service, kind = made.type.split(":")[1:3]
    suffix = hashlib.sha256(f"{made.type} {made.name}".encode()).hexdigest()[:8]
    name = _named(kind, made.inputs) or f"{made.name}{suffix}"
    group = name if kind == "ResourceGroup" else made.inputs.get("resourceGroupName", "none")
    identity = f"{_SUBSCRIPTION}/resourceGroups/{group}"
    if kind != "ResourceGroup":
        identity += f"/providers/Microsoft.{service}/{kind}/{made.name}"
    address = f"https://{made.inputs.get('vaultName', name)}.vault.azure.net"
    return {
        "id": identity,
        "name": name,
        "tenantId": _NOBODY,
        "principalId": f"{made.name}-principal",
        "clientId": f"{made.name}-client",
        "loginServer": f"{name}.azurecr.io",
        "keyUri": f"{address}/keys/{name}",
        "keyUriWithVersion": f"{address}/keys/{name}/0",
        "staticIp": "10.64.0.10",
        **made.inputs,
        **_identities(made.inputs),
    }


def _named(kind: str, inputs: Mapping[str, Any]) -> str:
    """The name that a program gives a resource, by the input for it; not that of its parent."""
    own = {"Key": "keyName", "Registry": "registryName", "StorageAccount": "accountName",
           "Vault": "vaultName"}.get(kind, f"{kind[:1].lower()}{kind[1:]}Name")  # fmt: skip
    return str(inputs.get(own) or inputs.get("name") or "")


def _identities(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Identities are written as a list, and answered by their identifiers."""
    identity = inputs.get("identity")
    given = identity.get("userAssignedIdentities") if isinstance(identity, Mapping) else None
    if not isinstance(identity, Mapping) or not isinstance(given, list):
        return {}
    return {"identity": {**identity, "userAssignedIdentities": {name: {} for name in given}}}


_KEEPS = ("azure-native:keyvault:Key", "azure-native:storage:StorageAccount")
"""Types that hold data or keys."""
_ANEW = {
    "*": (
        "accountName",
        "containerName",
        "keyName",
        "location",
        "name",
        "policyAssignmentName",
        "principalId",
        "registryName",
        "resourceGroupName",
        "resourceName",
        "roleAssignmentName",
        "roleDefinitionId",
        "scope",
        "vaultName",
        "workspaceName",
    ),
    "azure-native:consumption:Budget": ("timePeriod",),
    "azure-native:storage:StorageAccount": ("isHnsEnabled", "kind"),
}
"""Arguments that the provider cannot change in place, by type; `*` for any."""

SDK = Sdk(
    provider="azure-native",
    distribution="pulumi-azure-native",
    install="pip install 'hybridspec[azure]'",
    region_input="location",
    where=where,
    outputs=outputs,
    address_pattern=r"https://([\w-]+)\.(?:blob|dfs|queue|table|file)\.core\.windows\.net",
    keeps=_KEEPS,
    replaces=_ANEW,
)
