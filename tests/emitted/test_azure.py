"""What the emitted program for Azure would create, against what a slice of the plan asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from emitted.found import of, one
from emitted.slices import job, moved, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, Resource, evaluate
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import Existing, TrainingJob
from hybridspec.target.api import Unsupported
from hybridspec.target.registry import targets

HOMES = {"eu-plants": "germanywestcentral", "us-plants": "eastus"}
KNOWN = {"westeurope", "westus", *HOMES.values()}
ASKED = moved(
    part(
        zone(device_classes=("gateway", "server"), training=(job("fault"),),
             stores=(("watch/history", 7), ("watch/archive", None)), log_days=14),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=(),
             retention_days=None, training=()),
        budget=25_000_000, contact="plant@example.org", config=(("budget-start", "2026-11"),),
    ),
    "azure",
)  # fmt: skip
READER, WRITER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
PULL, APPROVE = "7f951dda-4ed3-4680-a7ca-43fe172d538d", "b556d68e-0be0-4f35-a333-ad7ee1ce17ea"
ROLES = {
    ("channel", "channel"): (READER, "BlobContainer/eu-plants-ota"),
    ("publisher", "publisher"): (WRITER, "BlobContainer/eu-plants-ota"),
    ("encryption", "wrap"): ("e147488a-f6f5-4113-8e2d-b22465e65bf6", "Key/eu-plants-key"),
    ("training", "image"): (PULL, "Registry/watcheup2d9e9a"),
    ("training", "learn"): (READER, "BlobContainer/eu-plants-data"),
    ("training", "models"): (WRITER, "BlobContainer/eu-plants-models"),
    ("workspace", "secrets"): ("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "Vault/watcheup2d9e9aml"),
    ("workspace", "store"): (WRITER, "StorageAccount/watcheup2d9e9a"),
    ("workspace", "pull"): (PULL, "Registry/watcheup2d9e9a"),
    ("workspace", "secrets-endpoint"): (APPROVE, "Vault/watcheup2d9e9aml"),
    ("workspace", "store-endpoint"): (APPROVE, "StorageAccount/watcheup2d9e9a"),
    ("workspace", "images-endpoint"): (APPROVE, "Registry/watcheup2d9e9a"),
}
"""Every built-in role of the zone in Germany: who has it, what it is called, and on what."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("azure") / "stack")
    return evaluate(folder, project=ASKED.spec)


def early(model: str) -> TrainingJob:
    """A training job that drift starts before its time, on machines that may be taken back."""
    return replace(job(model), drift=True, spot=True)


def native(kind: str) -> str:
    return f"azure-native:{kind}"


def accounts(found: Evaluation) -> dict[str, Resource]:
    """The storage accounts of the zone in Germany, by the end of their name."""
    made = [r for r in of(found, native("storage:StorageAccount"))
            if r.regions == ("germanywestcentral",)]  # fmt: skip
    assert all(r.protect for r in made)
    return {r.name.removeprefix("watcheup2d9e9a"): r for r in made}


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
    rotate, notify = properties["rotationPolicy"]["lifetimeActions"]
    assert rotate == {"action": {"type": "rotate"}, "trigger": {"timeAfterCreate": "P1Y"}}
    assert notify == {"action": {"type": "notify"}, "trigger": {"timeBeforeExpiry": "P30D"}}
    keyed = {str(key.inputs["vaultName"]) for key in of(found, native("keyvault:Key"))}
    for vault in of(found, native("keyvault:Vault")):
        said = vault.inputs["properties"]
        assert said["enableRbacAuthorization"]
        assert said["enablePurgeProtection"]
        assert said["softDeleteRetentionInDays"] == 90
        assert "accessPolicies" not in said
        # A registry takes its key past no firewall: it is none of the services that one trusts.
        wall = "Allow" if vault.outputs["name"] in keyed else "Deny"
        assert said["networkAcls"] == {"bypass": "AzureServices", "defaultAction": wall}


