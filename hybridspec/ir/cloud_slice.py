"""The part of a plan that a cloud's target emits: what each compliance zone has there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """A scheduled training job as a target emits it; `every` and `hours` are whole hours.

    `drift` says that a drift of the inputs or a worse metric starts a run before its time, `spot`
    that it may run on machines that the cloud can take back.
    """

    model: str
    image: str
    instance: str
    hours: int
    every: int
    origin: str
    drift: bool = False
    spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What a zone adopts in place of making it: names as the cloud's target reads them.

    An empty one is made. `origin` is `file:line` of the request.
    """

    bucket: str = ""
    key: str = ""
    registry: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudService:
    """What of a flow the plan computes in the region, by one image for all sites of the zone.

    `stages` are those stages with their origins, in order, `models` each model with its variant,
    `memory` the bytes that they need at least. `image` is a name and a tag in the zone's registry,
    empty if the spec names none; it listens on `port`. `timeout` is in seconds, `least` and `most`
    how many instances run. `machine` is what the plan pays for by the hour, empty if it pays for
    the time of requests.
    """

    flow: str
    stages: tuple[tuple[str, str], ...]
    models: tuple[tuple[str, str], ...]
    image: str
    port: int
    memory: int
    timeout: int
    least: int
    most: int
    machine: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSlice:
    """What one cloud must hold for one compliance zone; origins are `file:line` of the spec.

    `region` and `country` are where everything goes; `countries` are those the zone allows;
    `retention_days` ends every stored object, `None` keeps it; `least_days` is how long each has
    to stay, and 0 if nothing says so; `log_days` ends every log line, `None` keeps it. `stores`
    are the sinks, as `flow/stage`, with their own days where the spec gives any. `services` is
    what computes in the region, `offered` what the catalogue says that the region has;
    `key_protection` is `software` or `hsm`; `class_flows` are the flows of each device class.
    """

    zone: str
    countries: tuple[str, ...]
    regimes: tuple[str, ...]
    region: str
    country: str
    retention_days: int | None
    least_days: int
    device_classes: tuple[str, ...]
    models: tuple[str, ...]
    stores: tuple[tuple[str, int | None], ...]
    training: tuple[TrainingJob, ...]
    origin: str
    store_origin: str
    devices_origin: str
    services: tuple[CloudService, ...] = ()
    existing: Existing = Existing()
    log_days: int | None = None
    offered: tuple[str, ...] = ()
    key_protection: str = "software"
    class_flows: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudSlice:
    """The part of a plan that one cloud's target turns into one Pulumi project.

    `stack` is what the project is deployed as, `backend` where its state is kept (empty: where the
    engine is logged in to) and `config` its settings of the engine. `account` may be empty: that of
    the credentials. `budget` is what the plan counts for this cloud a month, in micro-units of
    `currency`, and `contact` the address that hears of alarms, empty if the spec states none.
    """

    spec: str
    owner: str
    stack: str
    backend: str
    config: tuple[tuple[str, str], ...]
    cloud: str
    provider: str
    account: str
    partition: str
    spec_digest: str
    plan_digest: str
    zones: tuple[ZoneSlice, ...]
    budget: int = 0
    currency: str = "USD"
    contact: str = ""
