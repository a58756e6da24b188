"""What keeps a zone's data where the plan says, in what is emitted for Azure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hybridspec.target.api import Emission, Guard, Made
from hybridspec.target.cloud import UNSETTABLE
from hybridspec.target.proof import at, each, every, first, listed, none, outputs, uncopied

from . import strangers, walls
from .offline import RESIDENT

_NATIVE = "azure-native:"
GROUP = f"{_NATIVE}resources:ResourceGroup"
ASSIGNMENT = f"{_NATIVE}authorization:PolicyAssignment"
ACCOUNT = f"{_NATIVE}storage:StorageAccount"
CONTAINER = f"{_NATIVE}storage:BlobContainer"
VAULT = f"{_NATIVE}keyvault:Vault"
KEY = f"{_NATIVE}keyvault:Key"
REGISTRY = f"{_NATIVE}containerregistry:Registry"
WORKSPACE = f"{_NATIVE}machinelearningservices:Workspace"
SCHEDULE = f"{_NATIVE}machinelearningservices:Schedule"
IMAGE = f"{_NATIVE}machinelearningservices:EnvironmentVersion"
HUB = f"{_NATIVE}iothub:IotHubResource"
ALLOWED_LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"
ALLOWED_SKUS = "7433c107-6db4-4ad1-b57a-a76dce0154a1"
_ONE_REGION = {"Premium_LRS", "Premium_ZRS", "Standard_LRS", "Standard_ZRS"}
_COPIES = (f"{_NATIVE}storage:ObjectReplicationPolicy",)
_EXEMPTIONS = (f"{_NATIVE}authorization:PolicyExemption",)
_IMAGE_COPIES = (f"{_NATIVE}containerregistry:Replication",)


def _here(kind: str) -> Callable[[Emission], str]:
    """Every resource of a type lies in the zone's region."""

    def fault(part: Emission, made: Made) -> str:
        place = made.inputs.get("location")
        return "" if place == part.region == made.region else f"lies in {place or 'no region'}"

    return lambda part: each(part, kind, lambda made: fault(part, made))


def _assigned(part: Emission, definition: str, key: str, right: Callable[[set[Any]], bool]) -> str:
    """A built-in policy is enforced on every group of the zone, with the right list."""
    groups = {
        made.inputs.get("scope")
        for made in part.of(ASSIGNMENT)
        if str(made.inputs.get("policyDefinitionId")).endswith(f"/policyDefinitions/{definition}")
        and made.inputs.get("enforcementMode") == "Default"
        and not {"notScopes", "overrides", "resourceSelectors"} & set(made.inputs)
        and set(at(made.inputs, "parameters") or ()) == {key}
        and right(set(listed(at(made.inputs, "parameters", key, "value"))))
    }
    return none(part, _EXEMPTIONS) or every(
        part, GROUP, lambda made: made.outputs.get("id") in groups, "has no such policy"
    )


def _locations(part: Emission) -> str:
    return _assigned(
        part, ALLOWED_LOCATIONS, "listOfAllowedLocations", lambda said: said == {part.region}
    )


def _redundancies(part: Emission) -> str:
    return _assigned(
        part, ALLOWED_SKUS, "listOfAllowedSKUs", lambda said: bool(said) and said <= _ONE_REGION
    )


def _redundancy(part: Emission) -> str:
    def fault(made: Made) -> str:
        sku = at(made.inputs, "sku", "name")
        return "" if sku in _ONE_REGION else f"is kept as {sku}"

    return each(part, ACCOUNT, fault)


def _closed(part: Emission) -> str:
    off = ("allowBlobPublicAccess", "allowSharedKeyAccess", "isLocalUserEnabled")
    return first(
        every(part, ACCOUNT, lambda made: all(made.inputs.get(key) is False for key in off),
              "may be opened to the public"),
        every(part, CONTAINER, lambda made: made.inputs.get("publicAccess") == "None", "is public"),
    )  # fmt: skip


def _copies(part: Emission) -> str:
    def inside(made: Made) -> bool:
        return made.inputs.get("allowCrossTenantReplication") is False and made.inputs.get(
            "allowedCopyScope"
        ) in ("AAD", "PrivateLink")

    return first(
        none(part, _COPIES), every(part, ACCOUNT, inside, "may be copied to another tenant")
    )


