"""Costs over the horizon, each term named with its inputs, in integer micro-units.

Everything is computed as an exact fraction and rounded once, half to even. A month is a twelfth
of 365 days; a GB is 10^9 bytes.
"""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.units import HOUR, SECOND, YEAR
from hybridspec.ir.graph import DeviceClass, Graph, Model, Region, Site, SiteDevices, Stage
from hybridspec.ir.plan import CostTerm, Estimate

MONTH = Fraction(YEAR, 12)
_GB = 10**9
_KWH = 1000 * 3_600_000
"""Milliwatt-seconds in a kilowatt-hour."""
_SERVERLESS_GB = 1
"""Memory that a serverless inference is billed for at least."""


def energy(graph: Graph, site: Site, device: DeviceClass, busy: Fraction, stage: str) -> CostTerm:
    """Energy above idle for `busy` device-seconds per second at a site."""
    power = Fraction(device.board.load_power - device.board.idle_power)
    seconds = Fraction(graph.horizon, SECOND)
    amount = power * busy * seconds / _KWH * site.energy_price
    return CostTerm(
        name=f"energy {stage}",
        amount=round(amount),
        inputs=f"{float(busy):.6f} devices busy x {float(power) / 1000:g} W above idle x "
        f"{_price(site.energy_price)}/kWh",
    )


def inference(graph: Graph, region: Region, stage: Stage, latency: Estimate) -> CostTerm:
    """Serverless inference in a region: GB-seconds at the middle estimate."""
    events = stage.input_rate * Fraction(graph.horizon, SECOND)
    seconds = events * Fraction(latency.mid, SECOND) * _SERVERLESS_GB
    return CostTerm(
        name=f"inference {stage.name}",
        amount=round(seconds * region.inference_price),
        inputs=f"{round(events)} events x {latency.mid} us x {_SERVERLESS_GB} GB x "
        f"{_price(region.inference_price)}/GB-s",
    )


def storage(graph: Graph, region: Region, stage: Stage, retention: int | None) -> CostTerm:
    """Objects that a store holds: steady state under retention, growing without it."""
    per_month = stage.input_rate * stage.input_size * MONTH / SECOND / _GB
    months = Fraction(graph.horizon) / MONTH
    kept = Fraction(retention) / MONTH if retention is not None else None
    volume = per_month * months * (months / 2 if kept is None or kept > months else kept)
    return CostTerm(
        name=f"storage {stage.name}",
        amount=round(volume * region.storage_price),
        inputs=f"{float(volume):.6g} GB-months x {_price(region.storage_price)}",
    )


def returned(graph: Graph, region: Region, stage: Stage, rate: Fraction) -> CostTerm:
    """Egress for what the cloud sends back to a site."""
    volume = rate * stage.output_size * Fraction(graph.horizon, SECOND) / _GB
    return CostTerm(
        name=f"egress {stage.name}",
        amount=round(volume * region.egress_price),
        inputs=f"{float(volume):.6g} GB x {_price(region.egress_price)}/GB",
    )


def zone_terms(
    graph: Graph, region: Region, models: tuple[Model, ...], devices: int
) -> tuple[CostTerm, ...]:
    """What a zone costs in a region whatever its flows do: key, registry, training, updates."""
    months = Fraction(graph.horizon) / MONTH
    terms = [
        CostTerm(name="key", amount=round(months * region.key_price),
                 inputs=f"{float(months):g} months x {_price(region.key_price)}"),
    ]  # fmt: skip
    for model in models:
        size = Fraction(model.facts.size, _GB)
        terms.append(CostTerm(
            name=f"registry {model.name}",
            amount=round(size * months * region.registry_price),
            inputs=f"{float(size):.6g} GB x {float(months):g} months x "
            f"{_price(region.registry_price)}/GB-month",
        ))  # fmt: skip
        if model.training is None:
            continue
        runs = Fraction(graph.horizon, model.training.every)
        terms.append(CostTerm(
            name=f"training {model.name}",
            amount=round(runs * model.training.hours * region.training_price),
            inputs=f"{float(runs):g} runs x {model.training.hours} h x "
            f"{_price(region.training_price)}/h",
        ))  # fmt: skip
        volume = runs * devices * size
        terms.append(CostTerm(
            name=f"updates {model.name}",
            amount=round(volume * region.egress_price),
            inputs=f"{float(runs):g} releases x {devices} devices x {float(size):.6g} GB x "
            f"{_price(region.egress_price)}/GB",
        ))  # fmt: skip
    return tuple(terms)


def fleet_terms(graph: Graph) -> tuple[CostTerm, ...]:
    """What the declared devices cost wherever the flows run: purchase and idle energy."""
    terms = []
    known: dict[tuple[str, int, int], tuple[tuple[int, str], tuple[int, str]]] = {}
    for site in graph.sites:
        for devices in site.devices:
            name = devices.device_class.name
            key = (name, devices.count, site.energy_price)
            if key not in known:
                known[key] = _owned(graph, devices, site.energy_price)
            (bought, purchases), (spent, energy) = known[key]
            label = f"{name} at {site.name}"
            terms.append(CostTerm(name=f"devices {label}", amount=bought, inputs=purchases))
            terms.append(CostTerm(name=f"idle energy {label}", amount=spent, inputs=energy))
    return tuple(terms)


def _owned(
    graph: Graph, devices: SiteDevices, price: int
) -> tuple[tuple[int, str], tuple[int, str]]:
    """Purchase and idle energy of a site's devices of one class, with their inputs."""
    board = devices.device_class.board
    lives = -(-graph.horizon // board.life)
    hours = Fraction(graph.horizon, HOUR)
    kwh = Fraction(board.idle_power, 10**6) * hours * devices.count
    return (
        (devices.count * lives * board.price,
         f"{devices.count} x {_price(board.price)} x {lives} purchases"),
        (round(kwh * price), f"{float(kwh):.6g} kWh x {_price(price)}/kWh"),
    )  # fmt: skip


def _price(micro: int) -> str:
    return f"{micro / 10**6:.10g}"
