"""Stores that are spoken to with a bearer token: Azure Blob Storage and Google Cloud Storage."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from hybridspec.base.errors import AuthenticationFailed
from hybridspec.deliver.stores.command import said
from hybridspec.deliver.stores.request import Answer, endpoint, send
from hybridspec.deliver.stores.store import Digests, Found, parsed, refusal

_AZURE = "`ARM_CLIENT_ID`, `ARM_TENANT_ID` and `ARM_CLIENT_SECRET` (or `ARM_OIDC_TOKEN`)"
_ENTRA = ("AZURE_AUTHORITY_HOST",)
_AGAIN = "then run this again: what was done is kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a store calls the headers of an object, and those that every request has."""

    sha256: str
    version: str
    always: Mapping[str, str] = field(default_factory=dict)
    upload: Mapping[str, str] = field(default_factory=dict)


BLOB = Names(
    sha256="x-ms-meta-sha256", version="etag", always={"x-ms-version": "2021-12-02"},
    upload={"x-ms-blob-type": "BlockBlob"},
)  # fmt: skip
GCS = Names(sha256="x-goog-meta-sha256", version="x-goog-generation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A container or bucket, by its address, and who may write to it."""

    place: str
    address: str
    names: Names
    publisher: str
    allow: str
    token: str = field(repr=False)

    def url(self, path: str) -> str:
        """See `Dialect`."""
        return f"{self.address}/{quote(path, safe='/-_.~')}"

    def signed(self, method: str, url: str, headers: Mapping[str, str], sha256: str) -> dict[
        str, str
    ]:  # fmt: skip
        """See `Dialect`."""
        return {**headers, **self.names.always, "Authorization": f"Bearer {self.token}"}

    def asking(self) -> Mapping[str, str]:
        """See `Dialect`."""
        return {}

    def writing(self, digests: Digests, size: int, version: str | None) -> Mapping[str, str]:
        """See `Dialect`."""
        return {
            **self.names.upload,
            self.names.sha256: digests.sha256,
            "Content-MD5": base64.b64encode(digests.md5).decode(),
            **self._unless(version),
        }

    def _unless(self, version: str | None) -> Mapping[str, str]:
        if version is None:
            return {}
        if self.names is GCS:
            return {"x-goog-if-generation-match": version or "0"}
        return {"If-Match": version} if version else {"If-None-Match": "*"}

    def found(self, headers: Mapping[str, str]) -> Found:
        """See `Dialect`."""
        return Found(headers.get(self.names.sha256, ""), int(headers.get("content-length", -1)),
                     headers.get(self.names.version, ""))  # fmt: skip

    def may(self) -> str:
        """See `Dialect`."""
        return f"only {self.publisher} writes here: {self.allow}, {_AGAIN}"


def blob(url: str, publisher: str, environment: Mapping[str, str]) -> Bearer:
    """The channel's container, at the address that the stack hands out.

    Raises:
        HybridspecError: there are no credentials.
    """
    parts = urlsplit(url)
    usual = f"{parts.scheme}://{parts.netloc}"
    at = endpoint(environment, ("AZURE_STORAGE_SERVICE_ENDPOINT",), usual)
    account = "" if at == usual else f"/{parts.netloc.partition('.')[0]}"
    return Bearer(
        place=f"container {url}", address=f"{at}{account}{parts.path}", names=BLOB,
        publisher=f"the identity with the client {publisher}",
        allow=f"sign in as it where it is at home (`az login --identity --client-id {publisher}`), "
        "or give whoever publishes `Storage Blob Data Contributor` on the container",
        token=_entra(environment),
    )  # fmt: skip


def _entra(environment: Mapping[str, str]) -> str:
    """A token for Azure's storage: of an application in the environment, else the Azure CLI's."""

    def given(name: str) -> str:
        return environment.get(f"ARM_{name}") or environment.get(f"AZURE_{name}") or ""

    assertion = environment.get("ARM_OIDC_TOKEN", "")
    if not assertion and (file := given("FEDERATED_TOKEN_FILE")):
        assertion = Path(file).read_text(encoding="utf-8").strip()
    secret = given("CLIENT_SECRET")
    if given("CLIENT_ID") and given("TENANT_ID") and (secret or assertion):
        proof = {"client_secret": secret} if secret else {
            "client_assertion": assertion, "client_assertion_type":
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        }  # fmt: skip
        at = endpoint(environment, _ENTRA, "https://login.microsoftonline.com")
        body = urlencode({
            "grant_type": "client_credentials", "client_id": given("CLIENT_ID"), **proof,
            "scope": "https://storage.azure.com/.default",
        }).encode()  # fmt: skip
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = send("POST", f"{at}/{given('TENANT_ID')}/oauth2/v2.0/token", form, body)
        return _token(answer, "access_token", "Azure does not let the application in",
                      f"check {_AZURE}, {_AGAIN}")  # fmt: skip
    text = said(["az", "account", "get-access-token", "--resource", "https://storage.azure.com/",
                 "--output", "json"], environment, "Azure", _AZURE)  # fmt: skip
    try:
        return str(json.loads(text)["accessToken"])
    except (ValueError, KeyError, TypeError):
        raise AuthenticationFailed(
            "`az account get-access-token` gave no token that can be read",
            help=f"`az login`; or set {_AZURE}",
        ) from None


def gcs(bucket: str, publisher: str, environment: Mapping[str, str]) -> Bearer:
    """The channel's bucket, written to as the publisher's account.

    Raises:
        HybridspecError: nobody may act for the publisher with the credentials that there are.
    """
    at = endpoint(environment, ("STORAGE_EMULATOR_HOST",), "https://storage.googleapis.com")
    return Bearer(
        place=f"bucket {bucket}", address=f"{at}/{bucket}", names=GCS, publisher=publisher,
        allow=f"act as {publisher}", token=_acting(publisher, environment),
    )  # fmt: skip


def _acting(publisher: str, environment: Mapping[str, str]) -> str:
    """A token of an hour of the publisher's account, by the user's own."""
    own = environment.get("GOOGLE_OAUTH_ACCESS_TOKEN") or said(
        ["gcloud", "auth", "application-default", "print-access-token"], environment,
        "Google Cloud", "`GOOGLE_OAUTH_ACCESS_TOKEN`",
    )  # fmt: skip
    at = endpoint(environment, ("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",),
                  "https://iamcredentials.googleapis.com")  # fmt: skip
    body = json.dumps({
        "scope": ["https://www.googleapis.com/auth/devstorage.read_write"], "lifetime": "3600s",
    }).encode()  # fmt: skip
    url = f"{at}/v1/projects/-/serviceAccounts/{quote(publisher)}:generateAccessToken"
    headers = {"Authorization": f"Bearer {own}", "Content-Type": "application/json"}
    return _token(
        send("POST", url, headers, body), "accessToken",
        f"nobody may act as the publisher {publisher} with these credentials",
        f"give whoever publishes `roles/iam.serviceAccountTokenCreator` on {publisher}, {_AGAIN}",
    )  # fmt: skip


def _token(answer: Answer, name: str, refused: str, allow: str) -> str:
    found = parsed(answer).get(name)
    if answer.good and isinstance(found, str) and found:
        return found
    raise refusal(answer, refused, allow)
