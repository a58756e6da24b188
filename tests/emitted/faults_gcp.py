"""Faults of what is emitted for Google Cloud: each takes a guard away or leaves the plan."""

from __future__ import annotations

from emitted.mutants import mutant

GCP = {
    "another region is allowed": mutant(
        "orgpolicy/policy:Policy", '"in:europe-west3-locations"',
        '"in:europe-west3-locations", "in:eu-locations"', "org-resource-locations"),
    "a policy that parents widen": mutant(
        "orgpolicy/policy:Policy", '"inheritFromParent": false', '"inheritFromParent": true',
        "org-resource-locations", "org-cmek-only"),
    "no policy": mutant("orgpolicy/policy:Policy", "", "", "org-resource-locations",
                        "org-cmek-only", "org-closed"),
    "keys of accounts are allowed": mutant(
        "orgpolicy/policy:Policy", "iam.disableServiceAccountKeyCreation", "iam.other",
        "org-closed"),
    "buckets without TLS": mutant(
        "orgpolicy/policy:Policy", '{"enforce": "TRUE"}', '{"enforce": "FALSE"}', "org-closed"),
    "messages need no key": mutant(
        "orgpolicy/policy:Policy", '"pubsub.googleapis.com", ', "", "org-cmek-only"),
    "logs in another region": mutant(
        "projectBucketConfig:ProjectBucketConfig", '"location": "europe-west3"',
        '"location": "global"', "logs-in-region", outside="global"),
    "logs under the provider's key": mutant(
        "projectBucketConfig:ProjectBucketConfig", "cmekSettings", "description",
        "logs-in-region"),
    "logs of everybody": mutant(
        "projectSink:ProjectSink", '"filter": "', '"filter": "severity>=DEFAULT OR ',
        "logs-in-region"),
    "logs of another zone": mutant(
        "projectSink:ProjectSink", "^watch-eu-plants--", "^watch-fr-plants--", "logs-in-region"),
    "logs to a bucket of others": mutant(
        "projectSink:ProjectSink", "buckets/watch-eu-plants", "buckets/elsewhere",
        "logs-in-region", outside="elsewhere"),
    "logs to another zone": mutant(
        "projectSink:ProjectSink", "buckets/watch-eu-plants", "buckets/watch-fr-plants",
        "logs-in-region", outside="zone `fr-plants`"),
    "logs that are not sent": mutant(
        "projectSink:ProjectSink", '"destination"', '"disabled": true, "destination"',
        "logs-in-region"),
    "logs without a region": mutant(
        "projectExclusion:ProjectExclusion", "severity>=DEFAULT", "severity>=ERROR",
        "logs-in-region"),
    "logs without a region again": mutant(
        "projectExclusion:ProjectExclusion", "", "", "logs-in-region"),
    "messages in the database of others": mutant(
        "subscription:Subscription", '"cloudStorageConfig"',
        '"bigqueryConfig": {"table": "p.d.t"}, "cloudStorageConfig"', "messages-in-store"),
    "messages in another store": mutant(
        "subscription:Subscription", "watch-eu-plants-0a1b2c3", "watch-fr-plants-0a1b2c3",
        "messages-in-store", outside="zone `fr-plants`"),
    "drift elsewhere": mutant(
        "workflow:Workflow", '"region": "europe-west3"', '"region": "us-east1"',
        "drift-in-region", outside="us-east1"),
    "drift under the provider's key": mutant(
        "workflow:Workflow", "cryptoKeyName", "description", "drift-in-region"),
    "drift that trains elsewhere": mutant(
        "workflow:Workflow", "https://europe-west3-aiplatform", "https://aiplatform",
        "vertex-regional-endpoint"),
    "drift that trains on another store": mutant(
        "workflow:Workflow", "gs://watch-eu-plants-0a1b2c3", "gs://elsewhere",
        "training-in-region", outside="elsewhere"),
    "drift that leads to a host": mutant(
        "trigger:Trigger", '"destination": {', '"destination": {"httpEndpoint": {"uri": "x"}, ',
        "drift-in-region"),
    "a service that answers everybody": mutant(
        "cloudrunv2/service:Service", "INTERNAL_ONLY", "ALL", "service-in-region"),
    "a service elsewhere": mutant(
        "cloudrunv2/service:Service", '"location": "europe-west3"', '"location": "us-east1"',
        "service-in-region", outside="us-east1"),
    "a service under the provider's key": mutant(
        "cloudrunv2/service:Service", "encryptionKey", "revision", "service-in-region"),
    "a service with the Internet": mutant(
        "cloudrunv2/service:Service", "ALL_TRAFFIC", "PRIVATE_RANGES_ONLY", "service-in-region"),
    "a service with another image": mutant(
        "cloudrunv2/service:Service", "europe-west3-docker.pkg.dev", "dkr.example.org",
        "service-in-region"),
    "a service with an image of another project": mutant(
        "cloudrunv2/service:Service", "docker.pkg.dev/project-0/", "docker.pkg.dev/elsewhere/",
        "service-in-region"),
    "a service that asks nobody who calls": mutant(
        "cloudrunv2/service:Service", '"invokerIamDisabled": false',
        '"invokerIamDisabled": true', "service-in-region"),
    "drift with an image of another project": mutant(
        "workflow:Workflow", "docker.pkg.dev/project-0/", "docker.pkg.dev/elsewhere/",
        "training-in-region"),
    "drift that calls a host within a step": mutant(
        "workflow:Workflow", '{\\"decide\\"',
        '{\\"tell\\": {\\"try\\": {\\"call\\": \\"http.get\\", \\"args\\": '
        '{\\"url\\": \\"https://example.org\\"}}}}, {\\"decide\\"',
        "vertex-regional-endpoint"),
    "a network with a way out": mutant(
        "compute/network:Network", '"deleteDefaultRoutesOnCreate": true',
        '"deleteDefaultRoutesOnCreate": false', "service-egress-denied"),
    "a network without a wall": mutant(
        "compute/firewall:Firewall", "", "", "service-egress-denied"),
    "a wall with a door": mutant(
        "compute/firewall:Firewall", '"denies"', '"allows"', "service-egress-denied"),
    "a route to the Internet": mutant(
        "compute/route:Route", "199.36.153.4/30", "0.0.0.0/0", "service-egress-denied"),
    "an inspection wherever Google likes": mutant(
        "PreventionJobTrigger", "/locations/europe-west3", "/locations/global",
        "inspection-in-region", outside="global"),
    "an inspection that keeps what it finds": mutant(
        "PreventionJobTrigger", '"jobNotificationEmails": {}',
        '"saveFindings": {"outputConfig": {}}', "inspection-in-region"),
    "an inspection of another store": mutant(
        "PreventionJobTrigger", "gs://watch-eu-plants-0a1b2c3", "gs://elsewhere",
        "inspection-in-region", outside="elsewhere"),
    "a bucket in several regions": mutant(
        "bucket:Bucket", '"location": "europe-west3"', '"location": "EU"', "bucket-location",
        outside="EU"),
    "a bucket in two regions": mutant(
        "bucket:Bucket", '"location"', '"customPlacementConfig": {"dataLocations": ["US-EAST1"]}, '
        '"location"', "bucket-location", outside="US-EAST1"),
    "a bucket that may be public": mutant(
        "bucket:Bucket", '"publicAccessPrevention": "enforced"',
        '"publicAccessPrevention": "inherited"', "bucket-public-blocked", outside="open to"),
    "a bucket with permissions of objects": mutant(
        "bucket:Bucket", '"uniformBucketLevelAccess": true', '"uniformBucketLevelAccess": false',
        "bucket-public-blocked"),
    "a bucket under the key of another zone": mutant(
        "bucket:Bucket", "watch-fr-plants", "watch-eu-plants", "bucket-zone-key",
        outside="resource of zone `eu-plants`", zone="fr-plants"),
    "a ring elsewhere": mutant(
        "keyRing:KeyRing", '"location": "europe-west3"', '"location": "global"', "key-in-region",
        outside="global"),
    "images in several regions": mutant(
        "repository:Repository", '"location": "europe-west3"', '"location": "europe"',
        "registry-in-region", outside="europe"),
    "images under the provider's key": mutant(
        "repository:Repository", "kmsKeyName", "description", "registry-in-region"),
    "images of others": mutant(
        "repository:Repository", '"format": "DOCKER"', '"mode": "REMOTE_REPOSITORY"',
        "registry-in-region"),
    "messages in any region": mutant(
        "topic:Topic", '"enforceInTransit": true', '"enforceInTransit": false',
        "pubsub-storage-policy"),
    "messages in two regions": mutant(
        "topic:Topic", '["europe-west3"]', '["europe-west3", "us-east1"]',
        "pubsub-storage-policy", outside="us-east1"),
    "training by the global address": mutant(
        "job:Job", "https://europe-west3-aiplatform", "https://aiplatform",
        "vertex-regional-endpoint"),
    "training elsewhere": mutant(
        "job:Job", '"region": "europe-west3"', '"region": "us-east1"', "training-in-region",
        outside="us-east1"),
}  # fmt: skip
GCP_ADDED: dict[str, tuple[str, dict[str, object], set[str]]] = {
    "logs that go elsewhere": (
        "gcp:logging/projectSink:ProjectSink", {"destination": "storage.googleapis.com/b"},
        set()),
    "an address in front": (
        "gcp:compute/globalAddress:GlobalAddress", {}, {"service-egress-denied"}),
    "a database": (
        "gcp:spanner/instance:Instance", {"config": "regional-europe-west3"}, set()),
    "a bucket for everybody": (
        "gcp:storage/bucketIAMMember:BucketIAMMember",
        {"bucket": "b", "member": "allUsers"}, set()),
    "a second policy": (
        "gcp:orgpolicy/policy:Policy",
        {"name": "projects/p/policies/gcp.resourceLocations", "spec": {"reset": True}},
        {"org-resource-locations"}),
    "a second sink": (
        "gcp:logging/projectSink:ProjectSink",
        {"destination": "pubsub.googleapis.com/projects/p/topics/t"}, {"logs-in-region"}),
    "a subscription that sends away": (
        "gcp:pubsub/subscription:Subscription",
        {"topic": "t", "pushConfig": {"pushEndpoint": "https://example.org"}},
        {"messages-in-store"}),
    "translation of addresses": (
        "gcp:compute/router:Router", {"region": "europe-west3"}, {"service-egress-denied"}),
    "a key of an account": (
        "gcp:serviceaccount/key:Key", {"serviceAccountId": "a"}, set()),
}  # fmt: skip
"""Resources that nobody asked for, with their inputs and the guards that miss something then."""
