"""Hand-made legal facts: small laws that show one thing each, and data that is under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from property.graphs import at, data

from hybridspec.ir.graph import Data, Release
from hybridspec.ir.law import (
    Adequacy,
    Fact,
    LawFacts,
    Mechanism,
    Regime,
    Status,
    Trigger,
)
from hybridspec.ir.zone import Transfer

EUROPE = frozenset({"DE", "FR", "NO"})
CLEAR = ("process", "store", "ciphertext", "backup", "logs", "support", "model", "keys")
ANYWHERE = ("k-anonymity", ("k",)), ("differential-privacy", ("epsilon", "delta"))


def fact(name: str, **fields: object) -> Fact:
    """A fact that has held since 2020."""
    plain = Fact(id=name, title=name, since=date(2020, 1, 1), until=None, status=Status.IN_FORCE,
                 source="https://law.example", checked_on=date(2026, 11, 1))  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def mechanism(name: str, *evidence: str, **fields: object) -> Mechanism:
    """A mechanism for every country."""
    plain = Mechanism(name=name, evidence=evidence, longest=None, countries=frozenset(),
                      fact=fact(f"mechanism-{name}"))  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def regime(name: str = "gdpr", **fields: object) -> Regime:
    """A law of personal data of Europeans, which takes a ground to leave Europe."""
    plain = Regime(
        name=name, title=name.upper(),
        triggers=(Trigger(categories=("user",), subjects=EUROPE),
                  Trigger(categories=("user",), established=EUROPE)),
        governs=CLEAR, sealed=("ciphertext",), home=EUROPE, elsewhere="deny", denied=frozenset(),
        mechanisms=(mechanism("scc", "tia"), mechanism("bcr")), releases=ANYWHERE, duties=(),
        fact=fact(name),
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


BULK = regime(
    "us-doj-data", home=frozenset({"US"}), elsewhere="allow", denied=frozenset({"CN", "RU"}),
    triggers=(Trigger(categories=("user.health",), subjects=frozenset({"US"}),
                      thresholds=(("user.health", 10_000),)),),
    releases=(), sealed=(), mechanisms=(),
)  # fmt: skip
HEALTH = regime(
    "hipaa", home=frozenset({"US"}), elsewhere="allow", mechanisms=(),
    triggers=(Trigger(categories=("user.health",), subjects=frozenset({"US"}),
                      roles=("hipaa-covered-entity",)),),
    releases=(("safe-harbour", ()), ("expert", ())),
)  # fmt: skip


def adequacy(country: str, scope: str = "all", **fields: object) -> Adequacy:
    """A decision of `gdpr`."""
    return Adequacy(regime="gdpr", country=country, scope=scope,
                    fact=fact(f"adequacy-{country}", **fields))  # fmt: skip


def pack(*regimes: Regime, adequate: tuple[Adequacy, ...] = ()) -> LawFacts:
    """Facts of these laws: `gdpr`, `us-doj-data` and `hipaa` if none is given."""
    chosen = regimes or (regime(), BULK, HEALTH)
    covered = {c for one in chosen for t in one.triggers if "user" in t.categories
               for c in t.subjects}  # fmt: skip
    return LawFacts(
        version="test", digest="0" * 64, checked_on=date(2026, 11, 1), blocs=(), adequacy=adequate,
        regimes=chosen, covered=frozenset({"US", *covered}),
    )  # fmt: skip


def people(name: str = "faces", category: str = "user.biometric", **fields: object) -> Data:
    """Personal data."""
    return replace(data(name, category=category, personal=True), **fields)  # type: ignore[arg-type]


def release(regime: str = "gdpr", method: str = "k-anonymity", **parameters: object) -> Release:
    """A release with evidence and approver; `k` is 10 if no parameter is given."""
    stated = parameters or ({"k": 10} if method == "k-anonymity" else {})
    return Release(
        regime=regime, method=method, figure="", evidence="legal/release.md", approver="dpo",
        parameters=tuple((name, Fraction(str(value))) for name, value in stated.items()),
        origin=at(73),
    )  # fmt: skip


def transfer(to: str, mechanism: str = "scc", **fields: object) -> Transfer:
    """A transfer to one country, with a document."""
    plain = Transfer(to=to, countries=(to,), mechanism=mechanism, evidence="legal/scc.pdf",
                     expires=None, origin=at(12))  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]
