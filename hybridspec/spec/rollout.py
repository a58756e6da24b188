"""How releases reach the fleet and what the placement minimises."""

from typing import Annotated, Literal, TypeAlias

from hybridspec.spec.quantity import Duration, Name, Section, Share, Size, key


class Cohort(Section):
    """A part of the fleet that gets a release before the rest."""

    name: Annotated[Name, key("Name of the cohort.", example="canary")]
    percent: Annotated[
        int, key("Share of the fleet reached so far, cumulative, in percent.", example=20, ge=1,
                 le=100)
    ]  # fmt: skip
    soak: Annotated[
        Duration,
        key("Time the cohort is watched before the next one begins.", example="PT6H",
            absent="0: the next cohort begins as soon as this one is done"),
    ] = 0  # fmt: skip
    max_failures: Annotated[
        Share, key("Share of failed devices that stops the rollout.", example="5%")
    ]


class Gates(Section):
    """What a device has to measure before it keeps a release."""

    max_latency: Annotated[
        Duration | None,
        key("Longest inference, 95th percentile.", example="60ms",
            absent="the upper end of the plan's estimate, with room"),
    ] = None  # fmt: skip
    max_memory: Annotated[
        Size | None,
        key("Most memory that the release's models may use.", example="300MiB",
            absent="the plan's estimate, with room"),
    ] = None  # fmt: skip
    max_restarts: Annotated[
        int | None,
        key("Restarts during the trial before it counts as failed.", example=2, ge=0, le=1000,
            absent="none is counted"),
    ] = None  # fmt: skip


Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Window(Section):
    """Hours in which devices may switch to a release, in the local time of the site."""

    days: Annotated[
        list[Weekday],
        key("Days of the week.", example=["mon", "tue"], min_length=1, max_length=7,
            absent="every day"),
    ] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]  # fmt: skip
    from_: Annotated[
        str, key("First minute, as hours and minutes.", example="02:00", pattern=_CLOCK,
                 alias="from")
    ]  # fmt: skip
    to: Annotated[
        str,
        key("Last minute; earlier than `from` means the next day.", example="05:00",
            pattern=_CLOCK),
    ]  # fmt: skip


class Revert(Section):
    """When a device goes back to the release before, and how many it keeps."""

    on: Annotated[
        list[Literal["health", "latency", "accuracy"]],
        key("What makes a device go back.", example=["health", "latency"],
            absent="`health`: a release that fails its trial is never kept"),
    ] = ["health"]  # fmt: skip
    keep: Annotated[
        int,
        key("Releases that stay on the device, the running one included.", example=2, ge=1, le=8,
            absent="2: the running one and the one before"),
    ] = 2  # fmt: skip


class KeyRole(Section):
    """How many of how many keys have to sign."""

    threshold: Annotated[int, key("Keys that have to sign.", example=2, ge=1, le=16)]
    of: Annotated[int, key("Keys that may sign.", example=3, ge=1, le=16)]


class SigningKeys(Section):
    """Who signs what of the update channel."""

    root: Annotated[
        KeyRole | None,
        key("Keys that say which keys count.", example={"threshold": 2, "of": 3},
            absent="1 of 1, a development key"),
    ] = None  # fmt: skip
    targets: Annotated[
        KeyRole | None,
        key("Keys that release.", example={"threshold": 1, "of": 1},
            absent="1 of 1, a development key"),
    ] = None  # fmt: skip


class Rollout(Section):
    """Cohorts in order, and what guards a release on its way."""

    cohorts: Annotated[
        list[Cohort],
        key("Cohorts in order; the last one reaches 100 percent.",
            example=[{"name": "canary", "percent": 20, "max_failures": "0%"},
                     {"name": "fleet", "percent": 100, "max_failures": "5%"}],
            min_length=1, max_length=32),
    ]  # fmt: skip
    every: Annotated[
        Duration | None,
        key("Time between releases that no training brings.", example="P90D", gt=0,
            absent="none; trained models alone bring releases"),
    ] = None  # fmt: skip
    gates: Annotated[
        Gates | None,
        key("What a device has to measure before it keeps a release.",
            example={"max_latency": "60ms"}, absent="the figures of the plan, with room"),
    ] = None  # fmt: skip
    windows: Annotated[
        list[Window],
        key("Hours in which devices may switch to a release.",
            example=[{"days": ["mon", "tue"], "from": "02:00", "to": "05:00"}], max_length=32,
            absent="any time"),
    ] = []  # fmt: skip
    revert: Annotated[
        Revert | None,
        key("When a device goes back to the release before.", example={"on": ["health"]},
            absent="when the trial fails; two releases are kept"),
    ] = None  # fmt: skip
    keys: Annotated[
        SigningKeys | None,
        key("How many keys sign what.", example={"root": {"threshold": 2, "of": 3}},
            absent="one development key per role"),
    ] = None  # fmt: skip
    validity: Annotated[
        Duration | None,
        key("Time for which online update metadata holds.", example="P14D",
            absent="of each tier, the longest `max_offline` and courier delay plus seven days: a "
            "week to notice that nobody refreshes the channel"),
    ] = None  # fmt: skip


class Objective(Section):
    """What the placement minimises."""

    minimise: Annotated[
        Literal["tco"],
        key("Total cost of ownership over the horizon.",
            absent="`tco`; every bound is kept whatever it costs"),
    ] = "tco"  # fmt: skip
    horizon: Annotated[
        Duration | None,
        key("Time that costs are added up over.", example="P3Y", gt=0,
            absent="3 years: the shortest board life planned for"),
    ] = None  # fmt: skip
    uniformity: Annotated[
        Share | None,
        key("Extra cost that is accepted so that alike sites run alike; they are given several "
            "plans only where that saves more.", example="5%",
            absent="0: alike sites run alike only where it costs nothing"),
    ] = None  # fmt: skip
    price_age: Annotated[
        Duration | None,
        key("Age from which a price or region of the catalogue is a warning, counted back from "
            "`metadata.as_of`.", example="P1Y", gt=0,
            absent="1 year: list prices and regions rarely keep for longer"),
    ] = None  # fmt: skip
