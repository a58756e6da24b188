"""Random small Graphs with a random table of estimates: tight, branching, sometimes impossible.

Everything is drawn from one seed, so that a failure names the instance that shows it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

from property.restrictions import failing, restricted, sharing

from hybridspec.base.source import SourceFile, Span
from hybridspec.base.units import DAY, HOUR, SECOND, YEAR
from hybridspec.ir.graph import (
    Board,
    Cohort,
    Data,
    DeviceClass,
    Flow,
    Graph,
    LatencyBound,
    Model,
    ModelFacts,
    Region,
    Site,
    SiteDevices,
    Stage,
    StageKind,
    Tensor,
    Training,
    Zone,
)
from hybridspec.ir.latency import CLOUD, LatencyTable
from hybridspec.ir.plan import Estimate
from hybridspec.law.facts import on_day
from hybridspec.load.facts import shipped_facts

FILE = SourceFile(shown="hybridspec.yaml", name="hybridspec.yaml", text="")
COUNTRIES = ("DE", "FR", "US", "GF", "NO")
MAX_JOINT = 6_000


def at(line: int) -> Span:
    """A place in the imagined spec."""
    return Span(file=FILE, line=line, column=1, end_line=line, end_column=2)


def zone(name: str = "eu", *countries: str, **fields: object) -> Zone:
    """A zone of the given countries."""
    plain = Zone(
        name=name, countries=tuple(sorted(countries or ("DE", "FR"))), regimes=(), retention=None,
        courier_delay=0, origin=at(10), countries_origin=at(11),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def board(name: str = "pi", **fields: object) -> Board:
    """A board with room for everything."""
    plain = Board(
        name=name, title=f"Board {name}", target="agent", architecture="arm64", memory=10**9,
        reserved_memory=0, disk=10**12, idle_power=2_000, load_power=7_000, price=90_000_000,
        life=5 * YEAR, capabilities=(), rates=(), source="made up",
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def device(name: str = "gateway", **fields: object) -> DeviceClass:
    """A device class on its own board, with a fast uplink."""
    plain = DeviceClass(
        name=name, board=board(), platform="agent", max_offline=0, uplink_bandwidth=10**9,
        uplink_rtt=10_000, origin=at(20), board_origin=at(22), offline_origin=at(21),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def site(name: str, of: Zone, *devices: tuple[DeviceClass, int], **fields: object) -> Site:
    """A site in the first country of its zone."""
    plain = Site(
        name=name, country=of.countries[0], zone=of, lan_rtt=1_000, energy_price=250_000,
        devices=tuple(SiteDevices(device_class=d, count=n, origin=at(32)) for d, n in devices),
        origin=at(30), country_origin=at(31),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def region(name: str = "eu-one", country: str = "DE", **fields: object) -> Region:
    """A priced region of the cloud `aws`."""
    plain = Region(
        cloud="aws", provider="aws", name=name, country=country, partition="aws", operator="A (US)",
        storage_price=23_000, egress_price=90_000, inference_price=20, training_price=250_000,
        key_price=1_000_000, registry_price=100_000, training_instance="ml.m",
        services=(), source="made up", origin=at(40),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def data(name: str = "frames", **fields: object) -> Data:
    """A data asset of ten small events a second."""
    plain = Data(name=name, category="system.operations", personal=False, size=1_000,
                 rate=Fraction(10), origin=at(50))  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def facts(**fields: object) -> ModelFacts:
    """Facts of a small image classifier."""
    plain = ModelFacts(
        digest="0" * 64, size=5_000_000, opset=17,
        inputs=(Tensor(name="x", dtype="float32", shape=(1, 8)),),
        outputs=(Tensor(name="y", dtype="float32", shape=(1, 2)),), parameters=1, weights=4,
        conv_macs=0, gemm_macs=16, moved=100, operators=1, peak_activations=40, unknown=(),
        unpriced=(),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def model(name: str = "detect", **fields: object) -> Model:
    """A model in both variants."""
    plain = Model(
        name=name, path=Path("m.onnx"), facts=facts(), task="classification", metric="accuracy",
        floor=Fraction(1, 2), allowed_drop=Fraction(1, 100), evaluation=Path("e.npz"),
        evaluation_digest="0" * 64, calibration=None, calibration_digest=None,
        variants=("fp32", "int8"), training=None, licence="Apache-2.0", origin=at(60),
        source_origin=at(61), evaluation_origin=at(63), calibration_origin=at(64),
        floor_origin=at(62),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def training(**fields: object) -> Training:
    """A monthly job of two hours."""
    plain = Training(
        image="train:1", hours=2, every=30 * DAY, cloud=None, region=None, origin=at(63)
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def stage(name: str, *inputs: str, **fields: object) -> Stage:
    """A transform that passes on what it gets, unless `fields` say otherwise."""
    plain = Stage(
        name=name, kind=StageKind.TRANSFORM, inputs=inputs, feedback=(), model=None,
        operation="normalise", place="", input_rate=Fraction(10), input_size=1_000,
        output_rate=Fraction(10), output_size=1_000, retention=None, origin=at(71),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def alert(name: str, *inputs: str, **fields: object) -> Stage:
    """A sink that acts at the site."""
    return stage(name, *inputs, kind=StageKind.SINK, operation="alert", place="site", **fields)


def store(name: str, *inputs: str, **fields: object) -> Stage:
    """A sink that keeps events in the zone's store."""
    return stage(name, *inputs, kind=StageKind.SINK, operation="store", place="cloud", **fields)


