"""What is emitted for Azure, by type and argument: nothing else was looked at."""

from __future__ import annotations

from collections.abc import Mapping

from hybridspec.target.allowed import Arguments, arguments

_LOOKED_AT = {
    "azure-native:app:ContainerApp":
        "configuration(activeRevisionsMode ingress(allowInsecure external targetPort "
        "traffic(latestRevision weight) transport) registries(identity server)) containerAppName "
        "environmentId identity(type userAssignedIdentities) location resourceGroupName tags(*) "
        "template(containers(image name probes(periodSeconds tcpSocket(port) type) resources(cpu "
        "memory)) scale(maxReplicas minReplicas rules(http(metadata(concurrentRequests)) name))) "
        "workloadProfileName",
    "azure-native:app:ManagedEnvironment":
        "appLogsConfiguration(destination) location peerTrafficConfiguration(encryption(enabled)) "
        "publicNetworkAccess resourceGroupName tags(*) vnetConfiguration(infrastructureSubnetId "
        "internal) workloadProfiles(enableFips maximumCount minimumCount name "
        "workloadProfileType)",
    "azure-native:authorization:PolicyAssignment":
        "enforcementMode parameters(*) policyDefinitionId scope",
    "azure-native:authorization:RoleAssignment":
        "description principalId principalType roleDefinitionId scope",
    "azure-native:authorization:RoleDefinition":
        "assignableScopes description permissions(actions dataActions) roleName roleType scope",
    "azure-native:consumption:Budget":
        "amount category filter(tags(name operator values)) notifications(expected(contactEmails "
        "contactRoles enabled operator threshold thresholdType) spent(contactEmails contactRoles "
        "enabled operator threshold thresholdType)) scope timeGrain timePeriod(startDate)",
    "azure-native:containerregistry:Registry":
        "adminUserEnabled anonymousPullEnabled encryption(keyVaultProperties(identity "
        "keyIdentifier) status) identity(type userAssignedIdentities(*)) location "
        "networkRuleBypassOptions policies(retentionPolicy(days status)) publicNetworkAccess "
        "registryName "
        "resourceGroupName sku(name) tags(*) zoneRedundancy",
    "azure-native:iothub:IotHubResource":
        "identity(type userAssignedIdentities) location properties(disableDeviceSAS "
        "disableLocalAuth disableModuleSAS enableDataResidency enableFileUploadNotifications "
        "eventHubEndpoints(events(partitionCount retentionTimeInDays)) minTlsVersion "
        "routing(endpoints(storageContainers(authenticationType batchFrequencyInSeconds "
        "containerName encoding endpointUri fileNameFormat identity(userAssignedIdentity) name)) "
        "fallbackRoute(condition endpointNames isEnabled source) routes(condition endpointNames "
        "isEnabled name source))) resourceGroupName sku(capacity name) tags(*)",
    "azure-native:iothub:IotHubResourceEventHubConsumerGroup":
        "eventHubEndpointName name properties(name) resourceGroupName resourceName",
    "azure-native:keyvault:Key":
        "keyName properties(keyOps keySize kty rotationPolicy(attributes(expiryTime) "
        "lifetimeActions(action(type) trigger(timeAfterCreate timeBeforeExpiry)))) "
        "resourceGroupName tags(*) vaultName",
    "azure-native:keyvault:Vault":
        "location properties(enablePurgeProtection enableRbacAuthorization enableSoftDelete "
        "enabledForDeployment enabledForDiskEncryption enabledForTemplateDeployment "
        "networkAcls(bypass defaultAction) publicNetworkAccess sku(family name) "
        "softDeleteRetentionInDays tenantId) resourceGroupName tags(*) vaultName",
    "azure-native:logic:Workflow":
        "definition(*) identity(type userAssignedIdentities) location resourceGroupName state "
        "tags(*)",
    "azure-native:machinelearningservices:EnvironmentVersion":
        "name properties(autoRebuild image isAnonymous isArchived osType) resourceGroupName "
        "version workspaceName",
    "azure-native:machinelearningservices:ModelContainer":
        "name properties(description isArchived) resourceGroupName workspaceName",
    "azure-native:machinelearningservices:Schedule":
        "name properties(action(actionType jobDefinition(command displayName environmentId "
        "experimentName identity(clientId identityType resourceId) inputs(data(jobInputType mode "
        "uri)) isArchived jobType limits(jobLimitsType timeout) outputs(model(jobOutputType mode "
        "uri)) queueSettings(jobTier) resources(instanceCount instanceType shmSize))) isEnabled "
        "trigger(frequency interval timeZone triggerType)) resourceGroupName workspaceName",
    "azure-native:machinelearningservices:Workspace":
        "containerRegistry enableServiceSideCMKEncryption "
        "encryption(identity(userAssignedIdentity) keyVaultProperties(identityClientId "
        "keyIdentifier keyVaultArmId) status) hbiWorkspace identity(type userAssignedIdentities) "
        "keyVault location managedNetwork(enableNetworkMonitor isolationMode) "
        "primaryUserAssignedIdentity provisionNetworkNow resourceGroupName storageAccount "
        "systemDatastoresAuthMode tags(*)",
    "azure-native:managedidentity:UserAssignedIdentity":
        "location resourceGroupName tags(*)",
    "azure-native:monitor:DiagnosticSetting":
        "logs(categoryGroup enabled) resourceUri storageAccountId",
    "azure-native:monitor:SubscriptionDiagnosticSetting":
        "logs(category enabled) storageAccountId",
    "azure-native:network:NetworkSecurityGroup":
        "location resourceGroupName securityRules(access destinationAddressPrefix "
        "destinationPortRange direction name priority protocol sourceAddressPrefix "
        "sourcePortRange) tags(*)",
    "azure-native:network:VirtualNetwork":
        "addressSpace(addressPrefixes) enableDdosProtection enableVmProtection location "
        "resourceGroupName subnets(addressPrefix delegations(name serviceName) name "
        "networkSecurityGroup(id) privateEndpointNetworkPolicies "
        "privateLinkServiceNetworkPolicies) tags(*)",
    "azure-native:resources:ResourceGroup":
        "location tags(*)",
    "azure-native:security:Pricing":
        "extensions(isEnabled name) pricingName pricingTier scopeId subPlan",
    "azure-native:storage:BlobContainer":
        "accountName containerName publicAccess resourceGroupName",
    "azure-native:storage:BlobServiceProperties":
        "accountName blobServicesName containerDeleteRetentionPolicy(enabled) "
        "deleteRetentionPolicy(enabled) isVersioningEnabled resourceGroupName",
    "azure-native:storage:ManagementPolicy":
        "accountName managementPolicyName "
        "policy(rules(definition(actions(baseBlob(delete(daysAfterModificationGreaterThan)) "
        "snapshot(delete(daysAfterCreationGreaterThan)) "
        "version(delete(daysAfterCreationGreaterThan))) filters(blobTypes prefixMatch)) enabled "
        "name type)) resourceGroupName",
    "azure-native:storage:StorageAccount":
        "accessTier accountName allowBlobPublicAccess allowCrossTenantReplication "
        "allowSharedKeyAccess "
        "allowedCopyScope defaultToOAuthAuthentication enableHttpsTrafficOnly "
        "encryption(encryptionIdentity(encryptionUserAssignedIdentity) keySource "
        "keyVaultProperties(keyName keyVaultUri) requireInfrastructureEncryption) identity(type "
        "userAssignedIdentities) immutableStorageWithVersioning(enabled "
        "immutabilityPolicy(allowProtectedAppendWrites immutabilityPeriodSinceCreationInDays "
        "state)) isLocalUserEnabled kind location minimumTlsVersion networkRuleSet(bypass "
        "defaultAction) resourceGroupName sku(name) tags(*)",
    "pulumi:providers:azure-native":
        "environment location subscriptionId",
}  # fmt: skip
ALLOWED: Mapping[str, Arguments] = {kind: arguments(text) for kind, text in _LOOKED_AT.items()}
"""What the program may make, and the arguments of each, however deep; the rest is refused."""
