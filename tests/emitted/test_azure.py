"""What the emitted program for Azure would create, against what a slice of the plan asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from emitted.found import of, one
from emitted.slices import job, moved, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.emit.stacks import emit_cloud
from hybridspec.target.api import Unsupported
from hybridspec.target.registry import targets

HOMES = {"eu-plants": "germanywestcentral", "us-plants": "eastus"}
KNOWN = {"westeurope", "westus", *HOMES.values()}
ASKED = moved(
    part(
        zone(device_classes=("gateway", "server"), training=(job("fault"),),
             stores=(("watch/history", 7), ("watch/archive", None))),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=(),
             retention_days=None, training=()),
    ),
    "azure",
)  # fmt: skip
ROLES = {
    "channel": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "pull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "secrets": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "store": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "wrap": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("azure") / "stack")
    return evaluate(folder, project=ASKED.spec)


def native(kind: str) -> str:
    return f"azure-native:{kind}"


def account(found: Evaluation) -> dict[str, Any]:
    """The storage account of the zone in Germany."""
    (made,) = (r for r in of(found, native("storage:StorageAccount"))
               if r.regions == ("germanywestcentral",))  # fmt: skip
    assert made.protect
    return dict(made.inputs)


def test_every_resource_lies_in_the_region_of_its_zone(found: Evaluation) -> None:
    custom = [r for r in found.resources if r.custom]
    assert len(custom) >= 40
    for resource in custom:
        (region,) = resource.regions
        zones = {r.name for r in found.resources if resource.parent == r.urn}
        for name, home in HOMES.items():
            if resource.name.startswith(name) or any(z.startswith(name) for z in zones):
                assert region == home, resource
    assert outside_plan(found, HOMES.values(), KNOWN) == ()


def test_the_key_rotates_and_is_slow_to_delete(found: Evaluation) -> None:
    key = one(found, native("keyvault:Key"), "eu-plants")
    assert key.protect
    properties = key.inputs["properties"]
    assert properties["kty"] == "RSA-HSM"
    assert set(properties["keyOps"]) == {"wrapKey", "unwrapKey"}
    (action,) = properties["rotationPolicy"]["lifetimeActions"]
    assert action == {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}}
    for vault in of(found, native("keyvault:Vault")):
        said = vault.inputs["properties"]
        assert said["enableRbacAuthorization"]
        assert said["enablePurgeProtection"]
        assert said["softDeleteRetentionInDays"] == 90
        assert "accessPolicies" not in said


def test_the_store_is_private_under_the_key_and_in_one_region(found: Evaluation) -> None:
    made = account(found)
    assert made["sku"] == {"name": "Standard_LRS"}
    assert made["minimumTlsVersion"] == "TLS1_2"
    assert made["enableHttpsTrafficOnly"]
    assert not any(made[key] for key in ("allowBlobPublicAccess", "allowSharedKeyAccess",
                                         "allowCrossTenantReplication"))  # fmt: skip
    encryption = made["encryption"]
    assert encryption["keySource"] == "Microsoft.Keyvault"
    assert encryption["keyVaultProperties"]["keyName"] == "zone"
    assert "keyVersion" not in encryption["keyVaultProperties"]
    for container in of(found, native("storage:BlobContainer")):
        assert container.inputs["publicAccess"] == "None"
    versions = one(found, native("storage:BlobServiceProperties"), "eu-plants").inputs
    assert versions["isVersioningEnabled"] is True
    assert versions["deleteRetentionPolicy"] == {"enabled": False}


def test_the_lifecycle_ends_blobs_versions_and_snapshots_in_time(found: Evaluation) -> None:
    (policy,) = of(found, native("storage:ManagementPolicy"))  # the other zone keeps for ever
    ends: dict[str, int] = {}
    for rule in policy.inputs["policy"]["rules"]:
        assert rule["enabled"]
        assert rule["name"].isalnum()
        (prefix,) = rule["definition"]["filters"]["prefixMatch"]
        actions = rule["definition"]["actions"]
        days = actions["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]
        assert (
            actions["version"]
            == actions["snapshot"]
            == {"delete": {"daysAfterCreationGreaterThan": days}}
        )
        ends[prefix] = days + 3
    assert ends == {"data/": 30, "data/watch/history/": 7}


def test_registries_are_under_the_key_and_hold_each_model(found: Evaluation) -> None:
    for images in of(found, native("containerregistry:Registry")):
        assert images.inputs["sku"] == {"name": "Premium"}
        assert images.inputs["encryption"]["status"] == "enabled"
        assert not images.inputs["adminUserEnabled"]
        assert not images.inputs["anonymousPullEnabled"]
    for workspace in of(found, native("machinelearningservices:Workspace")):
        assert workspace.inputs["encryption"]["status"] == "Enabled"
        assert "/keys/" in workspace.inputs["encryption"]["keyVaultProperties"]["keyIdentifier"]
        assert workspace.inputs["hbiWorkspace"]
        assert workspace.inputs["systemDatastoresAuthMode"] == "Identity"
    models = of(found, native("machinelearningservices:ModelContainer"))
    assert {m.inputs["properties"]["description"] for m in models} == {"Versions of fault"}
    assert len(models) == 2


def test_identities_have_one_narrow_role_each(found: Evaluation) -> None:
    grants = of(found, native("authorization:RoleAssignment"))
    assert len(grants) == 2 * len(ROLES)
    for grant in grants:
        name = grant.name.rpartition("-")[2]
        assert grant.inputs["roleDefinitionId"].endswith(f"/roleDefinitions/{ROLES[name]}")
        assert "/providers/" in grant.inputs["scope"]  # no group, no subscription
    channel = one(found, native("authorization:RoleAssignment"), "eu-plants-channel").inputs
    assert channel["scope"].endswith("-ota")


def test_the_hub_takes_certificates_alone_and_is_not_copied(found: Evaluation) -> None:
    for hub in of(found, native("iothub:IotHubResource")):
        said = hub.inputs["properties"]
        assert said["enableDataResidency"]
        assert said["disableLocalAuth"]
        assert said["disableDeviceSAS"]
        assert said["minTlsVersion"] == "1.2"
    readers = of(found, native("iothub:IotHubResourceEventHubConsumerGroup"))
    assert sorted(r.inputs["name"] for r in readers) == ["gateway", "gateway", "server"]


def test_training_works_inside_the_zone(found: Evaluation) -> None:
    schedule = one(found, native("machinelearningservices:Schedule")).inputs["properties"]
    assert schedule["trigger"]["frequency"] == "Day"
    assert schedule["trigger"]["interval"] == 30
    made = schedule["action"]["jobDefinition"]
    assert made["resources"]["instanceType"] == "Standard_d4s_v3"
    assert made["limits"]["timeout"] == "PT7200S"
    assert made["command"] == "train --data ${{inputs.data}} --model ${{outputs.model}}"
    assert made["inputs"]["data"]["uri"].endswith(".blob.core.windows.net/data/")


def test_the_subscription_is_fixed_and_outputs_name_what_an_operator_needs(
    found: Evaluation,
) -> None:
    providers = of(found, "pulumi:providers:azure-native")
    assert {p.inputs["subscriptionId"] for p in providers} == {"own-1"}
    assert {name for name in found.outputs if name.startswith("eu-plants:")} == {
        f"eu-plants:{x}" for x in ("account", "key", "registry", "hub", "channel-identity")
    }


def test_what_azure_cannot_express_is_said() -> None:
    stores = tuple((f"watch/s{n}", 10 + n) for n in range(100))
    asked = moved(
        part(
            zone(retention_days=3, stores=(), training=(job("fault", hours=91 * 24),)),
            zone("many", stores=stores, device_classes=tuple(f"c{n}" for n in range(20))),
        ),
        "azure",
    )
    _, refused = emit_cloud(targets()["azure"], asked)
    said = {refusal.what.split(",")[0].split("`")[0] for refusal in refused}
    assert len(said) == 4
    assert {promised(refused, "100 prefixes"), promised(refused, "3 days late")} == {True}
    assert {promised(refused, "longer than"), promised(refused, "groups of readers")} == {False}


def promised(refused: tuple[Unsupported, ...], text: str) -> bool:
    """Whether the one refusal that says so stops the build."""
    (only,) = (refusal for refusal in refused if text in refusal.what)
    return only.promised


MUTATIONS = {
    "group.py": [("location=args.region,\n            tags=args.tags,\n            opts=pulumi.Re"
                  "sourceOptions(parent=self, protect=True)", "location='westeurope',\n         "
                  "   tags=args.tags,\n            opts=pulumi.ResourceOptions(parent=self)")],
    "data.py": [("STANDARD_LRS", "STANDARD_GRS")],
    "devices.py": [("enable_data_residency=True,\n", "")],
    "keys.py": [("vault_name=vault.name", "vault_name='elsewhere'")],
    "registry.py": [("            tags=args.tags,\n            opts=pulumi.ResourceOptions(parent=s"
                     "elf, depends_on=[args.granted]),", "            opts=pulumi.ResourceOptions("
                     "depends_on=[args.granted]),")],
}  # fmt: skip


def test_mutants_of_the_program_are_caught(tmp_path: Path) -> None:
    folder = written(moved(part(), "azure"), tmp_path / "stack")
    for file, changes in MUTATIONS.items():
        text = (folder / file).read_text()
        for old, new in changes:
            assert text.count(old) == 1, (file, old)
            text = text.replace(old, new)
        (folder / file).write_text(text)
    found = evaluate(folder, project="watch")
    caught = {r.type.rpartition(":")[2]: why
              for r, why in outside_plan(found, {HOMES["eu-plants"]}, KNOWN)}  # fmt: skip
    assert "westeurope" in caught["ResourceGroup"]
    assert "pairs with it" in caught["StorageAccount"]
    assert "pairs with it" in caught["BlobContainer"]
    assert "pairs with it" in caught["IotHubResource"]
    assert caught["Key"] == caught["Registry"] == "it has no fixed region"
    assert "Vault" not in caught
