"""What `what-if` supposes: flags to a change of the spec, which is made on a copy in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import get_args

from hybridspec.base.closest import closest
from hybridspec.base.country import ADEQUATE_EU, BLOC_NAMES, COUNTRIES
from hybridspec.base.country_names import country_hint
from hybridspec.base.errors import UsageError
from hybridspec.spec.document import Spec
from hybridspec.spec.zone import Mechanism, Regime, Zone

_Change = Callable[[Spec], Spec]


@dataclass(frozen=True, slots=True)
class Supposition:
    """Changes in words, and as what they do."""

    said: tuple[str, ...]
    steps: tuple[_Change, ...]

    def apply(self, spec: Spec) -> Spec:
        """Another spec in which all of it holds."""
        for step in self.steps:
            spec = step(spec)
        return spec


def suppose(
    *, countries: Sequence[str], gone: Sequence[str], regimes: Sequence[str],
    mechanisms: Sequence[str], as_of: str,
) -> Supposition:  # fmt: skip
    """The change that the flags ask for.

    Raises:
        UsageError: a flag cannot be read, or there is none.
    """
    found: list[tuple[str, _Change]] = []
    for text in countries:
        zone, code = _pair("--add-country", text, "eu=CH")
        _country(code)
        found.append((f"zone {zone} allows {code} too", _zone(zone, partial(_with, code))))
    for text in gone:
        zone, code = _pair("--remove-country", text, "eu=CH")
        found.append((f"zone {zone} no longer allows {code}", _zone(zone, partial(_without, code))))
    for text in regimes:
        zone, law = _pair("--add-regime", text, "eu=gdpr")
        _one_of(law, get_args(Regime), "law")
        found.append((f"zone {zone} is under {law} too", _zone(zone, partial(_under, law))))
    for text in mechanisms:
        zone, to, name = _three(text)
        found.append((f"zone {zone} has no {name} for {to}",
                      _zone(zone, partial(_fallen, to, name))))  # fmt: skip
    if as_of:
        day = _day(as_of)
        found.append((f"it is {day}", lambda spec: spec.model_copy(
            update={"metadata": spec.metadata.model_copy(update={"as_of": day})}
        )))  # fmt: skip
    if not found:
        raise UsageError(
            "what if what?",
            help="give at least one of --add-country, --remove-country, --add-regime, "
            "--remove-mechanism and --as-of",
        )
    return Supposition(tuple(said for said, _ in found), tuple(step for _, step in found))


def _zone(name: str, change: Callable[[Zone], Zone]) -> _Change:
    def step(spec: Spec) -> Spec:
        _one_of(name, spec.zones, "zone")
        zones = {n: change(zone) if n == name else zone for n, zone in spec.zones.items()}
        return spec.model_copy(update={"zones": zones})

    return step


def _with(code: str, zone: Zone) -> Zone:
    return zone.model_copy(update={"countries": list(dict.fromkeys([*zone.countries, code]))})


def _without(code: str, zone: Zone) -> Zone:
    """The zone without a country that it names itself; one of a bloc cannot be taken off."""
    _one_of(code, zone.countries, "country of this zone")
    return zone.model_copy(update={"countries": [c for c in zone.countries if c != code]})


def _under(law: str, zone: Zone) -> Zone:
    return zone.model_copy(update={"regimes": list(dict.fromkeys([*zone.regimes, law]))})


def _fallen(to: str, name: str, zone: Zone) -> Zone:
    left = [t for t in zone.transfers if not (t.to == to and t.mechanism == name)]
    if len(left) == len(zone.transfers):
        known = ", ".join(f"`{t.to}:{t.mechanism}`" for t in zone.transfers) or "none"
        raise UsageError(f"the zone states no transfer to `{to[:60]}` by `{name[:60]}`",
                         help=f"its transfers are {known}")  # fmt: skip
    return zone.model_copy(update={"transfers": left})


def _pair(flag: str, text: str, example: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not (name and mark and value):
        raise UsageError(f"`{flag} {text[:60]}` names no zone with a value",
                         help=f"write `{flag} {example}`")  # fmt: skip
    return name, value


def _three(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) != 3 or not all(parts):
        raise UsageError(f"`--remove-mechanism {text[:60]}` is not a zone, country and mechanism",
                         help="write `--remove-mechanism eu:US:scc`")  # fmt: skip
    _one_of(parts[2], get_args(Mechanism), "mechanism")
    return parts[0], parts[1], parts[2]


def _country(code: str) -> None:
    if code not in COUNTRIES and code not in BLOC_NAMES and code != ADEQUATE_EU:
        raise UsageError(f"`{code[:60]}` is not a known country", help=country_hint(code))


def _one_of(name: str, known: Collection[str], kind: str) -> None:
    if name not in known:
        match = closest(name, known)
        listed = ", ".join(f"`{one}`" for one in sorted(known)[:12]) or "none"
        raise UsageError(
            f"there is no {kind} `{name[:60]}`",
            help=f"did you mean `{match}`?" if match else f"there is {listed}",
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise UsageError(f"`--as-of {text[:60]}` is not a day",
                         help="write it as 2031-12-31") from fault  # fmt: skip
