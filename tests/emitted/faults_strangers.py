"""Faults by which a stranger gets something of a zone: roles, addresses, doors and copies."""

from __future__ import annotations

from emitted.mutants import Mutant, mutant

Added = dict[str, tuple[str, dict[str, object], set[str]]]
_EVERYBODY = (
    "user:eve@example.org", "group:all@example.org", "domain:example.org", "allUsers",
    "allAuthenticatedUsers", "serviceAccount:eve@elsewhere.iam.gserviceaccount.com",
    "principalSet://iam.googleapis.com/locations/global/workforcePools/staff/*",
    "principalSet://iam.googleapis.com/projects/999/locations/global/workloadIdentityPools/p/*",
)  # fmt: skip
_GRANTS = {
    "a store": ("storage/bucketIAMMember:BucketIAMMember", '"member": "serviceAccount:'),
    "a project": ("projects/iAMMember:IAMMember", '"member": "serviceAccount:'),
    "a key": ("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", '"member": "serviceAccount:'),
    "a topic": ("pubsub/topicIAMMember:TopicIAMMember", '"member": "principalSet:'),
    "an account": ("serviceaccount/iAMMember:IAMMember", '"member": "'),
    "images": ("repositoryIamMember:RepositoryIamMember", '"member": "'),
    "a service": ("serviceIamMember:ServiceIamMember", '"member": "'),
}
_ROLES = {
    "an owner": ("projects/iAMMember:IAMMember", "roles/logging.logWriter", "roles/owner"),
    "an administrator of stores": (
        "projects/iAMMember:IAMMember", "roles/logging.logWriter", "roles/storage.admin"),
    "an administrator of a store": (
        "bucketIAMMember:BucketIAMMember", "roles/storage.objectUser", "roles/storage.admin"),
    "an administrator of keys": (
        "cryptoKeyIAMMember:CryptoKeyIAMMember", "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        "roles/cloudkms.admin"),
    "a maker of tokens": (
        "serviceaccount/iAMMember:IAMMember", "serviceAccountOpenIdTokenCreator",
        "serviceAccountTokenCreator"),
    "devices that read topics": (
        "topicIAMMember:TopicIAMMember", "roles/pubsub.publisher", "roles/pubsub.subscriber"),
    "a role that gives roles": (
        "iAMCustomRole:IAMCustomRole", '"cloudkms.cryptoKeys.get"',
        '"cloudkms.cryptoKeys.setIamPolicy"'),
    "a role that decrypts": (
        "iAMCustomRole:IAMCustomRole", '"cloudkms.cryptoKeys.get"',
        '"cloudkms.cryptoKeyVersions.useToDecrypt"'),
}  # fmt: skip
_TOLD = {
    "mails to a stranger": (
        "notificationChannel:NotificationChannel", "plant@example.org", "eve@example.org"),
    "a hook": ("notificationChannel:NotificationChannel", '"type": "email"',
               '"type": "webhook_tokenauth"'),
    "a pager": ("notificationChannel:NotificationChannel", '"type": "email"',
                '"type": "pagerduty"'),
    "a contact of strangers": ("contact:Contact", "plant@example.org", "eve@example.org"),
    "alarms to another channel": ("alertPolicy:AlertPolicy", "eu-plants-mail-0a1b2c3",
                                  "projects/elsewhere/notificationChannels/1"),
    "messages to another project": ("subscription:Subscription", "projects/project-0/topics/",
                                    "projects/elsewhere/topics/"),
    "logs to another project": ("projectSink:ProjectSink", "projects/project-0/",
                                "projects/elsewhere/"),
    "a key of another project": ("bucket:Bucket", "projects/project-0/", "projects/elsewhere/"),
    "an identity of another project": (
        "cloudrunv2/service:Service", "@project-0.", "@elsewhere."),
    "a job as an account of others": ("job:Job", "@project-0.", "@elsewhere."),
}  # fmt: skip
_UNKNOWN = {
    "devices of another authority": (
        "workloadIdentityPool:WorkloadIdentityPool", '"displayName"',
        '"inlineTrustConfig": {}, "displayName"'),
    "a bucket that logs elsewhere": (
        "bucket:Bucket", '"storageClass"', '"logging": {"logBucket": "b"}, "storageClass"'),
    "a bucket that is a site": (
        "bucket:Bucket", '"storageClass"', '"website": {"mainPageSuffix": "i"}, "storageClass"'),
    "a topic that reads elsewhere": (
        "topic:Topic", '"messageStoragePolicy"',
        '"ingestionDataSourceSettings": {"awsKinesis": {}}, "messageStoragePolicy"'),
    "messages that nobody took": (
        "subscription:Subscription", '"expirationPolicy"',
        '"deadLetterPolicy": {"deadLetterTopic": "t"}, "expirationPolicy"'),
    "an audit that spares somebody": (
        "iAMAuditConfig:IAMAuditConfig", '"logType": "DATA_READ"',
        '"exemptedMembers": ["user:eve@example.org"], "logType": "DATA_READ"'),
    "a service with a secret": (
        "cloudrunv2/service:Service", '"containerPort": 8080',
        '"containerPort": 8080, "name": "h2c"'),
}  # fmt: skip
_NETWORK = {
    "a joined network with the Internet": (
        "VpcServiceControls", '"enabled": true', '"enabled": false', "training-in-region"),
    "a joined network without a wall": ("VpcServiceControls", "", "", "training-in-region"),
    "a joined network of others": (
        "Connection", "servicenetworking.googleapis.com", "services.example.org",
        "service-egress-denied"),
    "addresses that are public": (
        "GlobalAddress", '"INTERNAL"', '"EXTERNAL"', "service-egress-denied"),
    "drift that trains in another network": (
        "workflow:Workflow", "/global/networks/watch-eu-plants", "/global/networks/default",
        "training-in-region"),
    "drift that opens a shell": (
        "workflow:Workflow", '\\"enableWebAccess\\": false', '\\"enableWebAccess\\": true',
        "training-in-region"),
}  # fmt: skip
GCP_STRANGERS: dict[str, Mutant] = {
    **{f"{what} for {whom}": mutant(
        kind, old, f'"member": "{whom}", "was": "', "no-strangers", "known-resources")
       for number, (what, (kind, old)) in enumerate(_GRANTS.items())
       for whom in (_EVERYBODY if not number else (_EVERYBODY[number], _EVERYBODY[0]))},
    **{what: mutant(*fault, "no-strangers") for what, fault in {**_ROLES, **_TOLD}.items()},
    **{what: mutant(*fault, "known-resources") for what, fault in _UNKNOWN.items()},
    **{what: mutant(kind, old, new, guard) for what, (kind, old, new, guard) in _NETWORK.items()},
}  # fmt: skip
_GCP_TYPES: dict[str, dict[str, object]] = {
    "bigquery/dataset:Dataset": {"datasetId": "d", "location": "europe-west3"},
    "bigquery/datasetIamMember:DatasetIamMember": {"member": "allUsers"},
    "cloudfunctionsv2/function:Function": {"location": "europe-west3"},
    "compute/instance:Instance": {"zone": "europe-west3-a"},
    "compute/vpnTunnel:VPNTunnel": {"region": "europe-west3"},
    "dns/managedZone:ManagedZone": {"dnsName": "example.org."},
    "kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding": {"members": ["user:eve@example.org"]},
    "logging/organizationSink:OrganizationSink": {"destination": "pubsub.googleapis.com/x"},
    "projects/iAMBinding:IAMBinding": {"role": "roles/owner"},
    "projects/iAMPolicy:IAMPolicy": {"policyData": "{}"},
    "pubsub/subscriptionIAMMember:SubscriptionIAMMember": {"member": "user:eve@example.org"},
    "secretmanager/secret:Secret": {"secretId": "s"},
    "storage/bucketACL:BucketACL": {"bucket": "watch-eu-plants-0a1b2c3"},
    "storage/bucketIAMPolicy:BucketIAMPolicy": {"bucket": "watch-eu-plants-0a1b2c3"},
    "storage/notification:Notification": {"bucket": "watch-eu-plants-0a1b2c3"},
    "storage/transferJob:TransferJob": {"description": "copies"},
}
GCP_STRANGERS_ADDED: Added = {
    **{f"a {kind.partition(':')[2]}": (f"gcp:{kind}", inputs, {"known-resources"})
       for kind, inputs in _GCP_TYPES.items()},
    "a command": ("command:local:Command", {"create": "curl example.org"}, {"known-resources"}),
    "a grant of a project": (
        "gcp:projects/iAMMember:IAMMember",
        {"project": "project-0", "role": "roles/owner", "member": "user:eve@example.org"},
        {"no-strangers"}),
    "a channel of strangers": (
        "gcp:monitoring/notificationChannel:NotificationChannel",
        {"type": "slack", "labels": {"channel_name": "#x"}}, {"no-strangers", "known-resources"}),
}  # fmt: skip

_AZURE_CHANGED = {
    "a role for somebody": (
        "RoleAssignment", '"principalId": "watch-eu-plants-publisher--principal"',
        '"principalId": "00000000-1111-2222-3333-444444444444"'),
    "a role for a person": ("RoleAssignment", '"ServicePrincipal"', '"User"'),
    "a role for a group": ("RoleAssignment", '"ServicePrincipal"', '"Group"'),
    "a role for a guest": ("RoleAssignment", '"ServicePrincipal"', '"ForeignGroup"'),
    "a role elsewhere": (
        "RoleAssignment", '"scope": "/subscriptions/00000000-0000-0000-0000-000000000000/',
        '"scope": "/subscriptions/11111111-0000-0000-0000-000000000000/'),
    "a role that gives roles": (
        "RoleDefinition", '"Microsoft.KeyVault/vaults/read"',
        '"Microsoft.Authorization/roleAssignments/write"'),
    "a role that reads secrets": (
        "RoleDefinition", '"Microsoft.KeyVault/vaults/keys/read"',
        '"Microsoft.KeyVault/vaults/secrets/getSecret/action"'),
    "a vault without roles": (
        "Vault", '"enableRbacAuthorization": true', '"enableRbacAuthorization": false'),
    "a vault of another directory": ("Vault", '"tenantId": "0', '"tenantId": "1'),
    "a vault for the Internet": ("Vault", '"Deny"', '"Allow"'),
    "an account for the Internet": ("StorageAccount", '"Deny"', '"Allow"'),
    "a wall with a door": ("NetworkSecurityGroup", '"Deny"', '"Allow"'),
    "a door to an address": ("NetworkSecurityGroup", '"AzureMonitor"', '"203.0.113.7"'),
    "a door to the Internet": ("NetworkSecurityGroup", '"Storage"', '"Internet"'),
    "a door of another kind": ("NetworkSecurityGroup", '"443"', '"*"'),
    "a door for others": ("NetworkSecurityGroup", '"Outbound"', '"Inbound"'),
    "costs that are told to a stranger": ("Budget", "plant@example.org", "eve@example.org"),
    "costs that are told to readers": ("Budget", '"Owner"', '"Reader"'),
    "logs of another subscription": (
        "DiagnosticSetting", '"storageAccountId": "/subscriptions/0',
        '"storageAccountId": "/subscriptions/1'),
    "a key of another vault": (
        "StorageAccount", ".vault.azure.net", ".vault.example.org"),
    "messages to an account of others": (
        "IotHubResource", ".blob.core.windows.net", ".example.org"),
    "an identity of others": ("ContainerApp", "/subscriptions/0", "/subscriptions/1"),
    "a workflow that tells others": (
        "Workflow", "https://management.azure.com", "https://example.org"),
    "a registry that acts as another": ("Registry", "/subscriptions/0", "/subscriptions/1"),
}  # fmt: skip
_AZURE_UNKNOWN = {
    "a policy of access": (
        "Vault", '"enableSoftDelete"',
        '"accessPolicies": [{"objectId": "eve"}], "enableSoftDelete"'),
    "a door in a vault": (
        "Vault", '"defaultAction": "Deny"',
        '"ipRules": [{"value": "0.0.0.0/0"}], "defaultAction": "Deny"'),
    "a door in an account": (
        "StorageAccount", '"defaultAction": "Deny"',
        '"ipRules": [{"iPAddressOrRange": "0.0.0.0/0"}], "defaultAction": "Deny"'),
    "files that anybody signs for": (
        "StorageAccount", '"kind"', '"sasPolicy": {"sasExpirationPeriod": "365"}, "kind"'),
    "an account with SFTP": ("StorageAccount", '"kind"', '"isSftpEnabled": true, "kind"'),
    "a page of pages": (
        "BlobServiceProperties", '"isVersioningEnabled"',
        '"cors": {"corsRules": [{"allowedOrigins": ["*"]}]}, "isVersioningEnabled"'),
    "messages to queues of others": (
        "IotHubResource", '"storageContainers"',
        '"serviceBusQueues": [{"connectionString": "c"}], "storageContainers"'),
    "a policy with keys": (
        "IotHubResource", '"enableDataResidency"',
        '"authorizationPolicies": [{"keyName": "k"}], "enableDataResidency"'),
    "costs that run something": (
        "Budget", '"contactRoles"', '"contactGroups": ["g"], "contactRoles"'),
    "a service with a sidecar": (
        "ContainerApp", '"registries"', '"dapr": {"enabled": true}, "registries"'),
    "a workspace that shares": (
        "Workspace", '"hbiWorkspace"', '"sharedPrivateLinkResources": [{}], "hbiWorkspace"'),
    "a network with a peer": (
        "VirtualNetwork", '"addressSpace"', '"virtualNetworkPeerings": [{}], "addressSpace"'),
}  # fmt: skip
AZURE_STRANGERS: dict[str, Mutant] = {
    **{what: mutant(*fault, "no-strangers") for what, fault in _AZURE_CHANGED.items()},
    **{what: mutant(*fault, "known-resources") for what, fault in _AZURE_UNKNOWN.items()},
}
_AZURE_TYPES: dict[str, dict[str, object]] = {
    "authorization:AccessReviewScheduleDefinitionById": {"scope": "s"},
    "containerregistry:Token": {"registryName": "r"},
    "eventgrid:EventSubscription": {
        "scope": "s",
        "destination": {"endpointType": "WebHook", "endpointUrl": "https://example.org"},
    },
    "eventgrid:SystemTopic": {"location": "germanywestcentral"},
    "insights:ActionGroup": {"webhookReceivers": [{"serviceUri": "https://example.org"}]},
    "keyvault:AccessPolicy": {"vaultName": "v"},
    "managedidentity:FederatedIdentityCredential": {"issuer": "https://example.org"},
    "monitor:ActionGroup": {"emailReceivers": [{"emailAddress": "eve@example.org"}]},
    "network:PublicIPAddress": {"location": "germanywestcentral"},
    "network:VirtualNetworkPeering": {"remoteVirtualNetwork": {"id": "n"}},
    "operationalinsights:Workspace": {"location": "germanywestcentral"},
    "resources:Deployment": {"properties": {"mode": "Incremental"}},
    "sql:FirewallRule": {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"},
    "storage:LocalUser": {"accountName": "a"},
    "storage:TableServiceProperties": {"accountName": "a"},
}
AZURE_STRANGERS_ADDED: Added = {
    **{f"{kind.partition(':')[0]} {kind.partition(':')[2]}":
       (f"azure-native:{kind}", inputs, {"known-resources"})
       for kind, inputs in _AZURE_TYPES.items()},
    "a command": ("command:local:Command", {"create": "curl example.org"}, {"known-resources"}),
}  # fmt: skip
