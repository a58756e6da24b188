"""What goes wrong with a private key, by what its library raises: a cause and the next command."""

from __future__ import annotations

from hybridspec.base.errors import AuthenticationFailed, HybridspecError, UsageError
from hybridspec.bundle.keys import NotAtHand

EXTRAS = {"hsm": "hsm", "hv": "vault", "awskms": "awskms", "azurekms": "azurekms",
          "gcpkms": "gcpkms"}  # fmt: skip
"""Kinds of signers that want packages of their own, and the extra that has them."""

_Row = tuple[type[HybridspecError], str, str]
_LOGIN = {
    "hv": "run `vault login`, then `export VAULT_TOKEN=…`",
    "awskms": "run `aws sso login`, or set AWS_PROFILE",
    "azurekms": "run `az login`",
    "gcpkms": "run `gcloud auth application-default login`",
    "hsm": "plug the token in and set PYKCS11LIB to its module",
}
_REACH = {
    "hv": "set VAULT_ADDR to its address and check that the network reaches it",
    "awskms": "check AWS_REGION and the network",
    "azurekms": "check the name of the vault and the network",
    "gcpkms": "check the network and the proxy",
    "hsm": "check PYKCS11LIB",
}
_NO_ONE = ("NoCredentialsError", "DefaultCredentialsError", "CredentialUnavailableError",
           "NoRegionError", "PartialCredentialsError")  # fmt: skip
_EXPIRED = ("ExpiredTokenException", "ExpiredToken", "RefreshError", "TokenRefreshRequired",
            "UnauthorizedSSOTokenError", "SSOTokenLoadError")  # fmt: skip
_UNKNOWN = ("UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch",
            "InvalidSignatureException", "Unauthorized", "Unauthenticated",
            "ClientAuthenticationError")  # fmt: skip
_REFUSED = ("AccessDeniedException", "AccessDenied", "Forbidden", "PermissionDenied")
_ABSENT = ("NotFoundException", "InvalidPath", "NotFound", "ResourceNotFoundError")
_OFF = ("DisabledException", "KMSInvalidStateException", "FailedPrecondition")
_KIND = ("InvalidKeyUsageException", "UnsupportedKeyType", "UnsupportedAlgorithmError",
         "InvalidRequest", "InvalidArgument", "KeyMismatchError")  # fmt: skip
_AWAY = ("EndpointConnectionError", "ConnectTimeoutError", "ConnectionError", "VaultDown",
         "ServiceRequestError", "ServiceUnavailable", "RetryError", "TransportError",
         "ConnectTimeout", "ReadTimeout", "MaxRetryError", "ServiceRequestTimeoutError",
         "DeadlineExceeded", "InvalidURL", "MissingSchema")  # fmt: skip
_PIN = ("PinIncorrect", "PinInvalid", "PinLenRange")


def explained(fault: Exception, uri: str) -> HybridspecError:
    """The failure of a key in a sentence, with what to do about it; never a secret."""
    if isinstance(fault, HybridspecError):
        return fault
    scheme = uri.partition(":")[0]
    name = _name(fault)
    known = _by_name(name, scheme, uri) or _by_text(str(fault), scheme, uri)
    if known is None:
        return UsageError(
            f"`{uri}` does not sign: {name}: {_line(fault)}",
            help="`hybridspec keys list` shows each key and where it should be",
        )
    kind, message, help = known
    return kind(message, help=help)


def _name(fault: Exception) -> str:
    """What a library calls its failure: AWS and Azure have one class for many."""
    response = getattr(fault, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", type(fault).__name__))
    status = getattr(fault, "status_code", None)
    known = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound"}
    return known.get(status, type(fault).__name__) if isinstance(status, int) else (
        type(fault).__name__)  # fmt: skip


def _line(fault: Exception) -> str:
    return (str(fault).strip().splitlines() or [""])[0][:160]


def _by_name(name: str, scheme: str, uri: str) -> _Row | None:
    login, reach = _LOGIN.get(scheme, "log in"), _REACH.get(scheme, "check the network")
    rows: tuple[tuple[tuple[str, ...], _Row], ...] = (
        (_NO_ONE, (NotAtHand, f"nobody is logged in who could use `{uri}`", login)),
        (_EXPIRED, (AuthenticationFailed, f"the login that `{uri}` needs has expired", login)),
        (_UNKNOWN, (AuthenticationFailed, f"whoever keeps `{uri}` does not know this login",
                    login)),
        (_REFUSED, (NotAtHand, f"this login may not use `{uri}`, or has expired",
                    f"{login}, or ask for the right to sign with the key")),
        (_ABSENT, (UsageError, f"there is no key `{uri}`",
                   "check name, version, account and region; the URI stands in the spec")),
        (_OFF, (UsageError, f"key `{uri}` is disabled, or about to be deleted",
                "enable it where it is kept, or replace it: `hybridspec keys rotate`")),
        (_KIND, (UsageError, f"`{uri}` is a key of another kind than its public half says",
                 "take a key that signs: ed25519, P-256 or P-384; models and attestations: P-256")),
        (_AWAY, (NotAtHand, f"nothing answers for `{uri}`", reach)),
        (_PIN, (AuthenticationFailed, f"the PIN is wrong for `{uri}`",
                "run this again with the right one; a token locks after a few wrong ones")),
        (("PinLocked",), (AuthenticationFailed, f"the token of `{uri}` is locked",
                          "unlock it with its PUK or its security officer's PIN")),
        (("TokenNotPresent", "NoSuchToken", "SlotIDInvalid"),
         (NotAtHand, f"no token is there for `{uri}`", login)),
        (("UnsupportedLibraryError", "ImportError", "ModuleNotFoundError"),
         (UsageError, f"`{uri}` wants packages that are not installed",
          f'run `pip install "hybridspec[{EXTRAS.get(scheme, scheme)}]"`')),
    )  # fmt: skip
    return next((row for names, row in rows if name in names), None)


def _by_text(text: str, scheme: str, uri: str) -> _Row | None:
    """What libraries say in words alone."""
    if "not enabled" in text or "is disabled" in text:
        return (
            UsageError,
            f"key `{uri}` is disabled, or about to be deleted",
            "enable it where it is kept, or replace it: `hybridspec keys rotate`",
        )
    if "PYKCS11LIB" in text or "cannot open shared object" in text:
        return (
            NotAtHand,
            f"no PKCS#11 module is known that could open `{uri}`",
            "set PYKCS11LIB, such as `export PYKCS11LIB=/usr/lib/softhsm/libsofthsm2.so`",
        )
    if "No PKCS#11 token" in text:
        return NotAtHand, f"no token is there for `{uri}`", _LOGIN["hsm"]
    if "Multiple PKCS#11 tokens" in text:
        return UsageError, f"several tokens fit `{uri}`", "add `?label=` with the token's label"
    if "could not find ECDSA" in text or "No keys found" in text:
        return (
            UsageError,
            f"the token has no EC key `{uri}`",
            "list its keys with `pkcs11-tool -O`; the number in the URI is the key's id",
        )
    if "supported EC curve" in text or "nsupported scheme" in text or "curve" in text:
        return (UsageError, f"`{uri}` is a key on a curve that does not sign here",
                "make a P-256 key; P-384 signs metadata, not models")  # fmt: skip
    if "unpack" in text or "invalid literal for int" in text:
        return (UsageError, f"`{uri}` is not written as a key of its kind is",
                f"write it like `{_LIKE.get(scheme, scheme + ':…')}`")  # fmt: skip
    return None


_LIKE = {"hv": "hv:ota-release/1", "hsm": "hsm:2?label=anna"}
