"""How Azure answers the offline evaluation: plausible identifiers, and where a resource lies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from hybridspec.target.api import At, Beside, Registration, Sdk, Where

_NOBODY = "00000000-0000-0000-0000-000000000000"
_SUBSCRIPTION = f"/subscriptions/{_NOBODY}"
_WITHIN = {
    "azure-native:authorization:PolicyAssignment": "scope",
    "azure-native:authorization:RoleAssignment": "scope",
    "azure-native:iothub:IotHubResourceEventHubConsumerGroup": "resourceName",
    "azure-native:keyvault:Key": "vaultName",
    "azure-native:machinelearningservices:EnvironmentVersion": "workspaceName",
    "azure-native:machinelearningservices:ModelContainer": "workspaceName",
    "azure-native:machinelearningservices:Schedule": "workspaceName",
    "azure-native:storage:BlobContainer": "accountName",
    "azure-native:storage:BlobServiceProperties": "accountName",
    "azure-native:storage:ManagementPolicy": "accountName",
}
"""Resources that have no location of their own, and the input that names the one they lie in."""
_LOCATED = frozenset(
    f"azure-native:{kind}"
    for kind in (
        "containerregistry:Registry", "iothub:IotHubResource", "keyvault:Vault",
        "machinelearningservices:Workspace", "managedidentity:UserAssignedIdentity",
        "resources:ResourceGroup", "storage:StorageAccount",
    )
)  # fmt: skip
"""Resources that lie where their location says, all that is emitted. Others may be global."""
_PAIRED = ("azure-native:iothub:IotHubResource",)
"""Resources that Azure copies to the paired region unless they ask for data residency."""


def where(made: Registration) -> Where:
    """Its own location or that of what it belongs to; the paired region too where Azure copies."""
    inside = _WITHIN.get(made.type)
    if inside is not None:
        return Beside(str(made.inputs.get(inside, "")))
    location = made.inputs.get("location")
    if made.type not in _LOCATED or not isinstance(location, str) or not location:
        return At(())
    properties = made.inputs.get("properties")
    resident = isinstance(properties, Mapping) and properties.get("enableDataResidency") is True
    sku = made.inputs.get("sku")
    name = str(sku.get("name", "")) if isinstance(sku, Mapping) else ""
    if (made.type in _PAIRED and not resident) or name.endswith(("GRS", "GZRS")):
        return At((location, "the region that Azure pairs with it"))
    return At((location,))


def outputs(made: Registration) -> Mapping[str, Any]:
    """Identifiers below one resource group, and the addresses that services hand out."""
    if made.type.startswith("pulumi:"):
        return made.inputs
    service, kind = made.type.split(":")[1:3]
    named = (value for key, value in made.inputs.items()
             if key.lower() == f"{kind}name".lower() or key == "name")  # fmt: skip
    suffix = hashlib.sha256(f"{made.type} {made.name}".encode()).hexdigest()[:8]
    name = str(next(named, f"{made.name}{suffix}"))
    group = name if kind == "ResourceGroup" else made.inputs.get("resourceGroupName", "none")
    identity = f"{_SUBSCRIPTION}/resourceGroups/{group}"
    if kind != "ResourceGroup":
        identity += f"/providers/Microsoft.{service}/{kind}/{made.name}"
    address = f"https://{name}.vault.azure.net"
    return {
        "id": identity,
        "name": name,
        "tenantId": _NOBODY,
        "principalId": f"{made.name}-principal",
        "clientId": f"{made.name}-client",
        "loginServer": f"{name}.azurecr.io",
        "keyUri": f"{address}/keys/{name}",
        "keyUriWithVersion": f"{address}/keys/{name}/0",
        **made.inputs,
        **_identities(made.inputs),
    }


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
