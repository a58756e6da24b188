"""Random graphs whose data crosses zones, laws and borders in every way that the spec can say.

Everything is drawn from one seed, so that a failure names the instance that shows it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

from property import graphs

from hybridspec.ir.governance import Observability, Party, Policy, TelemetrySink
from hybridspec.ir.graph import (
    Data,
    DeviceClass,
    Federated,
    Flow,
    Graph,
    Model,
    Release,
    Site,
    Stage,
    Training,
)
from hybridspec.ir.law import Evidence, Implicit, LawFacts
from hybridspec.ir.region import Region
from hybridspec.ir.verdict import Place
from hybridspec.ir.zone import Transfer, Zone

COUNTRIES = (
    "DE", "FR", "IE", "NO", "GB", "CH", "US", "CA", "CN", "HK", "BR", "IN", "JP", "KR", "SA", "RU",
    "SG", "AU",
)  # fmt: skip
CATEGORIES = (
    "system.operations", "system.telemetry", "user", "user.contact.email",
    "user.health_and_medical", "user.health_and_medical.genetic", "user.biometric",
    "user.biometric.face", "user.location.precise", "user.financial", "user.unique_id",
    "user.sensor",
)  # fmt: skip
DAYS = (
    "2020-06-01", "2022-03-01", "2025-04-07", "2025-04-08", "2026-01-26", "2026-11-01",
    "2026-11-01", "2026-11-01", "2027-05-14", "2027-12-02", "2028-08-02", "2031-12-27",
    "2031-12-28", "2040-01-01",
)  # fmt: skip
TRUST = ("secure-boot", "tpm", "encrypted-storage", "attestation")
CONTROLS = (
    "encryption-at-rest", "encryption-in-transit", "audit-log", "access-review",
    "pseudonymisation",
)  # fmt: skip
COUNTS = (None, 0, 1, 99, 100, 999, 1_000, 9_999, 10_000, 99_999, 100_000, 1_000_000, 5_000_000)
ROLES = (
    "hipaa-covered-entity", "hipaa-business-associate", "nis2-essential", "nis2-important",
    "ai-act-high-risk-provider", "us-person", "data-act-provider",
)  # fmt: skip
MECHANISMS = ("scc", "bcr", "idta", "consent", "adequacy", "cac-filing", "derogation")
EVIDENCE = (
    "dpia", "tia", "tra", "art-9", "consent", "baa", "dpa", "risk-analysis", "audit-log",
    "event-logging", "encryption-at-rest", "third-country-access",
)  # fmt: skip
FACETS = (
    "process", "store", "ciphertext", "transit", "keys", "key_admin", "backup", "logs", "support",
    "control_plane", "operator", "model",
)  # fmt: skip
METHODS = ("k-anonymity", "differential-privacy", "aggregation", "safe-harbour", "expert")
REGIMES = (
    "gdpr", "uk-gdpr", "hipaa", "pipl", "lgpd", "dpdp", "us-doj-data", "eu-ai-act", "nis2",
    "data-act", "iec-62443",
)  # fmt: skip
COVERED = ("DE", "FR", "NO", "GB", "US", "CN", "BR", "IN")
"""Countries whose laws the facts know."""
LATER = (None, None, "2020-05-31", "2026-10-31", "2026-11-01", "2030-01-01", "2099-12-31")


def draw(seed: int, law: LawFacts) -> Graph:
    """The graph of a seed, under the facts of `law`.

    Half of them are calm: no wall stands in the way and few laws are claimed, so that what a law
    says is not hidden behind something worse.
    """
    dice = random.Random(seed)
    calm = dice.random() < 0.5
    zones = [_zone(dice, number, calm=calm) for number in range(dice.randint(1, 2 if calm else 4))]
    devices = tuple(_device(dice, number) for number in range(2))
    sites = tuple(
        graphs.site(f"s{number}", zone := dice.choice(zones), (dice.choice(devices), 1),
                    country=dice.choice(zone.countries if dice.random() < 0.8 else COUNTRIES))
        for number in range(dice.randint(1, 5))
    )  # fmt: skip
    assets = tuple(_data(dice, number, sites, calm=calm) for number in range(dice.randint(1, 4)))
    models = tuple(_model(dice, number, assets, sites) for number in range(dice.randint(0, 2)))
    flows = tuple(
        _flow(dice, number, assets, models, sites) for number in range(dice.randint(1, 4))
    )
    made = graphs.graph(*flows)
    return replace(
        made, zones=tuple(zones), sites=sites, data=assets, models=models, device_classes=devices,
        as_of=dice.choice(DAYS), law=law, regions=_regions(dice),
        roles=tuple(sorted(dice.sample(ROLES, dice.choice((0, 0, 1, 2))))),
        controller=Party(name="c", contact="c", country=dice.choice((None, *COUNTRIES)))
        if dice.random() < 0.5 else None,
        policies=tuple(
            _policy(dice, n, zones) for n in range(dice.choice((0, 0, 1) if calm else (0, 1, 2)))
        ),
        observability=Observability(
            metrics=("latency",), log_level=dice.choice(("warning", "info")),
            sinks=_sinks(dice, zones),
        ),
    )  # fmt: skip


def _device(dice: random.Random, number: int) -> DeviceClass:
    can = tuple(name for name in TRUST if dice.random() < 0.6)
    return graphs.device(
        f"k{number}", board=graphs.board(capabilities=can),
        security=tuple(name for name in TRUST if dice.random() < 0.6),
        controls=tuple((name, "emitted") for name in CONTROLS if dice.random() < 0.3),
    )  # fmt: skip


def _some(dice: random.Random, low: int, high: int) -> tuple[str, ...]:
    return tuple(sorted(dice.sample(COUNTRIES, dice.randint(low, high))))


def _zone(dice: random.Random, number: int, *, calm: bool) -> Zone:
    countries = tuple(sorted(COUNTRIES)) if calm else _some(dice, 2, 12)
    stated = dice.sample(FACETS, 0 if calm else dice.choice((0, 0, 1, 2, 4)))
    return graphs.zone(
        f"z{number}", *countries,
        regimes=tuple(sorted(dice.sample(REGIMES, dice.choice((0, 0, 1) if calm else (0, 1, 3))))),
        facets=tuple(
            (facet, tuple(sorted(dice.sample(countries, dice.randint(1, len(countries))))))
            for facet in FACETS if facet in stated
        ),
        transfers=tuple(_transfer(dice) for _ in range(dice.choice((0, 1, 2, 3)))),
        evidence=tuple(
            Evidence(kind=kind, document=f"legal/{kind}.pdf", expires=dice.choice(LATER),
                     origin=graphs.at(12))
            for kind in dice.sample(EVIDENCE, dice.randint(0, 4))
        ),
        retention=dice.choice((None, 30 * 86_400_000_000)),
        controls=tuple(sorted(dice.sample(CONTROLS, dice.choice((0, 0, 2))))),
        device_trust=dice.choice(((), (), ("secure-boot", "tpm"))),
        key_protection=dice.choice(("software", "hsm")),
    )  # fmt: skip


def _transfer(dice: random.Random) -> Transfer:
    to = _some(dice, 1, 4)
    return Transfer(
        to=to[0], countries=to, mechanism=dice.choice(MECHANISMS),
        evidence="legal/transfer.pdf" if dice.random() < 0.7 else "", expires=dice.choice(LATER),
        recipient=dice.choice(("", "", "", "aws", "own")), origin=graphs.at(13),
    )  # fmt: skip


def _data(dice: random.Random, number: int, sites: tuple[Site, ...], *, calm: bool) -> Data:
    category = dice.choice(CATEGORIES)
    people = tuple(sorted(dice.sample(COVERED, 1))) if calm else _some(dice, 1, 3)
    return graphs.data(
        f"d{number}", category=category, personal=category.split(".")[0] == "user",
        subjects=people if calm or dice.random() < 0.5 else (),
        subject_count=dice.choice(COUNTS), sensitivity=dice.choice((None, None, "low", "high")),
        born=tuple(site.name for site in sites if dice.random() < 0.3),
    )  # fmt: skip


def _model(
    dice: random.Random, number: int, assets: tuple[Data, ...], sites: tuple[Site, ...]
) -> Model:
    job: Training | None = None
    if dice.random() < 0.7:
        rounds = Federated(rounds=3, sites=tuple(s.name for s in sites if dice.random() < 0.5))
        taught = dice.sample(assets, dice.randint(0, min(2, len(assets))))
        job = graphs.training(
            data=tuple(asset.name for asset in taught),
            federated=rounds if rounds.sites and dice.random() < 0.4 else None,
        )
    made_from = [asset.name for asset in assets] + [f"m{other}" for other in range(number)]
    lineage = tuple(dice.sample(made_from, 1)) if dice.random() < 0.2 else ()
    return graphs.model(f"m{number}", training=job, lineage=(*lineage, "a public set"))


def _flow(
    dice: random.Random, number: int, assets: tuple[Data, ...], models: tuple[Model, ...],
    sites: tuple[Site, ...],
) -> Flow:  # fmt: skip
    asset = dice.choice(assets)
    stages: list[Stage] = []
    for index in range(dice.randint(1, 5)):
        stages.append(_stage(dice, index, stages, asset, models))
    movable = [stage.name for stage in stages if stage.operation not in ("alert", "store")]
    stages = [
        replace(stage, feedback=(dice.choice(movable),))
        if stage.name in movable and dice.random() < 0.2 else stage
        for stage in stages
    ]  # fmt: skip
    chosen = dice.sample(sites, dice.randint(1, len(sites)))
    return graphs.flow(
        f"f{number}", asset, tuple(sorted(chosen, key=lambda site: site.name)), *stages
    )


def _stage(
    dice: random.Random, index: int, before: list[Stage], asset: Data, models: tuple[Model, ...]
) -> Stage:
    given = [s.name for s in before if s.operation not in ("alert", "store")] + [asset.name] * 2
    inputs = tuple(dict.fromkeys(dice.sample(given, min(len(given), dice.choice((1, 1, 2))))))
    kind = dice.choice(("normalise", "aggregate", "redact", "local-training", "infer", "infer",
                        "store", "alert"))  # fmt: skip
    if kind == "infer" and not models:
        kind = "filter"
    releases = tuple(one for name in _released(dice) for one in _releases(dice, name))
    if kind == "infer":
        return graphs.infer(f"t{index}", dice.choice(models), *inputs, releases=releases)
    if kind in ("store", "alert"):
        return (graphs.store if kind == "store" else graphs.alert)(f"t{index}", *inputs)
    return graphs.stage(f"t{index}", *inputs, operation=kind, releases=releases)


def _released(dice: random.Random) -> list[str]:
    if dice.random() < 0.15:
        return ["all"]
    if dice.random() < 0.6:
        return []
    every = ["gdpr", "gdpr", "hipaa", *REGIMES, "zone"]
    return sorted({dice.choice(every) for _ in range(dice.choice((1, 2, 6, 20)))})


def _releases(dice: random.Random, name: str) -> list[Release]:
    """A release of one law; `all` is a whole one of every law and of the wall."""
    if name != "all":
        return [_release(dice, name)]
    figures = tuple((key, Fraction(10)) for key in ("k", "epsilon", "delta", "minimum"))
    return [
        replace(_release(dice, regime), evidence="legal/release.md", approver="dpo@example.org",
                method="k-anonymity", parameters=figures)
        for regime in (*REGIMES, "zone")
    ]  # fmt: skip


def _release(dice: random.Random, regime: str) -> Release:
    keys = [key for key in ("k", "epsilon", "delta", "minimum") if dice.random() < 0.6]
    return Release(
        regime=regime, method=dice.choice(METHODS), figure="",
        evidence="legal/release.md" if dice.random() < 0.85 else "",
        approver="dpo@example.org" if dice.random() < 0.9 else "",
        parameters=tuple((key, Fraction(dice.randint(1, 20))) for key in keys),
        origin=graphs.at(72),
    )  # fmt: skip


def _policy(dice: random.Random, number: int, zones: list[Zone]) -> Policy:
    return Policy(
        name=f"p{number}",
        zones=tuple(zone.name for zone in zones if dice.random() < 0.3),
        categories=tuple(sorted(dice.sample(CATEGORIES, dice.choice((0, 0, 1, 2))))),
        countries=_some(dice, 0, 4), regions=(), boards=(), reason="contract",
        facets=tuple(dice.sample(FACETS, 4)) if dice.random() < 0.3 else (),
        operators=_some(dice, 1, 2) if dice.random() < 0.2 else (),
        partitions=("aws-cn",) if dice.random() < 0.1 else (),
        origin=graphs.at(90),
    )  # fmt: skip


def _sinks(dice: random.Random, zones: list[Zone]) -> tuple[TelemetrySink, ...]:
    return tuple(
        TelemetrySink(
            type="otlp", address="https://example.org", countries=_some(dice, 1, 2),
            zone=dice.choice(zones).name if dice.random() < 0.3 else None, secret=None,
            origin=graphs.at(91),
        )
        for _ in range(dice.choice((0, 1, 1, 2)))
    )  # fmt: skip


def _regions(dice: random.Random) -> tuple[Region, ...]:
    signed = {
        cloud: tuple(
            Evidence(kind=kind, document=f"legal/{kind}.pdf", expires=dice.choice(LATER),
                     origin=graphs.at(41))
            for kind in ("baa", "dpa") if dice.random() < 0.5
        )
        for cloud in ("aws", "azure")
    }  # fmt: skip
    return tuple(_region(dice, number, signed) for number in range(dice.randint(1, 3)))


def _region(dice: random.Random, number: int, signed: dict[str, tuple[Evidence, ...]]) -> Region:
    cloud = dice.choice(("aws", "azure"))
    return graphs.region(
        f"r{number}", dice.choice(COUNTRIES), cloud=cloud, agreements=signed[cloud],
        operator_country=dice.choice((None, "US", "DE", "CN", "FR")),
        administered_from=_some(dice, 0, 2), services=("storage", "keys", "registry"),
        implicit=tuple(_implicit(dice, index) for index in range(dice.randint(0, 4))),
        key_protection=dice.choice(((), ("software",), ("software", "hsm"))),
        controls=tuple((name, "emitted") for name in CONTROLS if dice.random() < 0.5),
    )  # fmt: skip


def _implicit(dice: random.Random, index: int) -> Implicit:
    return Implicit(
        id=f"i{index}", service=dice.choice(("*", "storage", "keys", "none-of-ours")),
        facet=dice.choice([facet for facet in FACETS if facet != "operator"]),
        carries=dice.choice(("content", "ciphertext", "metadata", "logs")),
        countries=_some(dice, 0, 2), avoided_by=dice.choice(("", "", "replication-off")),
        text="a copy", source="https://example.org", checked_on=None,
    )  # fmt: skip


def place(dice: random.Random) -> Place:
    """A place that anything could be in."""
    sealed = dice.random() < 0.3
    return Place(
        name="region aws/r0",
        countries=_some(dice, 0, 3) if dice.random() < 0.6 else _some(dice, 1, 1),
        recipient=dice.choice(("own", "aws", "azure")),
        operator=dice.choice((None, "US", "DE", "CN", "RU")), sealed=sealed,
        partition=dice.choice(("", "aws", "aws-cn")),
        keys_in=_some(dice, 0, 2) if sealed else (),
    )  # fmt: skip
