"""Who may write to a channel store, and what a cloud's refusal says: cause, way out, code."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conformance.channels import CAMERA, Publisher
from engine.brought import CLOUDS, NOWHERE, bring, there
from engine.object_stores import TOKEN, Stores

from hybridspec.base.errors import AuthenticationFailed, HybridspecError, UsageError
from hybridspec.deliver.stores.provider import store
from hybridspec.deliver.stores.s3 import Key, Signer
from hybridspec.deliver.stores.upload import parts

REFUSALS = {
    "may not act as the publisher": (
        "denied", 403, {c: "may take the publisher's role" if c == "aws" else "act as the publisher"
                        for c in ("aws", "gcp")}, 3,
        '{"error": {"code": 403, "message": "Permission iam denied", "status": "PERMISSION_DENIED"'
        "}}",
    ),
    "expired": (
        "denied", 400, dict.fromkeys(CLOUDS, "have expired"), 3,
        '{"error": "invalid_grant", "error_description": "AADSTS700082: it has expired"}',
    ),
    "a store that closed": (
        "refused", 403, dict.fromkeys(CLOUDS, "the account may not do this"), 3,
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
    ),
    "a full account": (
        "refused", 403, dict.fromkeys(CLOUDS, "a quota"), 4,
        "<Error><Code>QuotaExceeded</Code><Message>over</Message></Error>",
    ),
    "something else": (
        "refused", 418, dict.fromkeys(CLOUDS, "TeaPot: short and stout"), 4,
        "<Error><Code>TeaPot</Code><Message>short and stout</Message></Error>",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("case", "cloud"), [(case, cloud) for case, row in REFUSALS.items()
                                             for cloud in row[2]])  # fmt: skip
def test_a_refusal_has_the_providers_cause_a_way_out_and_a_code(
    case: str, cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    where, status, sentences, code, body = REFUSALS[case]
    setattr(stores, where, (status, body))
    with pytest.raises(HybridspecError) as refused:
        bring(publisher, there(cloud, environment))
    assert sentences[cloud] in refused.value.message
    assert refused.value.exit_code == code
    assert refused.value.help
    said = refused.value.message + refused.value.help
    assert "\n" not in said
    assert not [secret for secret in (TOKEN, "s3cr3t", "token-of-the-user") if secret in said]


TOOLS = {"aws": "aws", "azure": "az", "gcp": "gcloud"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_credentials_it_says_how_to_come_by_some(cloud: str, tmp_path: Path) -> None:
    with pytest.raises(AuthenticationFailed, match="no credentials") as refused:
        there(cloud, {"PATH": str(tmp_path)})
    assert f"`{TOOLS[cloud]}`" in refused.value.help


def tool(folder: Path, name: str, script: str) -> str:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    return f"{folder}:{os.defpath}"


PRINTS = {
    "aws": '{"Version": 1, "AccessKeyId": "AKOWN", "SecretAccessKey": "s", "SessionToken": null}',
    "azure": json.dumps({"accessToken": TOKEN}),
    "gcp": "token-of-the-user",
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_credentials_come_from_the_clouds_own_tool(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher, tmp_path: Path
) -> None:
    places = {name: at for name, at in environment.items() if at.startswith("http")}
    path = tool(tmp_path, TOOLS[cloud], f"echo '{PRINTS[cloud]}'")
    assert bring(publisher, there(cloud, {**places, "PATH": path}))

    path = tool(tmp_path, TOOLS[cloud], "echo 'ERROR: the session has expired' >&2; exit 1")
    with pytest.raises(AuthenticationFailed, match="have expired"):
        there(cloud, {**places, "PATH": path})


def test_an_identity_that_a_pipeline_is_given_is_used(
    stores: Stores, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("signed by the pipeline\n")
    plain = {k: v for k, v in environment.items() if k != "ARM_CLIENT_SECRET"}
    with pytest.raises(AuthenticationFailed):  # the stand-in knows a secret alone
        there("azure", {**plain, "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token")})
    ((_, path, body),) = stores.asked
    assert path == "/tenant/oauth2/v2.0/token"
    assert "client_assertion=signed+by+the+pipeline" in body
    assert "jwt-bearer" in body


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"])
def test_credentials_do_not_cross_a_network_in_the_clear(
    name: str, environment: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match="in the clear"):
        there("aws", {**environment, name: "http://s3.example.org"})


def test_a_stack_without_a_channel_store_is_told() -> None:
    with pytest.raises(HybridspecError, match="hands out no channel store"):
        store("aws", "eu", "eu-west-1", {"channel": "bucket"}, NOWHERE)


def test_a_channel_that_nobody_signed_yet_is_none(tmp_path: Path, publisher: Publisher) -> None:
    assert parts(tmp_path / "nothing", [CAMERA]) == {}
    (what,) = parts(publisher.channel, [CAMERA, "robot"]).values()
    assert what.device_classes == (CAMERA,)


PUBLISHED = [
    # The examples of the documentation of Signature Version 4 for Amazon S3.
    ("GET", "/test.txt", {"Range": "bytes=0-9"}, hashlib.sha256().hexdigest(),
     "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    ("PUT", "/test%24file.text",
     {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
     hashlib.sha256(b"Welcome to Amazon S3.").hexdigest(),
     "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "headers", "sha256", "signature"), PUBLISHED)
def test_signatures_are_those_that_amazon_publishes(
    method: str, path: str, headers: dict[str, str], sha256: str, signature: str
) -> None:
    signer = Signer(
        key=Key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region="us-east-1", service="s3", now=lambda: datetime(2013, 5, 24, tzinfo=UTC),
    )  # fmt: skip
    url = f"https://examplebucket.s3.amazonaws.com{path}"
    made = signer.headers(method, url, headers, sha256)
    assert made["authorization"].endswith(f"Signature={signature}")
