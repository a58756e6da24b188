"""Amazon S3, spoken by signed requests (Signature Version 4) as the zone's publisher role."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from hybridspec.base.errors import AuthenticationFailed
from hybridspec.deliver.stores.command import said
from hybridspec.deliver.stores.request import endpoint, send
from hybridspec.deliver.stores.store import Digests, Found, refusal

_VARIABLES = "`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """Credentials of AWS; `token` is of those that end."""

    id: str
    secret: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs requests to one service of one region."""

    key: Key
    region: str
    service: str
    now: Callable[[], datetime] = _now

    def headers(self, method: str, url: str, headers: Mapping[str, str], sha256: str) -> dict[
        str, str
    ]:  # fmt: skip
        """The headers of a request with its signature among them; all of them are covered."""
        time = f"{self.now():%Y%m%dT%H%M%SZ}"
        parts = urlsplit(url)
        token = {"x-amz-security-token": self.key.token} if self.key.token else {}
        made = {**{name.lower(): value.strip() for name, value in headers.items()}, **token,
                "x-amz-date": time, "x-amz-content-sha256": sha256}  # fmt: skip
        covered = {**made, "host": parts.netloc}
        names = ";".join(sorted(covered))
        lines = [method, parts.path or "/", parts.query,
                 *(f"{name}:{covered[name]}" for name in sorted(covered)), "", names,
                 sha256]  # fmt: skip
        scope = f"{time[:8]}/{self.region}/{self.service}/aws4_request"
        digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}"
        key = f"AWS4{self.key.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, text.encode(), "sha256").hexdigest()
        return {**made, "authorization": f"AWS4-HMAC-SHA256 Credential={self.key.id}/{scope}, "
                f"SignedHeaders={names}, Signature={signature}"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """A bucket, by its address; `role` may write to it, and nobody else."""

    place: str
    address: str
    role: str
    signer: Signer

    def url(self, path: str) -> str:
        """See `Dialect`."""
        return f"{self.address}/{quote(path, safe='/-_.~')}"

    def signed(self, method: str, url: str, headers: Mapping[str, str], sha256: str) -> dict[
        str, str
    ]:  # fmt: skip
        """See `Dialect`."""
        return self.signer.headers(method, url, headers, sha256)

    def asking(self) -> Mapping[str, str]:
        """See `Dialect`."""
        return {"x-amz-checksum-mode": "ENABLED"}

    def writing(self, digests: Digests, size: int, version: str | None) -> Mapping[str, str]:
        """See `Dialect`."""
        checked = base64.b64encode(bytes.fromhex(digests.sha256)).decode()
        unless = (
            {}
            if version is None
            else ({"if-match": version} if version else {"if-none-match": "*"})
        )
        return {"x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": checked,
                **unless}  # fmt: skip

    def found(self, headers: Mapping[str, str]) -> Found:
        """See `Dialect`."""
        said = headers.get("x-amz-checksum-sha256", "")
        whole = re.fullmatch(r"[A-Za-z0-9+/]{43}=", said)  # one of several parts ends with -N
        sha256 = base64.b64decode(said).hex() if whole else ""
        return Found(sha256, int(headers.get("content-length", -1)), headers.get("etag", ""))

    def may(self) -> str:
        """See `Dialect`."""
        return f"only {self.role} writes here: the key's and the bucket's policies are the stack's"


def s3(bucket: str, region: str, role: str, environment: Mapping[str, str]) -> S3:
    """The channel's bucket, written to in the publisher's role.

    Raises:
        HybridspecError: nobody may take the role with the credentials that there are.
    """
    domain = _domain(region)
    usual = f"https://{bucket}.s3.{region}.{domain}"
    address = endpoint(environment, ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), usual)
    key = _as_role(_own(environment), region, role, environment)
    return S3(
        place=f"bucket {bucket}", address=address if address == usual else f"{address}/{bucket}",
        role=role, signer=Signer(key=key, region=region, service="s3"),
    )  # fmt: skip


def _domain(region: str) -> str:
    suffixes = {"cn": "amazonaws.com.cn", "eusc": "amazonaws.eu"}
    return suffixes.get(region.partition("-")[0], "amazonaws.com")


def _own(environment: Mapping[str, str]) -> Key:
    """The user's credentials: of the environment, else those that the AWS CLI gives."""
    if environment.get("AWS_ACCESS_KEY_ID") and environment.get("AWS_SECRET_ACCESS_KEY"):
        return Key(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"],
                   environment.get("AWS_SESSION_TOKEN", ""))  # fmt: skip
    text = said(["aws", "configure", "export-credentials", "--format", "process"], environment,
                "AWS", _VARIABLES)  # fmt: skip
    try:
        found = json.loads(text)
        return Key(found["AccessKeyId"], found["SecretAccessKey"], found.get("SessionToken") or "")
    except (ValueError, KeyError, TypeError):
        raise AuthenticationFailed(
            "`aws configure export-credentials` gave no credentials that can be read",
            help=f"install version 2 of the AWS CLI, or set {_VARIABLES}",
        ) from None


def _as_role(key: Key, region: str, role: str, environment: Mapping[str, str]) -> Key:
    """Credentials of an hour, of the publisher's role."""
    at = endpoint(environment, ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"),
                  f"https://sts.{region}.{_domain(region)}")  # fmt: skip
    body = urlencode({
        "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role,
        "RoleSessionName": "hybridspec-publish", "DurationSeconds": "3600",
    }).encode()  # fmt: skip
    signer = Signer(key=key, region=region, service="sts")
    headers = signer.headers(
        "POST", f"{at}/", {"content-type": "application/x-www-form-urlencoded"},
        hashlib.sha256(body).hexdigest(),
    )  # fmt: skip
    answer = send("POST", f"{at}/", headers, body)
    text = answer.body.decode(errors="replace")
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    found = [re.search(f"<{name}>([^<]+)<", text) for name in names]
    if answer.good and all(found):
        return Key(*(one[1] for one in found if one))
    raise refusal(
        answer, f"nobody may take the publisher's role {role} with these credentials",
        f"let the identity that deploys do `sts:AssumeRole` on {role}, then run this again",
    )  # fmt: skip
