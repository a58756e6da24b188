"""Services, drift and what is there already, in what the program for Azure would create."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from emitted.found import of, one
from emitted.mutants import judged, mutant, mutated
from emitted.slices import moved, part, service, written, zone
from emitted.test_azure import PULL, accounts, early, native
from emitted.test_source import assert_clean

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import Existing
from hybridspec.target.registry import targets

GROUP = "/subscriptions/own-1/resourceGroups/acme/providers"
KEY = f"{GROUP}/Microsoft.KeyVault/vaults/acme-keys/keys/plants"
SERVING = moved(
    part(
        zone(
            training=(early("fault"),), offered=("containerapps", "logic"),
            services=(service(), service("other", image="serve/other:1",
                                         machine="standard-d4s-v3", least=2, most=2)),
            existing=Existing(
                key=KEY, bucket=f"{GROUP}/Microsoft.Storage/storageAccounts/acmeplants",
                registry=f"{GROUP}/Microsoft.ContainerRegistry/registries/acmeimages",
                origin="hybridspec.yaml:7"),
        )
    ),
    "azure",
)  # fmt: skip


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """One zone that computes in its region and is told of drift, and has a key already."""
    folder = written(SERVING, tmp_path_factory.mktemp("serving") / "stack")
    return evaluate(folder, project=SERVING.spec)


def within(small: Any, large: Any) -> bool:
    """Whether one says no other than another that may say more, as an SDK's defaults do."""
    if isinstance(small, dict):
        return small.keys() <= large.keys() and all(within(v, large[k]) for k, v in small.items())
    return bool(small == large)


def test_one_zone_of_a_subscription_keeps_its_activity_log(serving: Evaluation) -> None:
    kept = one(serving, native("monitor:SubscriptionDiagnosticSetting")).inputs
    assert kept["storageAccountId"] == accounts(serving)["l"].outputs["id"]
    assert {c["category"] for c in kept["logs"]} >= {"Administrative", "Policy", "Security"}


def test_the_program_is_clean(tmp_path: Path) -> None:
    assert_clean(written(SERVING, tmp_path / "stack"))


def test_services_run_in_a_network_of_the_zone_and_scale(serving: Evaluation) -> None:
    environment = one(serving, native("app:ManagedEnvironment")).inputs
    assert environment["vnetConfiguration"]["internal"] is True
    assert environment["publicNetworkAccess"] == "Disabled"
    assert environment["peerTrafficConfiguration"] == {"encryption": {"enabled": True}}
    assert [w["name"] for w in environment["workloadProfiles"]] == ["Consumption", "D4"]
    (subnet,) = one(serving, native("network:VirtualNetwork")).inputs["subnets"]
    assert subnet["delegations"][0]["serviceName"] == "Microsoft.App/environments"
    rules = one(serving, native("network:NetworkSecurityGroup")).inputs["securityRules"]
    shut = [(r["direction"], r["sourceAddressPrefix"], r["destinationAddressPrefix"])
            for r in rules if r["access"] == "Deny"]  # fmt: skip
    assert shut == [("Inbound", "Internet", "*"), ("Outbound", "*", "Internet")]
    doors = [r for r in rules if r["access"] == "Allow"]
    assert {(r["direction"], r["destinationPortRange"]) for r in doors} == {("Outbound", "443")}
    assert all(r["priority"] < 4000 for r in doors)
    shared, own = of(serving, native("app:ContainerApp"))[::-1]
    assert shared.inputs["workloadProfileName"] == "Consumption"
    assert own.inputs["workloadProfileName"] == "D4"
    for made in (shared, own):
        ingress = made.inputs["configuration"]["ingress"]
        assert ingress["allowInsecure"] is False
        (box,) = made.inputs["template"]["containers"]
        assert box["image"].startswith("acmeimages.azurecr.io/serve/")
    assert shared.inputs["template"]["scale"]["maxReplicas"] == 4
    assert shared.inputs["template"]["scale"]["minReplicas"] == 0
    (box,) = shared.inputs["template"]["containers"]
    assert box["resources"] == {"cpu": 1, "memory": "2Gi"}
    pulls = [r for r in of(serving, native("authorization:RoleAssignment"))
             if "serve-" in r.inputs["principalId"]]  # fmt: skip
    assert [r.inputs["roleDefinitionId"].rpartition("/")[2] for r in pulls] == [PULL, PULL]


def test_drift_starts_the_same_job_as_the_schedule(serving: Evaluation) -> None:
    hub = one(serving, native("iothub:IotHubResource")).inputs
    (route,) = hub["properties"]["routing"]["routes"]
    assert route["condition"] == "drift = 'fault'"
    (into,) = hub["properties"]["routing"]["endpoints"]["storageContainers"]
    assert into["authenticationType"] == "identityBased"
    assert "connectionString" not in into
    assert into["fileNameFormat"].startswith("fault/{iothub}/")
    definition = one(serving, native("logic:Workflow")).inputs["definition"]
    started = definition["actions"]["start"]["inputs"]
    job = one(serving, native("machinelearningservices:Schedule")).inputs["properties"]["action"][
        "jobDefinition"]  # fmt: skip
    assert within(started["body"]["properties"], job)
    assert job["queueSettings"] == {"jobTier": "Spot"}
    assert definition["triggers"]["said"]["inputs"]["uri"].endswith("&prefix=fault/")
    assert started["uri"].startswith("https://management.azure.com/subscriptions/")
    assert "@{workflow()['run']['name']}" in started["uri"]


def test_what_is_there_already_is_adopted_and_never_deleted(serving: Evaluation) -> None:
    assert SERVING.zones[0].existing.key == KEY
    vault = next(r for r in of(serving, native("keyvault:Vault")) if r.name == "watcheup2d9e9a")
    key = one(serving, native("keyvault:Key"))
    assert vault.inputs["vaultName"] == key.inputs["vaultName"] == "acme-keys"
    assert vault.inputs["resourceGroupName"] == key.inputs["resourceGroupName"] == "acme"
    assert key.inputs["keyName"] == "plants"
    assert accounts(serving)[""].inputs["accountName"] == "acmeplants"
    assert one(serving, native("containerregistry:Registry")).inputs["registryName"] == "acmeimages"
    for made in (vault, key, accounts(serving)[""]):
        assert made.protect
    for made in accounts(serving).values():
        said = made.inputs["encryption"]["keyVaultProperties"]
        assert said == {"keyName": "plants", "keyVaultUri": "https://acme-keys.vault.azure.net"}
    assert judged(SERVING, serving) == (set(), [])


def test_a_service_with_a_foreign_start_is_seen(serving: Evaluation) -> None:
    fault = mutant("app:ContainerApp", '"containers"',
                   '"initContainers": [{"image": "docker.io/x"}], "containers"')  # fmt: skip
    assert "services-private" in mutated(SERVING, serving, fault)[0]


@pytest.mark.parametrize("what", ["bucket", "key", "registry"])
def test_what_lies_in_another_subscription_is_not_adopted(what: str) -> None:
    there = SERVING.zones[0].existing
    other = replace(there, **{what: getattr(there, what).replace("own-1", "other-1")})
    part = replace(SERVING, zones=(replace(SERVING.zones[0], existing=other),))
    _, said = emit_cloud(targets()["azure"], part)
    (why,) = [one.what for one in said if one.promised]
    assert "lies in subscription other-1" in why
