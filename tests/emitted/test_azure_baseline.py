"""The provider's published baseline as a table over what the program for Azure would create.

Ids are those of Azure Policy's built-in definitions, most of them of the Microsoft cloud security
benchmark; the sentences are ours. What is about services that nothing emitted uses is not listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from emitted.found import of
from emitted.slices import moved, part, service, written, zone
from emitted.test_azure import early, native

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.target.proof import at

ASKED = moved(
    part(zone(training=(early("fault"),), services=(service(),),
              offered=("containerapps", "logic"), log_days=30)),
    "azure",
)  # fmt: skip
ACCOUNT, VAULT, KEY = (native(k) for k in ("storage:StorageAccount", "keyvault:Vault",
                                           "keyvault:Key"))  # fmt: skip
REGISTRY, HUB = native("containerregistry:Registry"), native("iothub:IotHubResource")
WORKSPACE = native("machinelearningservices:Workspace")
ENVIRONMENT, APP = native("app:ManagedEnvironment"), native("app:ContainerApp")
LOGS, PLAN = native("monitor:DiagnosticSetting"), native("security:Pricing")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("azure") / "stack")
    return evaluate(folder, project=ASKED.spec)


@dataclass(frozen=True)
class Control:
    """What has to hold of every resource of a type; the waived lack it, with a reason."""

    id: str
    says: str
    kind: str
    holds: Callable[[Mapping[str, Any]], bool]
    waived: tuple[str, ...] = ()
    reason: str = ""


def said(*path: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
    """An input has a value."""
    return lambda inputs: bool(at(inputs, *path) == value)


def properties(*path: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
    """A property has a value."""
    return said("properties", *path, value=value)


OPEN = "devices come over the Internet: a role is asked for, and no key of the resource opens it"
PUSHED = "images are pushed over the Internet, by who has the role; private names are global"
CODE = "watcheup2d9e9a"
CONTROLS = (
    Control("404c3081-a854-4457-ae30-26a93ef643f9", "accounts are reached over TLS", ACCOUNT,
            said("enableHttpsTrafficOnly", value=True)),
    Control("fe83a0eb-a853-422d-aac2-1bffd182c5d0", "accounts ask for TLS 1.2", ACCOUNT,
            said("minimumTlsVersion", value="TLS1_2")),
    Control("4fa4b6c0-31ca-4c0d-b10d-24b96f62a751", "accounts have nothing public", ACCOUNT,
            said("allowBlobPublicAccess", value=False)),
    Control("8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54", "accounts have no shared key", ACCOUNT,
            said("allowSharedKeyAccess", value=False)),
    Control("6fac406b-40ca-413b-bf8e-0bf964659c25", "accounts are under a customer key", ACCOUNT,
            said("encryption", "keySource", value="Microsoft.Keyvault")),
    Control("4733ea7b-a883-42fe-8cac-97454c2a9e4a", "accounts are encrypted twice", ACCOUNT,
            said("encryption", "requireInfrastructureEncryption", value=True)),
    Control("92a89a79-6c52-4a7e-a03f-61306fc49312", "accounts copy to no tenant", ACCOUNT,
            said("allowCrossTenantReplication", value=False)),
    Control("34c877ad-507e-4c82-993e-3452a6e0ad3c", "accounts restrict networks", ACCOUNT,
            said("networkRuleSet", "defaultAction", value="Deny"), (CODE, f"{CODE}o"), OPEN),
    Control("0b60c0b2-2dc2-4e1c-b5c9-abbed971de53", "vaults cannot be purged", VAULT,
            properties("enablePurgeProtection", value=True)),
    Control("1e66c121-a66a-4b1f-9b83-0fd99bf0fc2d", "vaults bring back what is deleted", VAULT,
            properties("enableSoftDelete", value=True)),
    Control("12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5", "vaults know roles alone", VAULT,
            properties("enableRbacAuthorization", value=True)),
    Control("55615ac9-af46-4a59-874e-391cc3dfb490", "vaults have a firewall", VAULT,
            properties("networkAcls", "defaultAction", value="Deny"), (CODE,),
            "a registry takes its key past no firewall; a role is asked of everybody"),
    Control("587c79fe-dd04-4a5e-9d0b-f89598c7261b", "keys are in hardware", KEY,
            properties("kty", value="RSA-HSM")),
    Control("152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0", "keys expire", KEY,
            properties("rotationPolicy", "attributes", "expiryTime", value="P2Y")),
    Control("d8cf8476-a2ec-4916-896e-992351803c44", "keys rotate", KEY,
            lambda inputs: any(
                at(one, "action", "type") == "rotate"
                for one in at(inputs, "properties", "rotationPolicy", "lifetimeActions"))),
    Control("5b9159ae-1701-4a6f-9a7a-aa9c8ddd0580", "registries are under a customer key",
            REGISTRY, said("encryption", "status", value="enabled")),
    Control("dc921057-6b28-4fbe-9b83-f7bec05db6c2", "registries have no administrator", REGISTRY,
            said("adminUserEnabled", value=False)),
    Control("9f2dea28-e834-476c-99c5-3507b4728395", "registries know who pulls", REGISTRY,
            said("anonymousPullEnabled", value=False)),
    Control("d0793b48-0edc-4296-a390-4c75d1bdfd71", "registries restrict networks", REGISTRY,
            said("networkRuleSet", "defaultAction", value="Deny"), (CODE,), PUSHED),
    Control("ba769a63-b8cc-4b2d-abf6-ac33c7204be8", "workspaces are under a customer key",
            WORKSPACE, said("encryption", "status", value="Enabled")),
    Control("5f0c7d88-c7de-45b8-ac49-db49e72eaa78", "workspaces act as an identity of ours",
            WORKSPACE, said("identity", "type", value="UserAssigned")),
    Control("438c38d2-3772-465a-a9cc-7a6666a275ce", "workspaces have no public address",
            WORKSPACE, said("publicNetworkAccess", value="Disabled"), (CODE,),
            "who works with it comes over the Internet with a role; jobs in it reach nothing"),
    Control("672d56b3-23a7-4a3c-a233-b77ed7777518", "hubs have no keys of their own", HUB,
            properties("disableLocalAuth", value=True)),
    Control("2d6830fb-07eb-48e7-8c4d-2a442b35f0fb", "hubs have no public address", HUB,
            properties("publicNetworkAccess", value="Disabled"), (CODE,), OPEN),
    Control("0e80e269-43a4-4ae9-b5bc-178126b8a5cb", "services are reached over TLS", APP,
            said("configuration", "ingress", "allowInsecure", value=False)),
    Control("b874ab2d-72dd-47f1-8cb5-4a306478a4e7", "services act as an identity", APP,
            said("identity", "type", value="UserAssigned")),
    Control("783ea2a8-b8fd-46be-896a-9ae79643a0b1", "services are internal", APP,
            said("configuration", "ingress", "external", value=False), ("eu-plants--watch",),
            "their environment has no public address: this opens them to its network alone"),
    Control("d074ddf8-01a5-4b5e-a2b8-964aed452c0a", "environments have no public address",
            ENVIRONMENT, said("publicNetworkAccess", value="Disabled")),
    Control("8b346db6-85af-419b-8557-92cee2c0f9bb", "environments lie in a network of ours",
            ENVIRONMENT, said("vnetConfiguration", "internal", value=True)),
    Control("e71308d3-144b-4262-b144-efdc3cc90517", "subnets have walls",
            native("network:VirtualNetwork"),
            lambda inputs: all("networkSecurityGroup" in net for net in inputs["subnets"])),
)  # fmt: skip
LOGGED = {
    "cf820ca0-f99e-4f3e-84fb-66e913812d21": VAULT,
    "383856f8-de7f-44a2-81fc-e5135b5c2aa4": HUB,
    "afe0c3be-ba3b-4544-ba52-0c99672a8ad6": WORKSPACE,
}
"""Definitions that ask for the logs of a type."""
WATCHED = {
    "0e6763cc-5078-4e64-889d-ff4d9a839047": "KeyVaults",
    "640d2586-54d2-465f-877f-9ffc1d2109f4": "StorageAccounts",
}
"""Definitions that ask for a plan of Defender; that for containers is waived: it opens images, and
nobody states where."""


@pytest.mark.parametrize("control", CONTROLS, ids=[c.id for c in CONTROLS])
def test_the_baseline_holds(control: Control, found: Evaluation) -> None:
    made = of(found, control.kind)
    assert made
    lacking = {one.name for one in made if not control.holds(one.inputs)}
    assert lacking == set(control.waived), control.says
    assert bool(control.reason) == bool(control.waived)


@pytest.mark.parametrize(("control", "kind"), LOGGED.items(), ids=list(LOGGED))
def test_the_logs_that_it_asks_for_are_kept(control: str, kind: str, found: Evaluation) -> None:
    kept = {setting.inputs["resourceUri"] for setting in of(found, LOGS)}
    assert {made.outputs["id"] for made in of(found, kind)} <= kept, control


@pytest.mark.parametrize(("control", "plan"), WATCHED.items(), ids=list(WATCHED))
def test_defender_watches(control: str, plan: str, found: Evaluation) -> None:
    (made,) = (p for p in of(found, PLAN) if p.inputs["pricingName"] == plan)
    assert made.inputs["pricingTier"] == "Standard", control


def test_no_control_is_listed_twice_and_few_are_waived() -> None:
    names = [*(c.id for c in CONTROLS), *LOGGED, *WATCHED]
    assert len(set(names)) == len(names)
    assert len([c for c in CONTROLS if c.waived]) == 6
