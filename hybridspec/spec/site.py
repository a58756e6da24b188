"""Where things can be at the edge: device classes and sites."""

from typing import Annotated, Literal, TypeAlias

from hybridspec.spec.quantity import (
    Bandwidth,
    Count,
    Duration,
    Money,
    Name,
    Power,
    Section,
    Share,
    Size,
    key,
)


class Uplink(Section):
    """The connection from a device to the cloud."""

    bandwidth: Annotated[Bandwidth, key("Usable upload rate.", example="20Mbit/s", gt=0)]
    rtt: Annotated[
        Duration, key("Round trip to the cloud region, 95th percentile.", example="35ms")
    ]
    month: Annotated[
        Money | None,
        key("Fee of the connection of each device, per month.", example="9 USD",
            absent="0: none that depends on how many devices there are"),
    ] = None  # fmt: skip
    up_gb: Annotated[
        Money | None,
        key("Metered traffic to the cloud, per GB.", example="4 USD", absent="0: not metered"),
    ] = None
    down_gb: Annotated[
        Money | None,
        key("Metered traffic from the cloud, releases included, per GB.", example="4 USD",
            absent="0: not metered"),
    ] = None  # fmt: skip


class SiteUplink(Section):
    """What a site's own connection has instead of its device classes' figures."""

    bandwidth: Annotated[
        Bandwidth | None,
        key("Usable upload rate of each device at this site.", example="5Mbit/s", gt=0,
            absent="that of the device class"),
    ] = None  # fmt: skip
    shared: Annotated[
        Bandwidth | None,
        key("Usable upload rate of the line that all devices at this site share, behind each one's "
            "own `bandwidth`.", example="20Mbit/s", gt=0, absent="each device has a line of its "
            "own"),
    ] = None  # fmt: skip
    rtt: Annotated[
        Duration | None,
        key("Round trip to the cloud region from this site, 95th percentile.", example="80ms",
            absent="that of the device class"),
    ] = None  # fmt: skip
    month: Annotated[
        Money | None,
        key("Fee of the site's connection, per month, in place of fees of its devices.",
            example="45 USD", absent="the fees of its devices"),
    ] = None  # fmt: skip
    up_gb: Annotated[
        Money | None,
        key("Metered traffic to the cloud, per GB.", example="4 USD",
            absent="that of the device class"),
    ] = None  # fmt: skip
    down_gb: Annotated[
        Money | None,
        key("Metered traffic from the cloud, releases included, per GB.", example="4 USD",
            absent="that of the device class"),
    ] = None  # fmt: skip


class Upkeep(Section):
    """What it takes to keep devices of a class running, beside power."""

    spares: Annotated[
        Share | None,
        key("Devices kept in reserve, as a share of those in service.", example="5%",
            absent="0: none is bought"),
    ] = None  # fmt: skip
    failures: Annotated[
        Share | None,
        key("Share of the devices that fails in a year and is replaced, at the price of a device "
            "and a visit.", example="2%", absent="0: none is counted"),
    ] = None  # fmt: skip
    visit_every: Annotated[
        Duration | None,
        key("Time between maintenance visits to a device.", example="P1Y", gt=0,
            absent="none is made but for failures"),
    ] = None  # fmt: skip
    visit_price: Annotated[
        Money | None,
        key("Price of a visit to one device.", example="120 USD", absent="0: visits cost nothing"),
    ] = None


class Hardware(Section):
    """A device described by its own figures instead of a board of the catalogue."""

    architecture: Annotated[
        Literal["arm64", "amd64"], key("CPU architecture that images and wheels are chosen for.")
    ]
    memory: Annotated[Size, key("RAM that is fitted.", example="8GiB", gt=0)]
    reserved_memory: Annotated[
        Size, key("RAM that the operating system and the agent need.", example="1GiB")
    ]
    disk: Annotated[Size, key("Storage that is fitted.", example="64GB", gt=0)]
    idle_power: Annotated[Power, key("Power drawn when idle.", example="3W")]
    load_power: Annotated[Power, key("Power drawn under full load.", example="12W")]
    price: Annotated[Money, key("Purchase price of one device.", example="180 USD")]
    life: Annotated[Duration, key("Time in service until it is replaced.", example="P5Y", gt=0)]
    accelerators: Annotated[
        list[str],
        key("Accelerators that are fitted, by name.", example=["hailo-8"], max_length=16,
            absent="none; estimates count the CPU alone"),
    ] = []  # fmt: skip
    runtimes: Annotated[
        list[Literal["tensorrt", "openvino", "qnn", "coreml", "edgetpu"]],
        key("Runtimes for which the device has the hardware, beside `onnxruntime` and `openvino`, "
            "which run on every CPU.", example=["edgetpu"], max_length=8,
            absent="those of the board that it is `like`"),
    ] = []  # fmt: skip
    like: Annotated[
        str | None,
        key("Board of the catalogue whose latency figures are borrowed, with their interval "
            "doubled.", example="raspberry-pi-5",
            absent="no figures, and then nothing that needs a latency can run on it"),
    ] = None  # fmt: skip


Capability: TypeAlias = Literal["secure-boot", "tpm", "encrypted-storage", "attestation"]


