"""Who signs a stack's update channel: keys by URI with their public halves, and thresholds."""

from typing import Annotated

from hybridspec.spec.quantity import Address, Name, Section, key

KINDS = {
    "file": "file:../keys/anna.key",
    "hsm": "hsm:2?label=anna",
    "hv": "hv:ota-release/1",
    "awskms": "awskms:alias/ota-release",
    "azurekms": "azurekms://plants.vault.azure.net/keys/ota-release/0123abcd",
    "gcpkms": "gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
}
"""Kinds of private keys, each with an example of its URI."""


class SigningKey(Section):
    """One key: where the private half is, and the file of the public one beside the spec."""

    uri: Annotated[
        Address,
        key("Where the private half is: `file:`, `hsm:`, `hv:`, `awskms:`, `azurekms:` or "
            "`gcpkms:`. A PIN, a passphrase or a token is never part of it.",
            example="awskms:alias/ota-timestamp", min_length=4, max_length=400),
    ]  # fmt: skip
    public: Annotated[
        str,
        key("File of the public key (PEM), relative to the spec and committed with it.",
            example="keys/anna.pem", min_length=1, max_length=200),
    ]  # fmt: skip
    holder: Annotated[
        str | None,
        key("Who can use the key: a person or a service, named the same wherever it holds a key.",
            example="Anna Berger", min_length=1, max_length=120, absent="the key's own name"),
    ] = None  # fmt: skip
    custody: Annotated[
        str | None,
        key("Where the key is kept, for the people who have to fetch it; shown by `keys list`.",
            example="token in the safe in Graz", min_length=1, max_length=200, absent="not shown"),
    ] = None  # fmt: skip


class Signers(Section):
    """Which keys count for a role, and how many of them have to sign."""

    keys: Annotated[
        list[Name],
        key("Keys that count.", example=["anna", "ben", "carol"], min_length=1, max_length=16),
    ]
    threshold: Annotated[
        int, key("Keys that have to sign.", example=2, ge=1, le=16, absent="1")
    ] = 1


class OnlineSigners(Section):
    """Who signs what changes most often."""

    snapshot: Annotated[
        Signers, key("Says which metadata belongs together.", example={"keys": ["snapshot"]})
    ]
    timestamp: Annotated[
        Signers, key("Says that the channel is fresh.", example={"keys": ["timestamp"]})
    ]


class StackKeys(OnlineSigners):
    """The keys of a production channel, and who signs what with them."""

    keys: Annotated[
        dict[Name, SigningKey],
        key("Every key, by a name.", min_length=1, max_length=64,
            example={"anna": {"uri": "hsm:2?label=anna", "public": "keys/anna.pem"}}),
    ]  # fmt: skip
    root: Annotated[
        Signers,
        key("Says which keys count for everything else; at least two have to sign.",
            example={"keys": ["anna", "ben", "carol"], "threshold": 2}),
    ]  # fmt: skip
    targets: Annotated[
        Signers, key("Says who releases for which device class.", example={"keys": ["dora"]})
    ]
    classes: Annotated[
        Signers, key("Releases, for each device class.", example={"keys": ["release"]})
    ]
    devices: Annotated[
        dict[Name, Signers],
        key("Releases for one device class, instead of `classes`.", max_length=200,
            example={"press-guard": {"keys": ["release", "safety"], "threshold": 2}},
            absent="`classes` releases for all"),
    ] = {}  # fmt: skip
    tiers: Annotated[
        dict[Name, OnlineSigners],
        key("Keys of the repositories for devices that are away for longer than others.",
            max_length=16, example={"courier": {"snapshot": {"keys": ["courier-snapshot"]},
                                                "timestamp": {"keys": ["courier-timestamp"]}}},
            absent="none: where a channel has several tiers, publishing names those it lacks"),
    ] = {}  # fmt: skip
    model: Annotated[
        Signers, key("Signs models inside bundles; a P-256 key.", example={"keys": ["model"]})
    ]
    attestation: Annotated[
        Signers,
        key("Signs what a bundle says of its making; a P-256 key.", example={"keys": ["attest"]}),
    ]
