"""Signers that the library does not reach as we need: Google's over HTTPS, public keys of Vault."""

from __future__ import annotations

import os
from base64 import b64decode
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.exceptions import UnsupportedAlgorithmError, UnsupportedLibraryError
from securesystemslib.signer import (
    AWSSigner,
    GCPSigner,
    HSMSigner,
    Key,
    SecretsHandler,
    SSlibKey,
)

ENDPOINT = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"
"""The variable by which Google's own tools are told of another endpoint of Cloud KMS."""

_VAULT_KINDS = ("ed25519", "ecdsa-p256")


class GoogleSigner(GCPSigner):  # type: ignore[misc]
    """Cloud KMS over HTTPS instead of gRPC: proxies and private endpoints take it."""

    def __init__(self, gcp_keyid: str, public_key: SSlibKey) -> None:
        self.hash_algorithm = public_key.get_hash_algorithm_name()
        self.gcp_keyid = gcp_keyid
        self._public_key = public_key
        self.client = google_client()


def google_client() -> Any:
    """A client of Cloud KMS over HTTPS, with the login of this machine."""
    try:
        from google.cloud.kms_v1 import KeyManagementServiceClient
        from google.cloud.kms_v1.services.key_management_service.transports import (
            KeyManagementServiceRestTransport,
        )
    except ImportError:
        raise UnsupportedLibraryError("google-cloud-kms") from None
    endpoint = urlsplit(os.environ.get(ENDPOINT, "https://cloudkms.googleapis.com/"))
    transport = KeyManagementServiceRestTransport(
        host=endpoint.netloc, url_scheme=endpoint.scheme or "https"
    )
    return KeyManagementServiceClient(transport=transport)


def aws_public(uri: str, _: SecretsHandler) -> Key:
    """The public half of a key in AWS KMS."""
    return AWSSigner.import_(uri.partition(":")[2])[1]


def google_public(uri: str, _: SecretsHandler) -> Key:
    """The public half of a key in Cloud KMS."""
    found = google_client().get_public_key({"name": uri.partition(":")[2]})
    return _signing(load_pem_public_key(found.pem.encode()))


def azure_public(uri: str, _: SecretsHandler) -> Key:
    """The public half of a key in Azure Key Vault, in whichever of its clouds the vault is."""
    try:
        from azure.identity import DefaultAzureCredential
        from azure.keyvault.keys import KeyClient
    except ImportError:
        raise UnsupportedLibraryError("azure-keyvault-keys") from None
    from cryptography.hazmat.primitives.asymmetric import ec

    place = urlsplit(uri)
    name, version = [*place.path.split("/"), "", "", "", ""][2:4]
    client = KeyClient(vault_url=f"https://{place.netloc}/", credential=DefaultAzureCredential())
    found = client.get_key(name, version or None).key
    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    if found.crv not in curves:
        raise UnsupportedAlgorithmError(f"Azure key of type {found.kty}")
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(found.x), int.from_bytes(found.y), curves[found.crv]
    )
    return _signing(numbers.public_key())


def vault_public(uri: str, _: SecretsHandler) -> Key:
    """The public half of a key of Vault's Transit engine, in the version that the URI names."""
    try:
        import hvac
    except ImportError:
        raise UnsupportedLibraryError("hvac") from None
    name, version = uri.partition(":")[2].split("/")
    data = hvac.Client().secrets.transit.read_key(name)["data"]
    if data["type"] not in _VAULT_KINDS:
        raise UnsupportedAlgorithmError(f"a Vault key of type {data['type']}")
    versions = data["keys"]
    if version not in versions:
        from hybridspec.base.errors import UsageError

        raise UsageError(f"key `{name}` has no version {int(version)} in Vault",
                         help=f"its versions: {', '.join(sorted(versions, key=int))}")  # fmt: skip
    text = versions[version]["public_key"]
    if data["type"] == "ed25519":
        return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(b64decode(text)))
    return _signing(load_pem_public_key(text.encode()))


def hsm_public(uri: str, ask: SecretsHandler) -> Key:
    """The public half of a key on a PKCS#11 token."""
    from urllib.parse import parse_qsl

    place = urlsplit(uri)
    number = int(place.path) if place.path else None
    return HSMSigner.import_(number, dict(parse_qsl(place.query)).get("label"), ask)[1]


def _signing(key: Any) -> Key:
    try:
        return SSlibKey.from_crypto(key)
    except ValueError:
        raise UnsupportedAlgorithmError("a key of a kind that does not sign here") from None
