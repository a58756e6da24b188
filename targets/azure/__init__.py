"""Microsoft Azure: regions and prices, and one Pulumi project per stack."""

from hybridspec.target.api import Target
from hybridspec.target.policy import policy_pack

from .emit import emit
from .guards import GUARDS, UNGUARDED, endpoints
from .offline import SDK

TARGET = Target(
    name="azure",
    package="hybridspec_targets.azure",
    summary="Microsoft Azure (Storage, Key Vault, ACR, Machine Learning, IoT Hub, Container Apps) "
    "as a Pulumi project",
    emit_cloud=emit,
    policies=policy_pack,
    needs=("storage", "keyvault", "acr", "ml", "iothub"),
    controls=(
        ("audit-log", "logs of every service of the zone, in an account sealed against changes"),
        ("encryption-at-rest", "Key Vault key of the zone on storage, registry and workspace"),
        ("encryption-in-transit", "HTTPS alone, TLS 1.2 at least, on storage and vaults"),
    ),
    sdk=SDK,
    guards=GUARDS,
    unguarded=UNGUARDED,
    endpoints=endpoints,
    imports=True,
)
