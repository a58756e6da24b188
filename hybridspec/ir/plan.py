"""The Plan: where everything runs, its cost and why; and the slices that targets emit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from hybridspec.ir.cloud_slice import CloudService as CloudService
from hybridspec.ir.cloud_slice import CloudSlice as CloudSlice
from hybridspec.ir.cloud_slice import Existing as Existing
from hybridspec.ir.cloud_slice import TrainingJob as TrainingJob
from hybridspec.ir.cloud_slice import ZoneSlice as ZoneSlice
from hybridspec.ir.edge_slice import Destination as Destination
from hybridspec.ir.edge_slice import EdgeSlice as EdgeSlice
from hybridspec.ir.graph import DeviceClass, Flow, Model, Region, Site, Zone
from hybridspec.ir.verdict import Certificate, Obligation, claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A latency in microseconds with its 90 % interval and what it rests on."""

    low: int
    mid: int
    high: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One bound that a candidate breaks: the code, a sentence and by how much."""

    code: str
    message: str
    excess: int
    unit: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One term of a latency, microseconds; `kind` is `stage`, `network` or `window`."""

    name: str
    kind: str
    estimate: Estimate


CostGroup: TypeAlias = Literal[
    "capex", "energy", "network", "cloud", "storage", "updates", "upkeep"
]
"""What a term pays for: devices, power, connections, computing, keeping, releases, care."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTerm:
    """One named amount over the horizon, in micro-units, and the inputs it came from.

    `side` is who gets the money: `edge` is what a site pays, `cloud` what the cloud's operator is
    paid. `machines` are the kind and the count of what runs all the time for it, if anything does.
    """

    name: str
    group: CostGroup
    side: Literal["edge", "cloud"]
    amount: int
    inputs: str
    machines: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where the edge half or the cloud half of a flow runs: a device class or a region."""

    kind: str
    name: str

    @property
    def label(self) -> str:
        """How people name it."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """How far what flows share may be used by all of them for a bound on latency to hold.

    In permille of what they may take of it together: `busy` of the time of the class's devices,
    `uplink` of every uplink that the site's data goes through, `line` of the one that its devices
    share. 1000 is a bound that queues do not endanger, or none.
    """

    busy: int = 1000
    uplink: int = 1000
    line: int = 1000


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """One way to run a flow at a site: a host for every stage and a variant for every model.

    `held` are the models, with their variants, that the device class needs in its bundle.
    `demand` is the pessimistic busy time per second of one event stream, in microseconds per
    second over all devices of the class; `memory` the bytes its models need on each device;
    `uplink` bytes per second that the site sends to the cloud, and `waiting` the bytes that pile
    up over all devices through the longest time offline; `hosted` how long its cloud stages work
    at worst, in microseconds per second. Loads are rounded up to whole units.
    `latency` is what it is with nobody else on the devices; `ceiling` is what others leave of it.
    `energy` are watt-hours over the horizon that edge stages take above idle, `emitted` grams of
    CO2 equivalent of those in the cloud; None where some figure is not known.
    """

    device: DeviceClass | None
    region: Region | None
    hosts: tuple[tuple[str, Host], ...]
    variants: tuple[tuple[str, str], ...]
    held: tuple[tuple[str, str], ...]
    legs: tuple[Leg, ...]
    latency: Estimate | None
    demand: int
    memory: int
    uplink: int
    waiting: int
    terms: tuple[CostTerm, ...]
    failures: tuple[Failure, ...]
    ceiling: Ceiling = Ceiling()
    hosted: int = 0
    energy: int = 0
    emitted: int | None = None

    def carbon(self, site: Site) -> int | None:
        """Grams of CO2 equivalent over the horizon at a site; None where nobody knows."""
        if self.emitted is None or (self.energy and site.carbon is None):
            return None
        return self.emitted + round(Fraction(self.energy * (site.carbon or 0), 1000))

    @cached_property
    def cost(self) -> int:
        """Micro-units over the horizon, without what is shared between flows."""
        return sum(term.amount for term in self.terms)

    @cached_property
    def label(self) -> str:
        """Stable and unique within one decision; the last key of every tie.

        A class that hosts no stage is named for the uplink that it lends.
        """
        variants = ",".join(f"{model}={variant}" for model, variant in self.variants)
        hosts = ",".join(f"{stage}@{host.label}" for stage, host in self.hosts)
        lends = self.device is not None and all(host.kind == "cloud" for _, host in self.hosts)
        via = f" via {self.device.name}" if self.device is not None and lends else ""
        return f"{hosts}{via}" + (f" [{variants}]" if variants else "")


@dataclass(frozen=True, slots=True)
class Others:
    """The ways to run a flow at a site that were not chosen."""

    rejected: tuple[Configuration, ...]
    dearer: tuple[Configuration, ...]


@dataclass(frozen=True, slots=True)
class Second:
    """How a flow would run if not as it does, and what its site costs more then, if not `exact` at
    most."""

    option: Configuration
    delta: int
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was chosen for one flow at one site, and everything that was not.

    `second` and `others` work out what was not, when somebody asks: a fleet has many decisions.
    """

    site: Site
    flow: Flow
    chosen: Configuration
    second: Callable[[], Second | None] = field(compare=False, repr=False)
    others: Callable[[], Others] = field(compare=False, repr=False)

    @property
    def runner_up(self) -> Configuration | None:
        """How the flow runs in the best plan of the site in which it runs another way."""
        second = self.second()
        return second.option if second is not None else None

    @property
    def runner_up_delta(self) -> int | None:
        """What the best plan of the site costs more in which the flow runs another way."""
        second = self.second()
        return second.delta if second is not None else None

    @property
    def rejected(self) -> tuple[Configuration, ...]:
        """What breaks a bound, or leaves no room for other flows."""
        return self.others().rejected

    @property
    def dearer(self) -> tuple[Configuration, ...]:
        """What would have done as well, for more."""
        return self.others().dearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The region that holds a zone's store, keys, registries and training.

    `elsewhere` works out where else it could be, when somebody asks.
    """

    zone: Zone
    region: Region
    terms: tuple[CostTerm, ...]
    elsewhere: Callable[[], tuple[tuple[str, int], ...]] = field(compare=False, repr=False)

    @property
    def alternatives(self) -> tuple[tuple[str, int], ...]:
        """Other regions that would do, and what the zone would cost more there."""
        return self.elsewhere()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetMember:
    """A device class that receives a bundle: what runs on it and how many devices there are."""

    device_class: DeviceClass
    count: int
    zones: tuple[Zone, ...]
    models: tuple[tuple[Model, str], ...]
    flows: tuple[Flow, ...]


class Residency(NamedTuple):
    """One cell of the placement matrix: where one facet of one asset lies.

    `verdict` is one of `Verdict`; `why` is the certificate in words. `operators` are the countries
    whose law binds who holds it, `guards` the names of what enforces the claim in what is emitted,
    `unenforced` why nothing does.
    """

    asset: str
    zone: str
    facet: str
    places: tuple[str, ...]
    countries: tuple[str, ...]
    verdict: str
    why: str
    operators: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    certificate: Certificate | None = None
    guards: tuple[str, ...] = ()
    unenforced: str = ""

    @property
    def id(self) -> str:
        """Stable while zone, asset and facet are."""
        return claim(self.zone, self.asset, self.facet)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    """What a plan takes of a quota that an account has in regions; `used` is in millionths."""

    kind: str
    regions: tuple[str, ...]
    stated: int
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCount:
    """How many devices of a class a site gets, where the spec leaves that to the plan."""

    site: str
    device: str
    least: int
    most: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The placement: decisions, stores, cost and its proof.

    Money is in micro-units over the whole horizon. `bound` is a proven lower bound on `cost`; the
    plan is optimal only when they are equal. `stopped`: somebody ended the search for a cheaper.
    """

    decisions: tuple[Decision, ...]
    stores: tuple[Store, ...]
    fleet: tuple[FleetMember, ...]
    residency: tuple[Residency, ...]
    fixed: tuple[CostTerm, ...]
    currency: str
    horizon: int
    cost: int
    bound: int
    quotas: tuple[QuotaUse, ...] = ()
    counts: tuple[DeviceCount, ...] = ()
    stopped: bool = False

    @property
    def gap(self) -> int:
        """Micro-units between the plan's cost and the proven bound."""
        return self.cost - self.bound
