"""Who may do what in a zone on Azure, what is let in, and where anything is sent: nobody else."""

from __future__ import annotations

import re
from typing import Any

from hybridspec.target.allowed import texts, unknown
from hybridspec.target.api import Emission, Guard, Made
from hybridspec.target.proof import at, each, first, listed, outputs

from .allowed import ALLOWED

_NATIVE = "azure-native:"
IDENTITY = f"{_NATIVE}managedidentity:UserAssignedIdentity"
GROUP = f"{_NATIVE}resources:ResourceGroup"
GRANT = f"{_NATIVE}authorization:RoleAssignment"
ROLE = f"{_NATIVE}authorization:RoleDefinition"
VAULT = f"{_NATIVE}keyvault:Vault"
KEY = f"{_NATIVE}keyvault:Key"
ACCOUNT = f"{_NATIVE}storage:StorageAccount"
WALLS = f"{_NATIVE}network:NetworkSecurityGroup"
BUDGET = f"{_NATIVE}consumption:Budget"
_ACTS = frozenset((
    "Microsoft.KeyVault/vaults/read",
    "Microsoft.MachineLearningServices/workspaces/environments/readSecrets/action",
    "Microsoft.MachineLearningServices/workspaces/environments/versions/read",
    "Microsoft.MachineLearningServices/workspaces/experiments/read",
    "Microsoft.MachineLearningServices/workspaces/jobs/read",
    "Microsoft.MachineLearningServices/workspaces/jobs/write",
    "Microsoft.MachineLearningServices/workspaces/metadata/artifacts/write",
    "Microsoft.MachineLearningServices/workspaces/read",
))  # fmt: skip
_DATA_ACTS = frozenset(
    f"Microsoft.KeyVault/vaults/{act}" for act in (
        "keys/backup/action", "keys/create/action", "keys/read", "keys/rotate/action",
        "keys/update/action", "keyrotationpolicies/read", "keyrotationpolicies/write")
)  # fmt: skip
"""What roles of a zone's own may allow: nothing by which its holder gives himself more."""
_BUILT_IN = "/providers/Microsoft.Authorization/roleDefinitions/"
_MANAGED = ("management.azure.com", "schema.management.azure.com", "storage.azure.com")
_ASKED = ("AzureActiveDirectory", "AzureContainerRegistry", "AzureFrontDoor.FirstParty",
          "AzureMonitor", "MicrosoftContainerRegistry", "Storage")  # fmt: skip
"""Service tags that an environment of containers needs; no address of anybody is one."""
_PREFIX = {"Inbound": "sourceAddressPrefix", "Outbound": "destinationAddressPrefix"}
_PATH = re.compile(r"(?<![\w.])/?(subscriptions/[^\s\"'?@{}]+)", re.I)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(r"\b(?:https?|wss?|amqps?|sb)://([^/\s\"'?#]+)")


def _known(part: Emission) -> str:
    """Every resource is of a type, and has the arguments, that this target emits."""
    return unknown(part, ALLOWED)


def _granted(part: Emission) -> str:
    """Roles are given to identities that the zone made, each on one of its own resources."""
    people = outputs(part, IDENTITY, "principalId")
    things = {made.outputs.get("id") for made in part.resources if made.type != GROUP}
    groups, own = outputs(part, GROUP, "id"), outputs(part, ROLE, "id")

    def given(made: Made) -> str:
        whom, role = made.inputs.get("principalId"), str(made.inputs.get("roleDefinitionId"))
        if whom not in people or made.inputs.get("principalType") != "ServicePrincipal":
            return f"gives a role to `{whom}`"
        if made.inputs.get("scope") not in things | part.adopted:
            return "holds for what is not the zone's"
        builtin = role.partition(_BUILT_IN)[0] in _subscriptions(part)
        return "" if role in own or builtin else "is of a role of others"

    def narrow(made: Made) -> str:
        said = listed(made.inputs.get("permissions"))
        more = {str(act) for one in said for act in listed(at(one, "actions"))} - _ACTS
        more |= {str(act) for one in said for act in listed(at(one, "dataActions"))} - _DATA_ACTS
        if more:
            return f"allows `{min(more)}`"
        mine = set(listed(made.inputs.get("assignableScopes"))) <= groups
        return "" if mine else "may be given to others"

    return first(each(part, GRANT, given, least=0), each(part, ROLE, narrow, least=0))


def _subscriptions(part: Emission) -> set[str]:
    """The zone's own subscription, as identifiers begin."""
    return {"/".join(name.split("/")[:3]) for name in outputs(part, GROUP, "id") | part.adopted}


