"""What is emitted for Google Cloud, by type and argument: nothing else was looked at."""

from __future__ import annotations

from collections.abc import Mapping

from hybridspec.target.allowed import Arguments, arguments

_LOOKED_AT = {
    "gcp:artifactregistry/repository:Repository":
        "cleanupPolicies(action condition(olderThan tagState) id) description "
        "dockerConfig(immutableTags) format kmsKeyName location repositoryId "
        "vulnerabilityScanningConfig(enablementConfig)",
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember":
        "location member repository role",
    "gcp:billing/budget:Budget":
        "allUpdatesRule(monitoringNotificationChannels) amount(specifiedAmount(currencyCode "
        "units)) billingAccount budgetFilter(projects) displayName thresholdRules(spendBasis "
        "thresholdPercent)",
    "gcp:cloudrunv2/service:Service":
        "deletionProtection description ingress invokerIamDisabled location name "
        "template(containers(image ports(containerPort) resources(cpuIdle limits(cpu memory) "
        "startupCpuBoost)) encryptionKey executionEnvironment maxInstanceRequestConcurrency "
        "scaling(maxInstanceCount minInstanceCount) serviceAccount timeout vpcAccess(egress "
        "networkInterfaces(network subnetwork)))",
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember":
        "location member name role",
    "gcp:cloudscheduler/job:Job":
        "description httpTarget(body headers(Content-Type) httpMethod oauthToken(scope "
        "serviceAccountEmail) uri) region schedule timeZone",
    "gcp:compute/firewall:Firewall":
        "denies(protocol) destinationRanges direction logConfig(metadata) name network priority",
    "gcp:compute/globalAddress:GlobalAddress":
        "address addressType name network prefixLength purpose",
    "gcp:compute/network:Network":
        "autoCreateSubnetworks deleteDefaultRoutesOnCreate name routingMode",
    "gcp:compute/route:Route":
        "destRange name network nextHopGateway",
    "gcp:compute/subnetwork:Subnetwork":
        "ipCidrRange logConfig(aggregationInterval flowSampling metadata) name network "
        "privateIpGoogleAccess region",
    "gcp:dataloss/preventionInspectTemplate:PreventionInspectTemplate":
        "displayName inspectConfig(includeQuote infoTypes(name) minLikelihood) parent templateId",
    "gcp:dataloss/preventionJobTrigger:PreventionJobTrigger":
        "displayName inspectJob(actions(jobNotificationEmails) inspectTemplateName "
        "storageConfig(cloudStorageOptions(fileSet(url)))) parent status triggerId "
        "triggers(schedule(recurrencePeriodDuration))",
    "gcp:dns/policy:Policy":
        "description enableLogging name networks(networkUrl)",
    "gcp:essentialcontacts/contact:Contact":
        "email languageTag notificationCategorySubscriptions parent",
    "gcp:eventarc/trigger:Trigger":
        "destination(workflow) location matchingCriterias(attribute value) serviceAccount "
        "transport(pubsub(topic))",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
        "description displayName workloadIdentityPoolId",
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider":
        "attributeCondition attributeMapping(google.subject) workloadIdentityPoolId "
        "workloadIdentityPoolProviderId x509(trustStore(trustAnchors(pemCertificate)))",
    "gcp:kms/cryptoKey:CryptoKey":
        "destroyScheduledDuration keyRing name purpose rotationPeriod versionTemplate(algorithm "
        "protectionLevel)",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":
        "cryptoKeyId member role",
    "gcp:kms/keyRing:KeyRing":
        "location",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig":
        "bucketId cmekSettings(kmsKeyName) description location project retentionDays",
    "gcp:logging/projectExclusion:ProjectExclusion":
        "description filter name",
    "gcp:logging/projectSink:ProjectSink":
        "destination filter name uniqueWriterIdentity",
    "gcp:monitoring/alertPolicy:AlertPolicy":
        "alertStrategy(notificationRateLimit(period)) combiner "
        "conditions(conditionMatchedLog(filter) displayName) displayName notificationChannels "
        "severity",
    "gcp:monitoring/dashboard:Dashboard":
        "dashboardJson",
    "gcp:monitoring/notificationChannel:NotificationChannel":
        "displayName labels(email_address) type",
    "gcp:orgpolicy/policy:Policy":
        "name parent spec(inheritFromParent rules(denyAll enforce values(allowedValues "
        "deniedValues)))",
    "gcp:projects/iAMAuditConfig:IAMAuditConfig":
        "auditLogConfigs(logType) project service",
    "gcp:projects/iAMCustomRole:IAMCustomRole":
        "permissions roleId title",
    "gcp:projects/iAMMember:IAMMember":
        "member project role",
    "gcp:projects/service:Service":
        "disableOnDestroy service",
    "gcp:projects/serviceIdentity:ServiceIdentity":
        "service",
    "gcp:pubsub/subscription:Subscription":
        "cloudStorageConfig(bucket filenamePrefix maxDuration) expirationPolicy(ttl) "
        "messageRetentionDuration name topic",
    "gcp:pubsub/topic:Topic":
        "kmsKeyName messageStoragePolicy(allowedPersistenceRegions enforceInTransit) name",
    "gcp:pubsub/topicIAMMember:TopicIAMMember":
        "member role topic",
    "gcp:serviceaccount/account:Account":
        "accountId displayName",
    "gcp:serviceaccount/iAMMember:IAMMember":
        "member role serviceAccountId",
    "gcp:servicenetworking/connection:Connection":
        "network reservedPeeringRanges service",
    "gcp:servicenetworking/vpcServiceControls:VpcServiceControls":
        "enabled network service",
    "gcp:storage/bucket:Bucket":
        "encryption(defaultKmsKeyName) lifecycleRules(action(type) condition(age "
        "daysSinceNoncurrentTime matchesPrefixes withState)) location publicAccessPrevention "
        "softDeletePolicy(retentionDurationSeconds) storageClass uniformBucketLevelAccess "
        "versioning(enabled)",
    "gcp:storage/bucketIAMMember:BucketIAMMember":
        "bucket condition(expression title) member role",
    "gcp:workflows/workflow:Workflow":
        "callLogLevel cryptoKeyName deletionProtection description region serviceAccount "
        "sourceContents",
    "pulumi:providers:gcp":
        "defaultLabels project region",
}  # fmt: skip
ALLOWED: Mapping[str, Arguments] = {kind: arguments(text) for kind, text in _LOOKED_AT.items()}
"""What the program may make, and the arguments of each, however deep; the rest is refused."""
