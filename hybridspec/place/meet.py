"""The meet of several permissions, and the certificate of one in words."""

from __future__ import annotations

from collections.abc import Iterable

from hybridspec.ir.verdict import Permission, Reason, Verdict, meet
from hybridspec.law.duty import shortened


def together(permissions: list[Permission]) -> Permission:
    """What is allowed where all of them count."""
    if len(permissions) == 1:
        return permissions[0]
    return Permission(
        verdict=meet(*(p.verdict for p in permissions)),
        reasons=tuple(dict.fromkeys(r for p in permissions for r in p.reasons)),
        obligations=tuple(dict.fromkeys(o for p in permissions for o in p.obligations)),
    )  # fmt: skip


def in_words(whole: Permission) -> str:
    """The certificate in words: the wall that holds it, then what decided, three of it."""
    words = _texts(r for r in whole.reasons if r.verdict is whole.verdict)
    if whole.verdict in (Verdict.SATISFIED, Verdict.CONDITIONAL):
        count = len(whole.obligations)
        counted = count > 1 and whole.verdict is Verdict.CONDITIONAL
        words = _walls(whole) + ([f"while {count} obligations are met"] if counted else _texts(
            r for r in whole.reasons
            if r.verdict is whole.verdict and not r.rule.startswith("zone:")
        ))  # fmt: skip
    words = [shortened(text) for text in dict.fromkeys(words)]
    more = f"; and {len(words) - 3} more" if len(words) > 3 else ""
    return "; ".join(words[:3]) + more or "no wall, policy or law of the spec restricts it"


def _texts(reasons: Iterable[Reason]) -> list[str]:
    """What reasons say, each rule once with all of the countries that its text ends in."""
    found: dict[tuple[str, str], set[str]] = {}
    for reason in reasons:
        ending = ", ".join(reason.countries)
        stem = reason.text.removesuffix(f" {ending}") if ending else reason.text
        found.setdefault((reason.rule, stem), set()).update(
            reason.countries if stem != reason.text else ())  # fmt: skip
    return [f"{stem} {_listed(sorted(countries))}" if countries else stem
            for (_, stem), countries in found.items()]  # fmt: skip


def _listed(countries: list[str]) -> str:
    more = f" and {len(countries) - 8} more" if len(countries) > 8 else ""
    return ", ".join(countries[:8]) + more


def _walls(whole: Permission) -> list[str]:
    """Each zone that allows it once, with all countries in which it does."""
    found: dict[str, set[str]] = {}
    for reason in whole.reasons:
        if reason.rule.startswith("zone:") and reason.verdict is Verdict.SATISFIED:
            found.setdefault(reason.rule.removeprefix("zone:"), set()).update(reason.countries)
    return [f"zone `{name}` allows it in {', '.join(sorted(countries))}"
            for name, countries in sorted(found.items())]  # fmt: skip