class DeviceClass(Section):
    """A kind of edge device: exactly one of `board` and `hardware`."""

    board: Annotated[
        str | None,
        key("Board from the catalogue.", example="raspberry-pi-5",
            absent="`hardware` gives the device's own figures"),
    ] = None  # fmt: skip
    hardware: Annotated[
        Hardware | None,
        key("Own figures of a device that the catalogue does not hold.",
            example={"architecture": "arm64", "memory": "8GiB", "reserved_memory": "1GiB",
                     "disk": "64GB", "idle_power": "3W", "load_power": "12W", "price": "180 USD",
                     "life": "P5Y"},
            absent="`board` names a board of the catalogue"),
    ] = None  # fmt: skip
    platform: Annotated[
        Literal["agent"],
        key("Edge platform that installs bundles: `agent` is HybridSpec's own.",
            absent="`agent`, which needs nothing but Linux"),
    ] = "agent"  # fmt: skip
    runtime: Annotated[
        Literal["onnxruntime", "tensorrt", "openvino", "qnn", "coreml", "edgetpu", "tflm"],
        key("What runs the models of these devices. Bundles for any but `onnxruntime` carry the "
            "model in the form that its compiler wants, with the commands that build it there; "
            "state what you `measured`, since estimates hold for one runtime only.",
            example="tensorrt", absent="`onnxruntime`, on the CPU, which the agent brings"),
    ] = "onnxruntime"  # fmt: skip
    security: Annotated[
        list[Capability],
        key("Security functions that are set up on these devices.",
            example=["secure-boot", "tpm"], absent="none is claimed"),
    ] = []  # fmt: skip
    max_offline: Annotated[Duration, key("Longest time the device is out of reach.", example="P3D")]
    max_failed: Annotated[
        int,
        key(
            "Devices of this class at one site that may have failed: the others carry all that "
            "runs on the class, within every bound.",
            example=1,
            ge=0,
            le=1_000_000,
            absent="0: every device is needed",
        ),
    ] = 0
    one_model: Annotated[
        bool,
        key(
            "Whether a device holds one model at a time, as accelerators do that load a model "
            "whole; then all flows that a site runs on the class share one model.",
            example=True,
            absent="false: a device holds as many models as fit its memory",
        ),
    ] = False
    uplink: Annotated[
        Uplink,
        key("Connection to the cloud.", example={"bandwidth": "20Mbit/s", "rtt": "35ms"}),
    ]
    upkeep: Annotated[
        Upkeep | None,
        key("Spares, failures and maintenance visits.",
            example={"spares": "5%", "failures": "2%", "visit_price": "120 USD"},
            absent="nothing is counted for them"),
    ] = None  # fmt: skip
    measurements: Annotated[
        list[str],
        key("Files that `hybridspec model measure` wrote of such a device, relative to the spec: a "
            "measured model takes what it took, estimates of all others are corrected.",
            example=["gateway.json"], max_length=16,
            absent="none; the catalogue's figures are used, with their interval"),
    ] = []  # fmt: skip


class CountRange(Section):
    """How many devices may stand at a site; as many are bought as cost least."""

    least: Annotated[
        int, key("Devices that stand there in any case.", example=1, ge=0, le=1_000_000,
                 absent="0: none, if nothing needs one")
    ] = 0  # fmt: skip
    most: Annotated[Count, key("Devices that may stand there.", example=4)]


class Site(Section):
    """A place where data is born and devices stand."""

    country: Annotated[str, key("ISO country code of the site; `NO` is Norway.", example="DE")]
    zone: Annotated[Name, key("Compliance zone the site belongs to.", example="eu-plants")]
    devices: Annotated[
        dict[Name, Count | CountRange],
        key("Device classes at the site and how many of each, or from how many to how many: "
            "`{least: 1, most: 4}`, in a table `1..4`.",
            example={"gateway": 3}, min_length=1),
    ]  # fmt: skip
    lan_rtt: Annotated[
        Duration | None,
        key("Round trip between a sensor and a device on the site's network.", example="2ms",
            absent="2 ms: a busy switched Ethernet, 95th percentile"),
    ] = None  # fmt: skip
    lan_bandwidth: Annotated[
        Bandwidth | None,
        key("What the site's network carries from sensors to devices; everything that is born at "
            "the site shares it.", example="100Mbit/s", gt=0,
            absent="more than what is born there; sending takes no time on it"),
    ] = None  # fmt: skip
    energy_price: Annotated[
        Money | None,
        key("Price of a kilowatt-hour at the site.", example="0.24 USD",
            absent="what businesses pay on average in that part of the world"),
    ] = None  # fmt: skip
    carbon: Annotated[
        int | None,
        key("Grams of CO2 equivalent per kilowatt-hour at the site.", example=40, ge=0, le=10_000,
            absent="the mean of the country's grid in the last year that is known"),
    ] = None  # fmt: skip
    visit_price: Annotated[
        Money | None,
        key("Price of a maintenance visit to one device at this site.", example="300 USD",
            absent="that of the device class"),
    ] = None  # fmt: skip
    uplink: Annotated[
        SiteUplink | None,
        key("Connection of this site, where it differs from its device classes'.",
            example={"bandwidth": "5Mbit/s", "rtt": "80ms"}, absent="that of each device class"),
    ] = None  # fmt: skip
