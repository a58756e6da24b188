"""Faults of what is emitted for Azure, by who may do what, where logs go, and what is private."""

from __future__ import annotations

from emitted.mutants import mutant

AZURE_MORE = {
    "logs that go to a workspace": mutant(
        "DiagnosticSetting", '"storageAccountId"', '"workspaceId"', "logs-in-zone",
        outside="no fixed region"),
    "logs that go to the store": mutant(
        "DiagnosticSetting", "StorageAccount/watcheup2d9e9al", "StorageAccount/watcheup2d9e9a",
        "logs-in-zone"),
    "logs that are switched off": mutant(
        "DiagnosticSetting", '"enabled": true', '"enabled": false', "logs-in-zone"),
    "logs of less than everything": mutant(
        "DiagnosticSetting", '"allLogs"', '"audit"', "logs-in-zone"),
    "a vault whose logs nobody keeps": mutant(
        "DiagnosticSetting", "/Vault/", "/NoVault/", "logs-in-zone"),
    "logs that can be changed": mutant(
        "StorageAccount", '"immutableStorageWithVersioning"', '"x"', "logs-in-zone"),
    "a role on everything": mutant(
        "RoleDefinition", '"Microsoft.KeyVault/vaults/keys/read"', '"Microsoft.KeyVault/*"',
        "roles-narrow"),
    "a role that nobody knows": mutant(
        "RoleAssignment", "/Microsoft.Authorization/roleDefinitions/", "/roleDefinitions/",
        "roles-narrow"),
    "an administrator who wraps": mutant(
        "RoleDefinition", "vaults/keys/backup/action", "vaults/keys/wrap/action",
        "key-duties-apart"),
    "an administrator who is the user": mutant(
        "RoleAssignment", "watch-eu-plants-key-admin--principal",
        "watch-eu-plants-encryption--principal", "key-duties-apart"),
    "a user of every key": mutant(
        "RoleAssignment", "/Key/eu-plants-key", "/Vault/watcheup2d9e9a", "key-duties-apart"),
    "a key that nobody administers": mutant(
        "RoleDefinition", "", "", "key-duties-apart"),
    "devices that publish": mutant(
        "RoleAssignment", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe", "channel-one-publisher"),
    "no update channel": mutant(
        "BlobContainer", '"ota"', '"ota2"', "channel-one-publisher"),
    "training that reaches the Internet": mutant(
        "Workspace", "AllowOnlyApprovedOutbound", "AllowInternetOutbound", "training-confined"),
    "training that reaches an address": mutant(
        "Workspace", '"isolationMode"',
        '"outboundRules": {"x": {"type": "FQDN", "destination": "example.org"}}, "isolationMode"',
        "training-confined"),
    "logs that go to a workspace too": mutant(
        "DiagnosticSetting", '"storageAccountId"',
        '"workspaceId": "/subscriptions/x", "storageAccountId"', "logs-in-zone"),
    "logs whose seal is off": mutant(
        "StorageAccount", '"state": "Unlocked"', '"state": "Disabled"', "logs-in-zone"),
    "a role that owns": mutant(
        "RoleAssignment", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "8e3af657-a8ff-443c-a75c-2fe8c4757635", "roles-narrow"),
    "a key that can be taken out": mutant(
        "keyvault:Key", '"kty"', '"attributes": {"exportable": true}, "kty"', "key-in-hsm"),
    "no plan of Defender": mutant("security:Pricing", "", "", "defender-reads-nothing"),
    "blobs that are scanned": mutant(
        "security:Pricing", '"isEnabled": "False"', '"isEnabled": "True"',
        "defender-reads-nothing"),
    "scans that nobody switches off": mutant(
        "security:Pricing", '"extensions"', '"x"', "defender-reads-nothing"),
}  # fmt: skip
AZURE_ADDED: dict[str, tuple[str, dict[str, object], set[str]]] = {
    "a role on a subscription": (
        "azure-native:authorization:RoleAssignment",
        {"scope": "/subscriptions/x", "roleDefinitionId": "y"}, {"roles-narrow"}),
    "an exception of a policy": (
        "azure-native:authorization:PolicyExemption", {"exemptionCategory": "Waiver"},
        {"allowed-locations", "storage-skus"}),
    "acts that are told to others": (
        "azure-native:monitor:SubscriptionDiagnosticSetting",
        {"workspaceId": "/subscriptions/x"}, {"logs-in-zone"}),
    "images that are scanned": (
        "azure-native:security:Pricing", {"pricingName": "Containers"},
        {"defender-reads-nothing"}),
    "an environment on the Internet": (
        "azure-native:app:ManagedEnvironment", {"location": "germanywestcentral"},
        {"services-private", "logs-in-zone"}),
    "a service of another environment": (
        "azure-native:app:ContainerApp",
        {"location": "germanywestcentral", "environmentId": "/subscriptions/x"},
        {"services-private"}),
    "a workflow that calls others": (
        "azure-native:logic:Workflow",
        {"location": "germanywestcentral",
         "definition": {"actions": {"a": {"inputs": {"uri": "https://example.org"}}}}},
        {"drift-in-region"}),
    "a workflow elsewhere": (
        "azure-native:logic:Workflow", {"location": "westeurope"}, {"drift-in-region"}),
    "a network of caches": (
        "azure-native:cdn:AFDEndpoint", {"location": "germanywestcentral"}, set()),
    "names for the whole world": (
        "azure-native:privatedns:PrivateZone", {"location": "Global"}, set()),
}  # fmt: skip