def _let_in(part: Emission) -> str:
    """No wall of an account, a vault or a network has a door for the Internet.

    The vault of the zone's key has no wall, for the registry could not take its key past one.
    """
    keyed = {str(key.inputs.get("vaultName")) for key in part.of(KEY)}

    def vault(made: Made) -> str:
        said = made.inputs.get("properties")
        if at(said, "enableRbacAuthorization") is not True:
            return "asks for no role"
        tenants = outputs(part, IDENTITY, "tenantId")
        if at(said, "tenantId") not in tenants:
            return "asks the directory of others"
        shut = at(said, "networkAcls", "defaultAction") == "Deny"
        return "" if shut or made.outputs.get("name") in keyed else "lets the Internet in"

    def account(made: Made) -> str:
        walls = made.inputs.get("networkRuleSet")
        inside = walls is None or at(walls, "defaultAction") == "Deny"
        return "" if inside else "lets the Internet in"

    def walled(made: Made) -> str:
        rules = listed(made.inputs.get("securityRules"))
        shut = {
            (at(rule, "direction"), at(rule, _PREFIX[str(at(rule, "direction"))]))
            for rule in rules
            if at(rule, "access") == "Deny" and at(rule, "protocol") == "*"
        }
        if not {("Inbound", "Internet"), ("Outbound", "Internet")} <= shut:
            return "leads to the Internet"
        opened = [rule for rule in rules if at(rule, "access") != "Deny" and not _door(rule)]
        return f"has a door: `{at(opened[0], 'name')}`" if opened else ""

    return first(
        each(part, VAULT, vault, least=0),
        each(part, ACCOUNT, account, least=0),
        each(part, WALLS, walled, least=0),
    )


def _door(rule: Any) -> bool:
    """Whether a rule lets out what an environment of containers itself asks of Azure."""
    return bool(
        at(rule, "direction") == "Outbound"
        and at(rule, "destinationPortRange") == "443"
        and at(rule, "destinationAddressPrefix") in _ASKED
    )


def _told(part: Emission) -> str:
    """Costs are told to the spec's own contact and to owners of the subscription."""

    def fault(made: Made) -> str:
        notes = at(made.inputs, "notifications") or {}
        mails = {mail for one in notes.values() for mail in listed(at(one, "contactEmails"))}
        roles = {role for one in notes.values() for role in listed(at(one, "contactRoles"))}
        others = sorted(map(str, (mails - part.told) | (roles - {"Owner"})))
        return f"tells {others[0]}" if others else ""

    return each(part, BUDGET, fault, least=0)


def _named(part: Emission) -> str:
    """No text names a resource, a host or somebody that is not the zone's."""
    own = {str(made.outputs.get("id")) for made in part.resources} | part.adopted
    groups, roots = outputs(part, GROUP, "id"), _subscriptions(part)
    above = {"/".join(name.split("/")[:9]) for name in part.adopted}
    hosts = {*_MANAGED, *outputs(part, f"{_NATIVE}containerregistry:Registry", "loginServer")}
    for kind, ending in ((ACCOUNT, "blob.core.windows.net"), (VAULT, "vault.azure.net")):
        hosts |= {f"{name}.{ending}" for made in part.of(kind)
                  for name in (made.outputs.get("name"), made.inputs.get("accountName"),
                               made.inputs.get("vaultName")) if name}  # fmt: skip

    def mine(path: str) -> bool:
        if path in own | roots | groups | above:
            return True
        if path.partition(_BUILT_IN)[0] in roots and _BUILT_IN in path:
            return True
        return any(path.startswith(f"{one}/") for one in own - groups)

    for made in part.resources:
        for text in texts(made.inputs):
            foreign = (
                *(path for found in _PATH.findall(text) if not mine(path := f"/{found}")),
                *(name for name in _EMAIL.findall(text) if name not in part.told),
                *(name for name in _HOST.findall(text) if name not in hosts),
            )
            if foreign:
                return f"`{made.name}` names `{foreign[0]}`"
    return ""


def _strangers(part: Emission) -> str:
    return first(_granted(part), _let_in(part), _told(part), _named(part))


_LEARN = "https://learn.microsoft.com/en-us/azure"
_ALL = ("store", "model", "training", "account")
GUARDS = (
    Guard(
        id="known-resources",
        title="every resource is of a type, and has the arguments, that were looked at; whatever "
        "else a program holds is refused",
        facets=("store", "model"), assets=_ALL,
        source=f"{_LEARN}/azure-resource-manager/management/overview", missing=_known,
    ),
    Guard(
        id="no-strangers",
        title="roles are given to identities of the zone on its own resources, costs are told to "
        "the spec's own contact, and nothing names another's resource, host or person",
        facets=("store", "model"), assets=_ALL,
        source=f"{_LEARN}/role-based-access-control/best-practices", missing=_strangers,
    ),
)  # fmt: skip