def infer(name: str, what: Model, *inputs: str, **fields: object) -> Stage:
    """A stage that runs a model."""
    return stage(name, *inputs, kind=StageKind.MODEL, operation="infer", model=what, **fields)


def flow(name: str, of: Data, sites: tuple[Site, ...], *stages: Stage, **fields: object) -> Flow:
    """A flow without bounds."""
    plain = Flow(name=name, data=of, sites=sites, stages=stages, latency=None, offline=0,
                 origin=at(70), offline_origin=at(74))  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def bound(micros: int, to: str) -> LatencyBound:
    """A latency bound."""
    return LatencyBound(bound=micros, percentile=950, to=to, origin=at(75))


LAW = on_day(shipped_facts(), date(2026, 11, 1))
"""The facts on the day of every graph here."""


def graph(*flows: Flow, regions: tuple[Region, ...] = (), **fields: object) -> Graph:
    """A Graph of the flows and of everything that they name."""
    sites = {s.name: s for f in flows for s in f.sites}
    models = {s.model.name: s.model for f in flows for s in f.stages if s.model is not None}
    classes = {d.device_class.name: d.device_class for s in sites.values() for d in s.devices}
    plain = Graph(
        name="test", owner="o@example.org", as_of="2026-11-01", currency="USD", horizon=3 * YEAR,
        spec_digest="1" * 64, catalog_digest="2" * 64, price_age=YEAR,
        zones=tuple({s.zone.name: s.zone for s in sites.values()}.values()),
        device_classes=tuple(classes.values()), sites=tuple(sites.values()), regions=regions,
        data=tuple({f.data.name: f.data for f in flows}.values()), models=tuple(models.values()),
        flows=flows, cohorts=(Cohort(name="all", percent=100, soak=0, max_failures=Fraction(0),
                                     origin=at(80)),),
        update_validity=7 * DAY, defaults=(), origin=at(1), sites_origin=at(29),
        validity_origin=at(81), law=LAW,
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


Figures = Callable[[str, str, str], Estimate | None]


def table(of: Graph, figures: Figures | None = None, memory: int = 1_000) -> LatencyTable:
    """Every estimate that `of` can ask for; `figures` maps (thing, host, variant) to one."""
    give = figures or (lambda _thing, _host, _variant: Estimate(low=1, mid=2, high=3, basis="t"))
    hosts = sorted({d.board.name for d in of.device_classes} | {CLOUD})
    models = {(m.name, h, v): give(m.name, h, v)
              for m in of.models for h in hosts for v in ("fp32", "int8")}  # fmt: skip
    steps = sorted({(s.operation, s.input_size) for f in of.flows for s in f.stages
                    if s.kind is StageKind.TRANSFORM})  # fmt: skip
    operations = {(name, h, size): give(name, h, "") for name, size in steps for h in hosts}
    return LatencyTable(
        models={key: value for key, value in models.items() if value is not None},
        operations={key: value for key, value in operations.items() if value is not None},
        memory={(m.name, v): memory // (1 if v == "fp32" else 2)
                for m in of.models for v in ("fp32", "int8")},
    )  # fmt: skip


@dataclass(frozen=True)
class Instance:
    """A random Graph with its table and the seed that it came from."""

    seed: int
    graph: Graph
    table: LatencyTable


def instance(seed: int) -> Instance:
    """The instance of a seed, small enough to be searched by brute force."""
    rng = random.Random(seed)
    while True:
        made = _draw(rng)
        if all(_ways(made, here) <= MAX_JOINT for here in made.sites):
            drawn = _table(rng, made)
            made = restricted(made, random.Random(f"rules {seed}"))
            made = sharing(made, random.Random(f"lines {seed}"))
            return Instance(seed, failing(made, random.Random(f"failures {seed}")), drawn)


def _ways(of: Graph, here: Site) -> int:
    """Upper bound on the joint assignments of a site."""
    ways = 1
    for one in of.flows:
        if here in one.sites:
            movable = sum(s.kind is not StageKind.SINK for s in one.stages)
            models = {s.model.name: s.model for s in one.stages if s.model is not None}
            ways *= len(here.devices) * 2**movable
            for used in models.values():
                ways *= len(used.variants)
    return ways


def _draw(rng: random.Random) -> Graph:
    alike = rng.sample(COUNTRIES, 3) if rng.random() < 0.6 else None
    zones = [
        zone(f"z{i}", *(alike or rng.sample(COUNTRIES, rng.randint(1, 3))),
             retention=rng.choice((None, None, 10 * DAY, 90 * DAY)))
        for i in range(rng.randint(1, 3))
    ]  # fmt: skip
    near = [country for of in zones for country in of.countries]
    regions = tuple(
        _region(rng, i, near if rng.random() < 0.85 else list(COUNTRIES))
        for i in range(rng.choice((0, 1, 2, 2, 3, 3)))
    )
    assets = [data(f"d{i}", size=rng.choice((1, 900, 64_000)),
                   rate=rng.choice((Fraction(1, 3), Fraction(7, 60), Fraction(20), Fraction(400))))
              for i in range(2)]  # fmt: skip
    streams = [int(asset.rate * asset.size * 8) for asset in assets]
    classes = [_device(rng, i, streams) for i in range(rng.randint(1, 3))]
    sites = tuple(_site(rng, i, zones, classes) for i in range(rng.randint(1, 4)))
    models = [
        model(f"m{i}", variants=rng.choice((("fp32", "int8"), ("fp32",), ("int8", "fp32"))),
              facts=facts(size=rng.randint(1, 50) * 10**6),
              training=_training(rng, regions) if rng.random() < 0.15 else None)
        for i in range(rng.randint(1, 2))
    ]  # fmt: skip
    flows = tuple(_flow(rng, i, sites, models, assets) for i in range(rng.randint(1, 3)))
    return replace(
        graph(*flows, regions=regions, horizon=rng.choice((YEAR, 3 * YEAR, 40 * DAY))),
        zones=tuple(zones), sites=sites, device_classes=tuple(classes), models=tuple(models),
        data=tuple(assets),
    )  # fmt: skip


def _region(rng: random.Random, index: int, countries: list[str]) -> Region:
    return region(
        f"r{index}", rng.choice(countries), cloud=rng.choice(("aws", "other")),
        storage_price=rng.choice((0, 23_000, 24_500)),
        egress_price=rng.choice((0, 90_000, 120_000)),
        inference_price=rng.choice((0, 1, 20, 22)), training_price=rng.randint(200_000, 300_000),
        key_price=rng.choice((0, 1_000_000)), registry_price=rng.choice((0, 100_000)),
    )  # fmt: skip


def _training(rng: random.Random, regions: tuple[Region, ...]) -> Training:
    pin = rng.random()
    return training(
        hours=rng.randint(1, 40), cloud=rng.choice(("aws", "other")) if pin < 0.3 else None,
        region=rng.choice(regions) if regions and pin > 0.7 else None,
    )  # fmt: skip


def _device(rng: random.Random, index: int, streams: list[int]) -> DeviceClass:
    """A class; its uplink is fast, hopeless, or at the edge of what one stream may fill."""
    stream = rng.choice(streams)
    tight = (stream * 5 // 4, stream * 10 // 9, stream * 5)
    away = rng.choice((0, HOUR, 3 * DAY))
    kept = max(2_000, stream * away // SECOND // 8 * 5 // 2)
    return device(
        f"k{index}",
        board=board(
            f"b{rng.randint(0, 1)}-{index}", memory=rng.choice((400, 900, 1_500, 2_500, 10_000)),
            reserved_memory=rng.choice((0, 200)), idle_power=rng.choice((0, 2_700)),
            load_power=rng.choice((2_700, 7_500, 15_000)), price=rng.choice((0, 95_000_000)),
            disk=rng.choice((10**12, 10**9, 2 * 10**6, kept, kept)),
            life=rng.choice((YEAR, 5 * YEAR)),
        ),
        max_offline=away,
        uplink_bandwidth=max(1, rng.choice((2_000, 20_000_000, 10**9, 10**9, *tight))),
        uplink_rtt=rng.choice((0, 7_001, 35_000)),
    )  # fmt: skip


def _site(rng: random.Random, index: int, zones: list[Zone], classes: list[DeviceClass]) -> Site:
    of = rng.choice(zones)
    home = rng.choice(of.countries) if rng.random() < 0.95 else rng.choice(COUNTRIES)
    stands = rng.sample(classes, rng.randint(1, len(classes)))
    return site(
        f"s{index}", of, *((d, rng.randint(1, 4)) for d in stands), country=home,
        lan_rtt=rng.choice((0, 333, 9_000)), energy_price=rng.choice((0, 190_000, 250_000)),
    )  # fmt: skip


def _flow(
    rng: random.Random, index: int, sites: tuple[Site, ...], models: list[Model], assets: list[Data]
) -> Flow:
    asset = rng.choice(assets)
    stages: list[Stage] = []
    for number in range(rng.randint(1, 5)):
        stages.append(_stage(rng, number, stages, models, asset))
    movable = [s.name for s in stages if s.kind is not StageKind.SINK]
    stages = [
        replace(s, feedback=(rng.choice(movable),))
        if s.kind is not StageKind.SINK and rng.random() < 0.15 else s
        for s in stages
    ]  # fmt: skip
    limit = rng.choice((300, 10_000, 40_000, 120_000, 120_000, 2 * DAY)) + rng.randint(0, 9_999)
    return flow(
        f"f{index}", asset,
        tuple(sorted(rng.sample(sites, max(rng.randint(1, len(sites)), rng.randint(1, len(sites)))),
                     key=lambda s: s.name)), *stages,
        latency=bound(limit, rng.choice(stages).name) if rng.random() < 0.5 else None,
        offline=rng.choice((0, 0, 0, HOUR, 3 * DAY)),
    )  # fmt: skip


def _stage(
    rng: random.Random, number: int, before: list[Stage], models: list[Model], asset: Data
) -> Stage:
    given = {s.name: (s.output_rate, s.output_size) for s in before
             if s.kind is not StageKind.SINK}  # fmt: skip
    given[asset.name] = (asset.rate, asset.size)
    sources = rng.sample(sorted(given), min(len(given), rng.choice((1, 1, 2, 2))))
    rate = sum((given[s][0] for s in sources), Fraction(0))
    size = max(given[s][1] for s in sources)
    plain = stage(f"t{number}", *sources, input_rate=rate, input_size=size, output_rate=rate,
                  output_size=rng.choice((size, size, 16)))  # fmt: skip
    kind = rng.choice(("infer", "infer", "normalise", "filter", "aggregate", "alert", "store"))
    if kind == "infer":
        return replace(plain, kind=StageKind.MODEL, operation="infer", model=rng.choice(models))
    if kind in ("alert", "store"):
        kept = rng.choice((None, 5 * DAY, 10 * DAY)) if kind == "store" else None
        return replace(plain, kind=StageKind.SINK, operation=kind, retention=kept,
                       place="site" if kind == "alert" else "cloud")  # fmt: skip
    if kind == "filter":
        plain = replace(plain, output_rate=rate * rng.choice((Fraction(0), Fraction(1, 20))))
    if kind == "aggregate":
        plain = replace(plain, output_rate=Fraction(SECOND, rng.choice((3_000, HOUR, DAY))))
    return replace(plain, operation=kind)


def _table(rng: random.Random, made: Graph) -> LatencyTable:
    def figures(_thing: str, _host: str, _variant: str) -> Estimate | None:
        if rng.random() < 0.06:
            return None
        mid = rng.choice((1, 40, 900, 1_750, 8_000, 30_000))
        return Estimate(low=mid // 2, mid=mid, high=mid + rng.choice((0, 1, mid)), basis="drawn")

    drawn = table(made, figures)
    memory = {key: rng.choice((250, 500, 750, 1_300)) for key in drawn.memory}
    return replace(drawn, memory=memory)