def _tls(part: Emission) -> str:
    def safe(made: Made) -> bool:
        return (
            made.inputs.get("enableHttpsTrafficOnly") is True
            and made.inputs.get("minimumTlsVersion") == "TLS1_2"
        )

    return every(part, ACCOUNT, safe, "is reached without TLS")


def _vaults(part: Emission) -> set[str]:
    return {str(name) for name in outputs(part, VAULT, "name")}


def _under_key(part: Emission) -> str:
    addresses = {f"https://{name}.vault.azure.net" for name in _vaults(part)}

    def ours(made: Made) -> bool:
        said = at(made.inputs, "encryption")
        return (
            at(said, "keySource") == "Microsoft.Keyvault"
            and at(said, "keyVaultProperties", "keyVaultUri") in addresses
        )

    return every(part, ACCOUNT, ours, "is not under the zone's key")


def _hardware(part: Emission) -> str:
    vaults = _vaults(part)

    def fault(made: Made) -> str:
        if made.inputs.get("vaultName") not in vaults:
            return "is in another vault"
        if at(made.inputs, "properties", "attributes", "exportable"):
            return "can be taken out of its vault"
        kty = at(made.inputs, "properties", "kty")
        return "" if str(kty).endswith("-HSM") else "is kept in software"

    return each(part, KEY, fault)


def _no_image_copies(part: Emission) -> str:
    return uncopied(part, REGISTRY, _IMAGE_COPIES)


def _resident(part: Emission) -> str:
    return every(
        part, HUB,
        lambda made: (made.inputs.get("location") not in RESIDENT
                      or at(made.inputs, "properties", "enableDataResidency") is True),
        "is copied to the paired region",
    )  # fmt: skip


def _diagnostics(part: Emission) -> str:
    return every(
        part, WORKSPACE, lambda made: made.inputs.get("hbiWorkspace") is True, "reports more"
    )


def _training(part: Emission) -> str:
    """Jobs run in the zone's workspace, on its store, with images of its registry."""
    workspaces, accounts = outputs(part, WORKSPACE, "name"), outputs(part, ACCOUNT, "name")
    servers = outputs(part, REGISTRY, "loginServer")
    images = {
        made.outputs["id"]
        for made in part.of(IMAGE)
        if str(at(made.inputs, "properties", "image")).partition("/")[0] in servers
    }

    def fault(made: Made) -> str:
        job = at(made.inputs, "properties", "action", "jobDefinition")
        used = re.findall(r"https://([\w-]+)\.blob\.", json.dumps(job))
        if made.inputs.get("workspaceName") not in workspaces:
            return "runs in another workspace"
        if "computeId" in job or not used or not set(used) <= accounts:
            return "reads or writes what is not the zone's store"
        ours = job.get("environmentId") in images
        return "" if ours else "runs an image that is not of the zone's registry"

    return each(part, SCHEDULE, fault, least=0)


_LEARN = "https://learn.microsoft.com/en-us/azure"
_STORED = ("store", "model")
_ALL = (*_STORED, "training", "account")

