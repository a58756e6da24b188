"""Where things can be: compliance zones, device classes, sites and clouds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.quantity import Bandwidth, Count, Duration, Money, Name, Section


class Zone(Section):
    """A compliance zone: the countries in which every facet of its data has to stay."""

    countries: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=64,
            description="ISO country codes, or the blocs `EU` and `EEA`.",
            examples=[["EU"], ["DE", "FR"]],
        ),
    ]
    regimes: Annotated[
        list[Literal["gdpr"]],
        Field(description="Legal regimes that bind the zone's data.", examples=[["gdpr"]]),
    ] = []
    keys: Annotated[
        Literal["in-zone"],
        Field(description="Where encryption keys are held: only inside the zone's countries."),
    ] = "in-zone"
    retention: Annotated[
        Duration | None,
        Field(description="Longest time any stored data may be kept.", examples=["P30D"]),
    ] = None
    courier_delay: Annotated[
        Duration,
        Field(
            description="Time an update may travel by courier before a device sees it; it "
            "lengthens the validity of update metadata.",
            examples=["P2D"],
        ),
    ] = 0


class Uplink(Section):
    """The connection from a device to the cloud."""

    bandwidth: Annotated[
        Bandwidth, Field(gt=0, description="Usable upload rate.", examples=["20Mbit/s"])
    ]
    rtt: Annotated[
        Duration, Field(description="Round trip to the cloud region, 95th percentile.",
                        examples=["35ms"])
    ]  # fmt: skip


class DeviceClass(Section):
    """A kind of edge device."""

    board: Annotated[
        str,
        Field(description="Board from the catalogue.", examples=["raspberry-pi-5"]),
    ]
    platform: Annotated[
        Literal["agent"],
        Field(description="Edge platform that installs bundles: `agent` is HybridSpec's own."),
    ] = "agent"
    max_offline: Annotated[
        Duration,
        Field(description="Longest time the device is out of reach.", examples=["P3D"]),
    ]
    uplink: Annotated[Uplink, Field(description="Connection to the cloud.")]


class Site(Section):
    """A place where data is born and devices stand."""

    country: Annotated[
        str,
        Field(description="ISO country code of the site; `NO` is Norway.", examples=["DE"]),
    ]
    zone: Annotated[Name, Field(description="Compliance zone the site belongs to.")]
    devices: Annotated[
        dict[Name, Count],
        Field(
            min_length=1,
            description="Device classes at the site and how many of each.",
            examples=[{"gateway": 3}],
        ),
    ]
    lan_rtt: Annotated[
        Duration | None,
        Field(description="Round trip between a sensor and a device on the site's network."),
    ] = None
    energy_price: Annotated[
        Money | None,
        Field(description="Price of a kilowatt-hour at the site.", examples=["0.24 USD"]),
    ] = None


class Cloud(Section):
    """A cloud account and the regions that may be used."""

    provider: Annotated[str, Field(description="Cloud target.", examples=["aws"])]
    regions: Annotated[
        list[str],
        Field(
            min_length=1,
            max_length=200,
            description="Regions that the compiler may choose from.",
            examples=[["eu-central-1", "eu-west-3"]],
        ),
    ]