def test_every_account_is_private_under_the_key_and_in_one_region(found: Evaluation) -> None:
    made = accounts(found)
    assert set(made) == {"", "l", "o"}  # the store, the logs, the update channel
    for said in (each.inputs for each in made.values()):
        assert said["sku"] == {"name": "Standard_LRS"}
        assert said["minimumTlsVersion"] == "TLS1_2"
        assert said["enableHttpsTrafficOnly"]
        assert not any(said[key] for key in ("allowBlobPublicAccess", "allowSharedKeyAccess",
                                             "allowCrossTenantReplication"))  # fmt: skip
        encryption = said["encryption"]
        assert encryption["keySource"] == "Microsoft.Keyvault"
        assert encryption["keyVaultProperties"]["keyName"] == "zone"
        assert "keyVersion" not in encryption["keyVaultProperties"]
        assert encryption["requireInfrastructureEncryption"]
    for container in of(found, native("storage:BlobContainer")):
        assert container.inputs["publicAccess"] == "None"
    for versions in of(found, native("storage:BlobServiceProperties")):
        assert versions.inputs["isVersioningEnabled"] is True
        assert versions.inputs["deleteRetentionPolicy"] == {"enabled": False}


def test_logs_of_everything_are_sealed_in_the_zone_and_end_in_time(found: Evaluation) -> None:
    logs = accounts(found)["l"]
    policy = logs.inputs["immutableStorageWithVersioning"]["immutabilityPolicy"]
    assert policy["immutabilityPeriodSinceCreationInDays"] == 14 - 3
    assert policy["allowProtectedAppendWrites"] is True
    ends = lifecycle(found, "eu-plants-logs")
    assert ends == {"": 14}
    settings = [r for r in of(found, native("monitor:DiagnosticSetting"))
                if r.name.startswith("eu-plants")]  # fmt: skip
    assert {r.inputs["storageAccountId"] for r in settings} == {logs.outputs["id"]}
    assert {r.name.removeprefix("eu-plants-log-") for r in settings} == {
        "vault", "store", "channel", "registry", "workspace", "secrets", "hub"}  # fmt: skip
    for setting in settings:
        assert setting.inputs["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]
        assert set(setting.inputs) == {"logs", "resourceUri", "storageAccountId"}


def lifecycle(found: Evaluation, name: str) -> dict[str, int]:
    """After how many days at most what lies below a prefix is gone."""
    ends: dict[str, int] = {}
    for rule in one(found, native("storage:ManagementPolicy"), name).inputs["policy"]["rules"]:
        assert rule["enabled"]
        assert rule["name"].isalnum()
        (prefix,) = rule["definition"]["filters"].get("prefixMatch", [""])
        actions = rule["definition"]["actions"]
        days = actions["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]
        older = {"delete": {"daysAfterCreationGreaterThan": days}}
        assert actions["version"] == actions["snapshot"] == older
        ends[prefix] = days + 3
    return ends


def test_the_lifecycle_ends_blobs_versions_and_snapshots_in_time(found: Evaluation) -> None:
    policies = {r.name for r in of(found, native("storage:ManagementPolicy"))}
    kept = {"us-plants-channel-lifecycle"}  # the other zone keeps data and logs for ever
    assert {name for name in policies if name.startswith("us-")} == kept
    assert lifecycle(found, "eu-plants-lifecycle") == {"data/": 30, "data/watch/history/": 7}
    (old,) = one(found, native("storage:ManagementPolicy"), "eu-plants-channel").inputs["policy"][
        "rules"]  # fmt: skip
    assert set(old["definition"]["actions"]) == {"snapshot", "version"}


def test_registries_are_under_the_key_and_hold_each_model(found: Evaluation) -> None:
    for images in of(found, native("containerregistry:Registry")):
        assert images.inputs["sku"] == {"name": "Premium"}
        assert images.inputs["encryption"]["status"] == "enabled"
        assert not images.inputs["adminUserEnabled"]
        assert not images.inputs["anonymousPullEnabled"]
        assert images.inputs["policies"] == {"retentionPolicy": {"days": 30, "status": "enabled"}}
    for workspace in of(found, native("machinelearningservices:Workspace")):
        assert workspace.inputs["encryption"]["status"] == "Enabled"
        assert "/keys/" in workspace.inputs["encryption"]["keyVaultProperties"]["keyIdentifier"]
        assert workspace.inputs["hbiWorkspace"]
        assert workspace.inputs["systemDatastoresAuthMode"] == "Identity"
        assert workspace.inputs["managedNetwork"]["isolationMode"] == "AllowOnlyApprovedOutbound"
    models = of(found, native("machinelearningservices:ModelContainer"))
    assert {m.inputs["properties"]["description"] for m in models} == {"Versions of fault"}
    assert len(models) == 2


def test_each_identity_has_the_roles_that_it_calls_for(found: Evaluation) -> None:
    grants = [r for r in of(found, native("authorization:RoleAssignment"))
              if r.name.startswith("eu-plants") and not r.name.endswith("key-admin")]  # fmt: skip
    said = {}
    for grant in grants:
        who = grant.inputs["principalId"].removeprefix("watch-eu-plants-").removesuffix(
            "--principal")  # fmt: skip
        role = grant.inputs["roleDefinitionId"].rpartition("/roleDefinitions/")[2]
        scope = "/".join(grant.inputs["scope"].split("/")[-2:])
        said[who, grant.name.removeprefix("eu-plants-")] = (role, scope)
        assert grant.inputs["description"]
    assert said == ROLES


def test_keys_are_administered_by_an_identity_that_cannot_use_them(found: Evaluation) -> None:
    (grant,) = (r for r in of(found, native("authorization:RoleAssignment"))
                if r.name == "eu-plants-key-admin")  # fmt: skip
    role = one(found, native("authorization:RoleDefinition"), "eu-plants-key-admin")
    assert grant.inputs["roleDefinitionId"] == role.outputs["id"]
    assert grant.inputs["scope"].endswith("/Vault/watcheup2d9e9a")
    (said,) = role.inputs["permissions"]
    assert {act.split("/", 2)[2] for act in said["dataActions"]} == {
        "keys/backup/action", "keys/create/action", "keys/read", "keys/rotate/action",
        "keys/update/action", "keyrotationpolicies/read", "keyrotationpolicies/write",
    }  # fmt: skip


def test_a_hub_refuses_its_copy_where_the_region_lets_it(tmp_path: Path) -> None:
    """Azure offers the switch in two regions; elsewhere, asking for it is no answer."""
    made = moved(part(), "azure")
    for region, resident in (("brazilsouth", True), ("germanywestcentral", False)):
        there = replace(made, zones=tuple(replace(z, region=region) for z in made.zones))
        text = (written(there, tmp_path / region) / "__main__.py").read_text()
        assert f"resident={resident}," in text


def test_the_hub_takes_certificates_alone(found: Evaluation) -> None:
    for hub in of(found, native("iothub:IotHubResource")):
        said = hub.inputs["properties"]
        assert said["enableDataResidency"] is False
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
    assert made["queueSettings"] == {"jobTier": "Standard"}
    assert made["identity"]["clientId"] == "watch-eu-plants-training--client"
    assert made["command"] == "train --data ${{inputs.data}} --model ${{outputs.model}}"
    assert made["inputs"]["data"]["uri"].endswith(".blob.core.windows.net/data/")


def test_the_subscription_is_fixed_and_outputs_name_what_an_operator_needs(
    found: Evaluation,
) -> None:
    providers = of(found, "pulumi:providers:azure-native")
    assert {p.inputs["subscriptionId"] for p in providers} == {"own-1"}
    assert {name for name in found.outputs if name.startswith("eu-plants:")} == {
        f"eu-plants:{x}" for x in ("account", "channel", "channel-identity", "hub", "key",
                                   "key-admin-identity", "logs", "publisher-identity", "registry")
    }  # fmt: skip


def test_what_holds_for_the_subscription_is_set_once(found: Evaluation) -> None:
    plans = {r.inputs["pricingName"]: r.inputs for r in of(found, native("security:Pricing"))}
    assert set(plans) == {"KeyVaults", "StorageAccounts"}
    assert {p["pricingTier"] for p in plans.values()} == {"Standard"}
    assert {e["isEnabled"] for e in plans["StorageAccounts"]["extensions"]} == {"False"}
    budget = one(found, native("consumption:Budget")).inputs
    assert budget["amount"] == 25
    assert budget["timePeriod"] == {"startDate": "2026-11-01T00:00:00Z"}
    assert budget["scope"] == "/subscriptions/00000000-0000-0000-0000-000000000000"
    assert budget["filter"]["tags"] == {"name": "hybridspec:spec", "operator": "In",
                                        "values": ["watch"]}  # fmt: skip
    for told in budget["notifications"].values():
        assert told["contactEmails"] == ["plant@example.org"]
    # Two zones share the subscription: its log would carry one zone's acts into the other.
    assert of(found, native("monitor:SubscriptionDiagnosticSetting")) == []


def test_what_azure_cannot_express_is_said() -> None:
    stores = tuple((f"watch/s{n}", 10 + n) for n in range(100))
    drifting = tuple(early(f"m{n}") for n in range(11))
    asked = moved(
        part(
            zone(retention_days=3, log_days=3, stores=(), training=(job("fault", hours=91 * 24),),
                 existing=Existing(bucket="plants-data", origin="hybridspec.yaml:7")),
            zone("many", stores=stores, device_classes=tuple(f"c{n}" for n in range(20)),
                 training=(*drifting, early("alone")), offered=("logic",)),
            zone("serves", services=(service(), service(machine="standard-nc6")), regimes=(),
                 device_classes=(), training=(early("fault"),)),
            zone("large", services=(service(memory=2**33), service(timeout=241, most=1001)),
                 offered=("containerapps",)),
        ),
        "azure",
    )  # fmt: skip
    _, refused = emit_cloud(targets()["azure"], asked)
    for text in ("100 prefixes", "object 3 days late", "log 3 days late",
                 "not the identifier of a storage account", "as large as `watch` needs",
                 "at most 1000 instances"):  # fmt: skip
        assert promised(refused, text), text
    assert [r.promised for r in refused if "has no Container Apps" in r.what] == [True, True]
    for text in ("longer than", "groups of readers", "has no Logic Apps", "after 240 s",
                 "activity log"):  # fmt: skip
        assert not promised(refused, text), text
    assert len([r for r in refused if "writes to at most 10 places" in r.what]) == 2
    assert len([r for r in refused if "no provisioning service" in r.what]) == 3
    assert len([r for r in refused if "looks into what zone" in r.what]) == 4


@pytest.mark.parametrize(("month", "note"), [("", True), ("2026-13", False), ("now", False)])
def test_a_budget_begins_in_no_month_that_nobody_states(month: str, note: bool) -> None:
    asked = moved(part(config=(("budget-start", month),) if month else ()), "azure")
    tree, said = emit_cloud(targets()["azure"], asked)
    (lacks,) = (one for one in said if "a budget begins in" in one.what)
    assert lacks.note == note
    assert b'start=""' in tree.files["__main__.py"]
    assert b"datetime" not in b"".join(tree.files.values())


def promised(refused: tuple[Unsupported, ...], text: str) -> bool:
    """Whether the one refusal that says so stops the build."""
    (only,) = (refusal for refusal in refused if text in refusal.what)
    return only.promised


MUTATIONS = {
    "group.py": [("location=args.region,\n            tags=args.tags,",
                  "location='westeurope',\n            tags=args.tags,")],
    "store.py": [("STANDARD_LRS", "STANDARD_GRS")],
    "devices.py": [("location=args.group.region,", "location='westeurope',")],
    "keys.py": [("vault_name=vault.name", "vault_name='elsewhere'")],
    "logs.py": [("storage_account_id=self.account_id", "workspace_id='elsewhere'")],
    "registry.py": [("opts=kept(self, args.adopted, [args.key.granted])",
                     "opts=pulumi.ResourceOptions(depends_on=[args.key.granted])")],
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
    assert "westeurope" in caught["IotHubResource"]
    assert caught["Key"] == caught["Registry"] == "it has no fixed region"
    assert caught["DiagnosticSetting"] == "it has no fixed region"
    assert "Vault" not in caught
