"""Amazon S3, Azure Blob Storage and Google Cloud Storage in memory, over HTTP on loopback.

Each refuses what the real one would: a request nobody signed, an upload whose digest is not right,
a condition that does not hold, a store that is not there. What says who asks is answered here, too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

STS = "https://sts.amazonaws.com/doc/2011-06-15/"
ROLE_KEY, OWN_KEY = "AKROLE", "AKOWN"
TOKEN, OWN_TOKEN = "token-of-the-publisher", "token-of-the-user"


@dataclass(slots=True)
class Kept:
    """An object: its bytes, what came with them, and how often it was written."""

    data: bytes
    headers: dict[str, str]
    version: int


@dataclass(slots=True)
class Stores:
    """What lies in which store, what was asked in which order, and what goes wrong when.

    `denied` is the provider's answer to whoever wants to act as a publisher, `refused` that to an
    upload: status and body. `open` stores are read by everybody, `kill_at` ends the process
    `victim` at an upload, after it arrived, and `lose` answers nothing to it.
    """

    objects: dict[str, dict[str, Kept]] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    denied: tuple[int, str] | None = None
    refused: tuple[int, str] | None = None
    busy: int = 0
    open: bool = False
    spoil: bool = False
    kill_at: int = 0
    victim: int = 0
    meanwhile: Callable[[], None] | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def paths(self, store: str) -> list[str]:
        """The paths of what lies in a store, in order."""
        return sorted(self.objects.get(store, {}))


class _Handler(BaseHTTPRequestHandler):
    stores: Stores

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path = urlsplit(self.path).path
        self.stores.asked.append(("POST", path, body))
        if self.stores.denied is not None:
            self._say(*self.stores.denied)
        elif "AssumeRole" in body:
            self._assume(body)
        elif path.endswith(":generateAccessToken"):
            good = self.headers.get("Authorization") == f"Bearer {OWN_TOKEN}"
            self._say(*((200, json.dumps({"accessToken": TOKEN})) if good else (401, "")))
        else:
            asked = parse_qs(body)
            good = asked.get("client_secret") == ["s3cr3t"]
            self._say(*((200, json.dumps({"access_token": TOKEN})) if good else
                        (401, '{"error": "invalid_client"}')))  # fmt: skip

    def _assume(self, body: str) -> None:
        role = parse_qs(body)["RoleArn"][0]
        if not self._signed_by(OWN_KEY) or not role.startswith("arn:"):
            self._say(403, "<Error><Code>InvalidClientTokenId</Code><Message>no</Message></Error>")
            return
        self._say(200, f"<R xmlns='{STS}'><AccessKeyId>{ROLE_KEY}</AccessKeyId><SecretAccessKey>s"
                  "</SecretAccessKey><SessionToken>t</SessionToken></R>")  # fmt: skip

    def _signed_by(self, key: str) -> bool:
        said = self.headers.get("Authorization", "")
        return said.startswith(f"AWS4-HMAC-SHA256 Credential={key}/") and "Signature=" in said

    def _known(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            return True
        return self._signed_by(ROLE_KEY) and self.headers.get("x-amz-security-token") == "t"

    def _place(self) -> tuple[str, str]:
        store, _, path = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        return store, path

    def do_HEAD(self) -> None:
        self._read(body=False)

    def do_GET(self) -> None:
        self._read(body=True)

    def _read(self, *, body: bool) -> None:
        store, path = self._place()
        self.stores.asked.append((self.command, store, path))
        if not self._known() and not self.stores.open:
            self._say(403, "<Error><Code>AccessDenied</Code></Error>" if body else "")
            return
        kept = self.stores.objects.get(store, {}).get(path)
        if kept is None:
            self._say(404, "<Error><Code>NoSuchKey</Code></Error>" if body else "")
            return
        self._say(200, kept.data, {**kept.headers, "ETag": f'"{kept.version}"',
                                   "x-goog-generation": str(kept.version)}, body=body)  # fmt: skip

    def do_PUT(self) -> None:
        store, path = self._place()
        data = self.rfile.read(int(self.headers["Content-Length"]))
        with self.stores.lock:
            if self.stores.meanwhile is not None:
                self.stores.meanwhile()
            fault = self._fault(store, path, data)
            if fault is not None:
                self._say(*fault)
                return
            self._keep(store, path, data)
            if len(self.stores.written) == self.stores.kill_at:
                os.kill(self.stores.victim, signal.SIGKILL)
        self._say(201, "")

    def _keep(self, store: str, path: str, data: bytes) -> None:
        before = self.stores.objects.setdefault(store, {}).get(path)
        kept = {name.lower(): value for name, value in self.headers.items()
                if re.match(r"x-(amz-checksum|ms-meta|goog-meta)-", name.lower())}  # fmt: skip
        if self.stores.spoil:
            data = data[:-1]
        number = before.version + 1 if before else 1
        self.stores.objects[store][path] = Kept(data, kept, number)
        self.stores.written.append((store, path))

    def _fault(self, store: str, path: str, data: bytes) -> tuple[int, str] | None:
        named = {name.lower(): value for name, value in self.headers.items()}
        if self.stores.busy:
            self.stores.busy -= 1
            return 503, "<Error><Code>SlowDown</Code></Error>"
        if not self._known():
            return 403, "<Error><Code>AccessDenied</Code></Error>"
        if any(re.search(r"-acl$|-grant-|public-access", name) for name in named):
            return 400, "<Error><Code>AccessControlListNotSupported</Code></Error>"
        if self.stores.refused is not None:
            return self.stores.refused
        sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
        md5 = base64.b64encode(hashlib.md5(data).digest()).decode()
        said = named.get("x-amz-checksum-sha256"), named.get("content-md5")
        if said not in ((sha256, None), (None, md5)):
            return 400, "<Error><Code>BadDigest</Code><Message>not what was sent</Message></Error>"
        there = self.stores.objects.get(store, {}).get(path)
        wanted = named.get("if-match") or named.get("x-goog-if-generation-match")
        if named.get("if-none-match") == "*" or wanted == "0":
            return (412, "<Error><Code>PreconditionFailed</Code></Error>") if there else None
        if wanted and (there is None or wanted.strip('"') != str(there.version)):
            return 412, "<Error><Code>PreconditionFailed</Code></Error>"
        return None

    def _say(
        self, status: int, data: bytes | str, headers: dict[str, str] | None = None, *,
        body: bool = True,
    ) -> None:  # fmt: skip
        raw = data.encode() if isinstance(data, str) else data
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if body:
            self.wfile.write(raw)


@contextmanager
def object_stores(stores: Stores) -> Iterator[dict[str, str]]:
    """The three services, at one address; the environment in which they are found, with credentials
    of a user who may act as every publisher."""
    handler = type("Handler", (_Handler,), {"stores": stores})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    at = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield {
            "AWS_ENDPOINT_URL": at, "AWS_ACCESS_KEY_ID": OWN_KEY, "AWS_SECRET_ACCESS_KEY": "s",
            "STORAGE_EMULATOR_HOST": at, "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": at,
            "GOOGLE_OAUTH_ACCESS_TOKEN": OWN_TOKEN,
            "AZURE_STORAGE_SERVICE_ENDPOINT": at, "AZURE_AUTHORITY_HOST": at,
            "ARM_CLIENT_ID": "app", "ARM_TENANT_ID": "tenant", "ARM_CLIENT_SECRET": "s3cr3t",
        }  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
