"""Rows of a catalogue about what a cloud does by itself: implicit flows, and names of many regions.

What nobody states is written as `unknown`: it is a gap, never a guess.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from hybridspec.spec.quantity import Country, Day, Section

Source = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="Where the row was read; `unverified` where nobody has compared it.",
        examples=["quote of 2026-10-01"],
    ),
]
RowDate = Annotated[
    Day | None,
    Field(description="When this row was last checked; default: the catalogue's date."),
]

Facet: TypeAlias = Literal[
    "process", "store", "ciphertext", "transit", "keys", "key_admin", "backup", "logs", "support",
    "control_plane", "operator", "model",
]  # fmt: skip

HERE, PAIR, GEOGRAPHY, PARTITION, UNKNOWN = "region", "pair", "geography", "partition", "unknown"
"""Words of `where` beside countries, regions and locations."""


class ImplicitRow(Section):
    """A flow that comes with a service, whether anybody asks for it or not."""

    service: Annotated[
        str,
        Field(description="A service of a region that brings it, or `*` for every one of them.",
              examples=["keyvault"]),
    ]  # fmt: skip
    facet: Annotated[Facet, Field(description="Which facet of where data is it belongs to.")]
    carries: Annotated[
        Literal["content", "ciphertext", "metadata", "logs", "keys"],
        Field(description="What flows."),
    ]
    where: Annotated[
        list[str],
        Field(
            min_length=1,
            description="Where it may arrive, all of it: countries, names of regions or locations, "
            "or `region` itself, its `pair`, its `geography`, every region of its `partition`; "
            "`unknown` where nobody states it. Without a pair, nothing flows to it.",
            examples=[["pair"]],
        ),
    ]
    partitions: Annotated[
        list[str],
        Field(description="Only in these partitions; all if empty.", examples=[["aws"]]),
    ] = []
    exempt: Annotated[
        list[str],
        Field(description="Regions in which it does not happen.", examples=[["brazilsouth"]]),
    ] = []
    avoided_by: Annotated[
        str,
        Field(description="Guard by which what we emit keeps it from happening; empty if none.",
              examples=["key-single-region"]),
    ] = ""  # fmt: skip
    text: Annotated[
        str,
        Field(min_length=1, max_length=500, description="What happens, in a sentence.",
              examples=["the vault's content is copied to the paired region"]),
    ]  # fmt: skip
    as_of: RowDate = None
    source: Source


class LocationRow(Section):
    """A name that stands for more than one region: a multi-region, a geography, the whole world."""

    partition: Annotated[
        str, Field(description="Sovereign partition of the provider.", examples=["gcp"])
    ]
    whole: Annotated[
        bool, Field(description="It may be any region of the partition.", examples=[True])
    ] = False
    regions: Annotated[
        list[str],
        Field(description="Regions that it may be.", examples=[["europe-west1", "europe-west4"]]),
    ] = []
    countries: Annotated[
        list[Country],
        Field(description="Countries it may be in beside those of its regions.", examples=[["FR"]]),
    ] = []
    place: Annotated[str, Field(description="What it is, for people.", examples=["European Union"])]
    as_of: RowDate = None
    source: Source


class PartitionRow(Section):
    """A sovereign part of a cloud, with identities, keys and names of its own."""

    key_protection: Annotated[
        list[Literal["software", "hsm"]],
        Field(description="How its key service protects keys; empty if nobody states it.",
              examples=[["software", "hsm"]]),
    ]  # fmt: skip
    unpaired: Annotated[
        str,
        Field(min_length=1, max_length=500,
              description="What holds for content in a region that names no `pair`.",
              examples=["content stays in its region"]),
    ]  # fmt: skip
    as_of: RowDate = None
    source: Source
