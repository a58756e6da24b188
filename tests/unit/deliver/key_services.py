"""Loopback stubs of what keeps keys for others: Vault, AWS KMS, Azure Key Vault, Google Cloud KMS.

Each speaks the HTTP interface that its own client library speaks, over one real P-256 key.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Reply = tuple[int, Any]
Answer = Callable[[str, str, dict[str, str], bytes], Reply]

P256 = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"test").digest()) >> 1, ec.SECP256R1())
P384 = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"test").digest()), ec.SECP384R1())
K256 = ec.derive_private_key(int.from_bytes(hashlib.sha256(b"test").digest()) >> 1, ec.SECP256K1())
EDWARDS = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"test").digest())


class Service:
    """A server on loopback that answers as `answer` says; `fault`, if any, is said instead."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.fault, self.key, self.asked = answer, None, P256, []
        self.port = 0
        self.fault: Reply | None

    def reply(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """What is sent back."""
        self.asked.append(f"{method} {path}")
        if self.fault is not None and not path.startswith("/identity"):
            return self.fault
        return self.answer(method, path, headers, body)


@contextmanager
def serving(service: Service, tls: ssl.SSLContext | None = None) -> Iterator[Service]:
    """Run a service while the block lasts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.title(): value for name, value in self.headers.items()}
            code, said = service.reply(self.command, self.path, headers, body)
            data = json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if code == 401 and tls is not None:
                self.send_header(
                    "WWW-Authenticate",
                    'Bearer authorization="https://login.example/'
                    f't", resource="https://vault.localhost:{service.port}"',
                )
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _any  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        running.socket = tls.wrap_socket(running.socket, server_side=True)
    service.port = running.server_address[1]
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        running.shutdown()
        running.server_close()


def _der(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def pem(key: Any) -> str:
    """A public half as text."""
    data = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return str(data.decode())


def vault() -> Service:
    """Vault's Transit engine: https://developer.hashicorp.com/vault/api-docs/secret/transit."""

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        key = service.key
        kind = "ed25519" if key is EDWARDS else "ecdsa-p256" if key is P256 else "ecdsa-p384"
        if path == "/v1/transit/keys/ota":
            half = (
                base64.b64encode(EDWARDS.public_key().public_bytes_raw()).decode()
                if key is EDWARDS
                else pem(key)
            )
            return 200, {"data": {"type": kind, "keys": {"1": {"public_key": half}}}}
        asked = json.loads(body)
        payload = base64.b64decode(asked["input"])
        if path != "/v1/transit/sign/ota" or asked.get("key_version") != 1:
            return 404, {"errors": []}
        made = key.sign(payload) if key is EDWARDS else key.sign(payload, ec.ECDSA(SHA256()))
        text = base64.b64encode(made).decode()
        return 200, {"data": {"signature": f"vault:v1:{text}"}}

    service = Service(answer)
    return service


def aws() -> Service:
    """AWS KMS, JSON 1.1: GetPublicKey and Sign."""

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        asked = json.loads(body)
        action = headers["X-Amz-Target"].removeprefix("TrentService.")
        assert asked["KeyId"] == "alias/ota"
        if action == "GetPublicKey":
            names = ["ECDSA_SHA_256"] if service.key is P256 else ["SM2DSA"]
            return 200, {
                "KeyId": "k",
                "PublicKey": base64.b64encode(_der(service.key)).decode(),
                "KeyUsage": "SIGN_VERIFY",
                "SigningAlgorithms": names,
            }
        assert (action, asked["MessageType"]) == ("Sign", "DIGEST")
        made = P256.sign(base64.b64decode(asked["Message"]), ec.ECDSA(Prehashed(SHA256())))
        return 200, {
            "KeyId": "k",
            "Signature": base64.b64encode(made).decode(),
            "SigningAlgorithm": asked["SigningAlgorithm"],
        }

    service = Service(answer)
    return service


GOOGLE = "projects/p/locations/l/keyRings/r/cryptoKeys/ota/cryptoKeyVersions/1"


def google() -> Service:
    """Cloud KMS, REST v1: getPublicKey and asymmetricSign, and the token of a service account."""

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if path == "/token":
            return 200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
        assert headers["Authorization"].startswith("Bearer ")
        path = path.partition("?")[0]
        if (method, path) == ("GET", f"/v1/{GOOGLE}/publicKey"):
            return 200, {
                "name": GOOGLE,
                "pem": pem(service.key),
                "algorithm": "EC_SIGN_P256_SHA256",
            }
        assert (method, path) == ("POST", f"/v1/{GOOGLE}:asymmetricSign")
        digest = base64.b64decode(json.loads(body)["digest"]["sha256"])
        made = P256.sign(digest, ec.ECDSA(Prehashed(SHA256())))
        return 200, {"name": GOOGLE, "signature": base64.b64encode(made).decode()}

    service = Service(answer)
    return service


def azure() -> Service:
    """Azure Key Vault: keys and sign, behind a bearer challenge, and a managed identity."""

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if path.startswith("/identity"):
            return 200, {
                "access_token": "t",
                "expires_on": "4102444800",
                "token_type": "Bearer",
                "resource": "https://vault.localhost",
            }
        if "Authorization" not in headers:
            return 401, {"error": {"code": "Unauthorized", "message": "who?"}}
        kid = f"https://plants.vault.localhost:{service.port}/keys/ota/1"
        path = path.partition("?")[0]
        if (method, path.rstrip("/")) in (("GET", "/keys/ota/1"), ("GET", "/keys/ota")):
            return 200, {"key": _jwk(service.key, kid), "attributes": {"enabled": True}}
        assert (method, path) == ("POST", "/keys/ota/1/sign")
        digest = _unb64(json.loads(body)["value"])
        r, s = decode_dss_signature(P256.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
        return 200, {"kid": kid, "value": _b64(r.to_bytes(32) + s.to_bytes(32))}

    service = Service(answer)
    return service


def _jwk(key: Any, kid: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    curve = "P-256" if key is P256 else "P-256K"
    return {
        "kid": kid,
        "kty": "EC",
        "crv": curve,
        "key_ops": ["sign", "verify"],
        "x": _b64(numbers.x.to_bytes(32)),
        "y": _b64(numbers.y.to_bytes(32)),
    }


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
