"""What the engine prints when it fails: one sentence, its cause, the next command, the code."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver.engine.command import Ran, find
from hybridspec.deliver.engine.fault import StackLocked, raise_for
from hybridspec.deliver.engine.project import Project

# What providers and backends print, by the code that it ends with and what the user reads.
TABLE = {
    "no credentials, AWS": (
        3, "no credentials", "aws configure",
        "error: rpc error: code = Unknown desc = No valid credential sources found for AWS",
    ),
    "no credentials, Google Cloud": (
        3, "no credentials", "gcloud auth",
        "error: google: could not find default credentials. See https://cloud.google.com/docs",
    ),
    "no credentials, Azure": (
        3, "no credentials", "az login",
        "error: building AzureRM Client: please run 'az login' to setup account",
    ),
    "expired token, AWS": (
        3, "expired", "aws sso login",
        "error: operation error STS: api error ExpiredToken: The security token included in the "
        "request is expired",
    ),
    "expired token, Azure": (
        3, "expired", "az login", "error: AADSTS700082: The refresh token has expired",
    ),
    "wrong account, AWS": (
        3, "another account", "AWS_PROFILE", "error: AWS Account ID not allowed: 123456789012",
    ),
    "wrong account, Azure": (
        3, "another account", "az account set",
        "error: SubscriptionNotFound: The subscription 'x' could not be found.",
    ),
    "wrong account, Google Cloud": (
        3, "another account", "gcloud config set project",
        "error: googleapi: Error 404: project watch-prod not found, notFound",
    ),
    "expired session, AWS": (
        3, "expired", "aws sso login",
        "error: refresh cached SSO token failed, unable to refresh SSO token, operation error SSO "
        "OIDC: CreateToken, InvalidGrantException",
    ),
    "expired session, Google Cloud": (
        3, "expired", "gcloud auth",
        'error: oauth2: "invalid_grant" "reauth related error (invalid_rapt)"',
    ),
    "credentials that are none": (
        3, "not valid", "switched on",
        "error: InvalidClientTokenId: The security token included in the request is invalid",
    ),
    "a service that is off, Google Cloud": (
        4, "not switched on", "gcloud services enable",
        "error: googleapi: Error 403: Cloud Key Management Service (KMS) API has not been used in "
        "project watch before or it is disabled. SERVICE_DISABLED PERMISSION_DENIED",
    ),
    "a service that is off, Azure": (
        4, "not switched on", "az provider register",
        "error: MissingSubscriptionRegistration: The subscription is not registered to use "
        "namespace 'Microsoft.Devices'",
    ),
    "a policy of the organisation, AWS": (
        5, "policy of the organisation", "owner",
        "error: AccessDenied: not authorized to perform: kms:CreateKey with an explicit deny in a "
        "service control policy",
    ),
    "a policy of the organisation, Azure": (
        5, "policy of the organisation", "owner",
        "error: RequestDisallowedByPolicy: Resource 'x' was disallowed by policy.",
    ),
    "a policy of the organisation, Google Cloud": (
        5, "policy of the organisation", "owner",
        "error: googleapi: Error 412: 'us-east1' violates constraint 'constraints/gcp.resource"
        "Locations', conditionNotMet",
    ),
    "a policy pack": (
        5, "a policy of the engine", "log",
        "Policies:\n    hybridspec-watch-aws@v1.0.0 (local: policy)\n        - [mandatory]  "
        "customer-key  (aws:kms/key:Key: eu)\n          [customer-key] the key does not "
        "rotate\nDiagnostics:\n    error: preview failed",
    ),
    "no permission": (
        3, "may not", "permission",
        "error: AccessDenied: User: arn:aws:iam::1:user/x is not authorized to perform: s3:Create",
    ),
    "quota, AWS": (
        4, "quota", "raise", "error: creating Bucket: TooManyBuckets: You have attempted to create",
    ),
    "quota, Google Cloud": (
        4, "quota", "raise", "error: Error 429: Quota exceeded for quota metric 'keys'",
    ),
    "quota, Azure": (
        4, "quota", "raise", "error: Operation could not be completed as it results in exceeding "
        "approved standardNCFamily Cores quota",
    ),
    "region, AWS": (
        4, "region", "clouds.*.regions",
        "error: OptInRequired: You are not subscribed to this service in this region",
    ),
    "region, Google Cloud": (
        4, "region", "clouds.*.regions",
        "error: googleapi: Error 400: the machine type is not available in region europe-west12",
    ),
    "region, Azure": (
        4, "region", "clouds.*.regions",
        "error: LocationNotAvailableForResourceType: The provided location is not available",
    ),
    "name taken, AWS": (
        4, "taken already", "--adopt", "error: creating Bucket (x): BucketAlreadyExists: The name",
    ),
    "name taken, Google Cloud": (
        4, "taken already", "metadata.name",
        "error: googleapi: Error 409: The requested bucket name is not available. The bucket "
        "namespace is shared by all users of the system., conflict",
    ),
    "name taken, Azure": (
        4, "taken already", "metadata.name",
        "error: StorageAccountAlreadyTaken: The storage account named x is already taken.",
    ),
    "store with data": (
        4, "not empty", "empty it", "error: deleting Bucket: BucketNotEmpty: The bucket you tried",
    ),
    "damaged state": (
        1, "is damaged", ".json.bak",
        "error: failed to load checkpoint: unexpected end of JSON input",
    ),
    "passphrase": (
        2, "passphrase", "PULUMI_CONFIG_PASSPHRASE_FILE", "error: incorrect passphrase",
    ),
}  # fmt: skip


def raised(text: str, code: int = 1, log: Path | None = Path("aws.log")) -> HybridspecError:
    with pytest.raises(HybridspecError) as caught:
        raise_for(Ran(code, "", text), "aws", "up", log)
    return caught.value


@pytest.mark.parametrize("case", TABLE)
def test_a_known_failure_has_a_sentence_a_way_out_and_a_code(case: str) -> None:
    code, sentence, help, text = TABLE[case]
    fault = raised(f"Updating (prod)\n  aws:s3:Bucket (x):\n    {text}\nerror: update failed\n")
    assert fault.exit_code == code
    assert sentence in fault.message
    assert help in fault.help
    assert "\n" not in fault.message
    assert fault.message.startswith("aws: ")


@pytest.mark.parametrize("text", [
    "error: no resource plugin 'pulumi-resource-aws' found in the workspace at version v7.51.1 or "
    "on your $PATH",
    "error: failed to download plugin: aws-7.51.1: 403 HTTP error fetching plugin",
])  # fmt: skip
def test_a_missing_plugin_is_told_how_to_be_installed_without_a_network(text: str) -> None:
    fault = raised(text)
    assert fault.exit_code == 1
    assert "aws 7.51.1 is not installed" in fault.message
    assert "pulumi plugin install resource aws v7.51.1 --file pulumi-resource-aws-v7.51.1" in (
        fault.help
    )


UNPUSHED = {
    "aws": (
        "ValidationException: Requested image 111122223333.dkr.ecr.eu-west-1.amazonaws.com/watch"
        "/serve:1 not found.",
        "aws ecr get-login-password --region eu-west-1 | docker login --username AWS "
        "--password-stdin 111122223333.dkr.ecr.eu-west-1.amazonaws.com`",
        "111122223333.dkr.ecr.eu-west-1.amazonaws.com/watch/serve:1",
    ),
    "azure": (
        "Field 'template.containers.main.image' is invalid with details: 'Invalid value: "
        '"watchabc.azurecr.io/serve/watch:1": GET https:: MANIFEST_UNKNOWN: manifest tagged by "1" '
        "is not found; map[Tag:1]'",
        "az acr login --name watchabc`", "watchabc.azurecr.io/serve/watch:1",
    ),
    "gcp": (
        "Error waiting to create Service: Error code 5, message: Revision 'x-00001' is not ready "
        "and cannot serve traffic. Image 'europe-west3-docker.pkg.dev/p/watch/serve:1' not found.",
        "gcloud auth configure-docker europe-west3-docker.pkg.dev`",
        "europe-west3-docker.pkg.dev/p/watch/serve:1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cloud", UNPUSHED)
def test_a_service_without_its_image_says_how_to_push_it(cloud: str) -> None:
    text, sign_in, image = UNPUSHED[cloud]
    fault = raised(f"    error: {text}\nerror: update failed\n")
    assert fault.exit_code == 4
    assert fault.message.endswith(f"pushed yet: {image}")
    for command in (sign_in, f"--tag {image} ", f"`docker push {image}`"):
        assert command in fault.help


def test_an_image_that_is_named_for_another_reason_is_not_called_missing() -> None:
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/watch/serve:1"
    fault = raised(f"    error: AccessDenied: not authorized to perform: pull {image}\n")
    assert fault.exit_code == 3


def lock(host: str, pid: int) -> StackLocked:
    text = (
        "error: the stack is currently locked by 1 lock(s). Either wait for the other "
        "process(es) to end or delete the lock file with `pulumi cancel`.\n  file:///x/lock.json: "
        f"created by ada@{host} (pid {pid}) at 2026-11-01T12:00:00Z"
    )
    fault = raised(text)
    assert isinstance(fault, StackLocked)
    return fault


def test_a_lock_names_its_holder_and_only_a_dead_one_of_this_machine_is_repaired() -> None:
    other = lock("far", 1)
    assert "ada@far works on the stack" in other.message
    assert other.lock is not None
    assert not other.lock.stale
    alive = lock(socket.gethostname(), os.getpid())
    assert alive.lock is not None
    assert not alive.lock.stale
    dead = lock(socket.gethostname(), 2**22 + 1)
    assert dead.lock is not None
    assert dead.lock.stale
    assert "--repair" in dead.help


def test_what_nobody_knows_shows_what_was_said_and_where_all_of_it_is() -> None:
    fault = raised("Updating\n    error: the moon is in the way\nerror: update failed\n")
    assert fault.exit_code == 4
    assert "the moon is in the way" in fault.message
    assert "aws.log" in fault.help
    assert raised("", code=-9).message.startswith("aws: the engine was killed (signal 9)")
    assert raised("error: no stack", code=6, log=None).exit_code == 6


def test_a_project_that_is_gone_names_what_writes_it_again(tmp_path: Path) -> None:
    project = Project(cloud="aws", stack="prod", folder=tmp_path / "aws",
                      cli=find(fake(tmp_path, "v3.274.1")), environment={})  # fmt: skip
    with pytest.raises(HybridspecError, match="no longer in") as gone:
        project.state()
    assert "`hybridspec up --stack prod`" in gone.value.help


def fake(folder: Path, version: str) -> dict[str, str]:
    (folder / "pulumi").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "pulumi").chmod(0o755)
    return {"PATH": f"{folder}:{os.defpath}"}


def test_a_cli_that_is_missing_or_too_old_is_told_how_to_come_by(tmp_path: Path) -> None:
    with pytest.raises(HybridspecError, match="not installed") as missing:
        find({"PATH": str(tmp_path)})
    assert "release archive" in missing.value.help
    with pytest.raises(HybridspecError, match=r"v3\.200\.0.*before 3\.226\.0") as old:
        find(fake(tmp_path, "v3.200.0"))
    assert "install 3.226.0 or newer" in old.value.help
    assert find(fake(tmp_path, "v3.274.1")).version == "v3.274.1"
    with pytest.raises(HybridspecError, match="does not say its version"):
        find(fake(tmp_path, "moo"))