GUARDS = (
    Guard(
        id="allowed-locations",
        title="Azure Policy refuses resources of other regions in the zone's resource group",
        facets=("process", "store", "backup", "logs", "model", "keys"), assets=_ALL,
        source=f"{_LEARN}/governance/policy/samples/built-in-policies", missing=_locations,
    ),
    Guard(
        id="storage-skus",
        title="Azure Policy refuses storage accounts that are copied to another region",
        facets=("store", "backup", "ciphertext", "model"), assets=_STORED,
        source=f"{_LEARN}/governance/policy/samples/built-in-policies", missing=_redundancies,
    ),
    Guard(
        id="storage-in-region",
        title="the storage account lies in the zone's region",
        facets=("store", "backup", "ciphertext", "model"), assets=_STORED,
        source=f"{_LEARN}/storage/common/storage-redundancy", missing=_here(ACCOUNT),
    ),
    Guard(
        id="storage-lrs",
        title="the storage account keeps its copies in one region",
        facets=("store", "backup", "ciphertext", "model"), assets=_STORED,
        source=f"{_LEARN}/storage/common/storage-redundancy", missing=_redundancy,
    ),
    Guard(
        id="storage-public-blocked",
        title="nothing of the storage account can be public, and its keys sign nothing",
        facets=("store", "model"), assets=_STORED,
        source=f"{_LEARN}/storage/blobs/anonymous-read-access-prevent", missing=_closed,
    ),
    Guard(
        id="storage-copies-in-tenant",
        title="the storage account is copied to no other tenant's",
        facets=("store", "backup"), assets=_STORED,
        source=f"{_LEARN}/storage/common/security-restrict-copy-operations", missing=_copies,
    ),
    Guard(
        id="storage-tls-only",
        title="the storage account is reached over TLS 1.2 alone",
        facets=(), assets=_STORED,
        source=f"{_LEARN}/storage/common/transport-layer-security-configure-minimum-version",
        missing=_tls,
    ),
    Guard(
        id="storage-zone-key",
        title="the storage account is under the zone's key",
        facets=("store", "ciphertext", "keys", "backup"), assets=_STORED,
        source=f"{_LEARN}/storage/common/customer-managed-keys-overview", missing=_under_key,
    ),
    Guard(
        id="vault-in-region",
        title="the vault lies in the zone's region",
        facets=("keys", "ciphertext"), assets=(*_STORED, "account"),
        source=f"{_LEARN}/key-vault/general/overview", missing=_here(VAULT),
    ),
    Guard(
        id="key-in-hsm",
        title="the key is made in a hardware module of the zone's vault, and cannot be read",
        facets=("keys",), assets=(*_STORED, "account"),
        source=f"{_LEARN}/key-vault/keys/about-keys", missing=_hardware,
    ),
    Guard(
        id="acr-in-region",
        title="the registry lies in the zone's region",
        facets=("store", "model", "ciphertext"), assets=("model",),
        source=f"{_LEARN}/container-registry/container-registry-skus", missing=_here(REGISTRY),
    ),
    Guard(
        id="acr-no-replication",
        title="no replication of the registry is emitted; by default there is none",
        facets=("store", "model", "backup"), assets=("model",),
        source=f"{_LEARN}/container-registry/container-registry-geo-replication",
        missing=_no_image_copies,
    ),
    Guard(
        id="iothub-data-residency",
        title="the hub is not copied to the paired region, where the region lets a hub refuse it",
        facets=("backup", "store"), assets=("account", "store"),
        source=f"{_LEARN}/iot-hub/iot-hub-ha-dr", missing=_resident,
    ),
    Guard(
        id="hub-in-region",
        title="the hub lies in the zone's region",
        facets=("store", "logs"), assets=("account", "store"),
        source=f"{_LEARN}/iot-hub/iot-hub-ha-dr", missing=_here(HUB),
    ),
    Guard(
        id="workspace-in-region",
        title="the workspace lies in the zone's region, where its serverless compute runs",
        facets=("process", "model", "store"), assets=("training", "model"),
        source=f"{_LEARN}/machine-learning/concept-workspace", missing=_here(WORKSPACE),
    ),
    Guard(
        id="workspace-hbi",
        title="the workspace is marked as sensitive, so that less is reported of it",
        facets=("logs",), assets=("training", "account"),
        source=f"{_LEARN}/machine-learning/concept-data-encryption", missing=_diagnostics,
    ),
    Guard(
        id="training-in-region",
        title="training runs in the zone's workspace, on its store and registry",
        facets=("process", "store", "model"), assets=("training",),
        source=f"{_LEARN}/machine-learning/how-to-use-serverless-compute", missing=_training,
    ),
    *walls.GUARDS,
    *strangers.GUARDS,
)  # fmt: skip

UNGUARDED = {
    **UNSETTABLE,
    "stage": "the service of a flow that names an image is proved to run in the region, but not "
    "one that is deployed by hand",
    "key_admin": "no role of a vault knows where an administrator sits",
    "support": "no setting of a subscription says where its support sits",
    "control_plane": "the directory and Resource Manager are global services of the partition",
}


def endpoints(region: str) -> tuple[str, ...]:
    """The hosts by which a device reaches the store and the hub; Azure names no region in them."""
    del region
    return ("*.blob.core.windows.net", "*.azure-devices.net", "login.microsoftonline.com")
