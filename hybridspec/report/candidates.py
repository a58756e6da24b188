"""Candidates of a search as data, and as the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridspec.base.units import format_bytes
from hybridspec.ir.candidate import Candidate, Search

HEAD = ("recipe", "quality", "latency", "memory", "size", "verdict", "front")
_EXACT_DB = 200


def search_data(search: Search, *, labelled: bool) -> dict[str, Any]:
    """A search as a document; the same search gives the same bytes."""
    return {
        "model": search.model,
        "device": search.device,
        "cut": search.cut,
        "labelled": labelled,
        "candidates": [candidate_data(one, labelled=labelled) for one in search.candidates],
    }


def candidate_data(one: Candidate, *, labelled: bool) -> dict[str, Any]:
    """One candidate with every figure that somebody may want to compare."""
    latency, evidence = one.latency, one.verdict.evidence if one.verdict else None
    return {
        "variant": one.variant,
        "recipe": one.recipe,
        "why": one.why,
        "state": str(one.state),
        "chosen": one.chosen,
        "front": one.front,
        "reasons": list(one.reasons),
        "latency": None if latency is None else {
            "low": latency.low, "mid": latency.mid, "high": latency.high, "basis": latency.basis,
        },
        "memory": one.memory,
        "size": one.size,
        "sha256": one.digest,
        "quality": None if evidence is None or not one.built else {
            "metric": evidence.metric if labelled else "",
            "value": evidence.variant if labelled else None,
            "interval": evidence.interval if labelled else None,
            "agreement": evidence.agreement,
            "cosine": evidence.cosine,
            "sqnrDb": evidence.sqnr_db,
            "maxError": evidence.max_error,
            "samples": evidence.samples,
        },
    }  # fmt: skip


def rows(search: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A row under `HEAD` for each candidate of a search's document."""
    return [
        (
            one["recipe"],
            quality(one["quality"]),
            latency(one["latency"]),
            format_bytes(one["memory"]),
            format_bytes(one["size"]) if one["size"] else "",
            verdict(one),
            "yes" if one["front"] else "",
        )
        for one in search["candidates"]
    ]


def verdict(one: Mapping[str, Any]) -> str:
    """What became of a candidate; `against` has the reasons."""
    return "chosen" if one["chosen"] else str(one["state"])


def against(search: Mapping[str, Any]) -> list[str]:
    """Why not, a line for each set of reasons that recipes share."""
    shared: dict[tuple[str, str], list[str]] = {}
    for one in search["candidates"]:
        if one["reasons"]:
            shared.setdefault((one["state"], "; ".join(one["reasons"])), []).append(one["recipe"])
    return [f"{', '.join(names)}: {state}: {why}" for (state, why), names in shared.items()]


def quality(found: Mapping[str, Any] | None) -> str:
    """The task's metric where there are labels, else how alike the outputs are."""
    if found is None:
        return ""
    if found["value"] is not None:
        return f"{found['metric']} {found['value']:.4f} +-{found['interval']:.4f}"
    ratio = "exact" if found["sqnrDb"] >= _EXACT_DB else f"{found['sqnrDb']:.1f} dB"
    return f"{found['agreement']:.1%} alike, {ratio}"


def latency(found: Mapping[str, Any] | None) -> str:
    """Milliseconds with their interval."""
    if found is None:
        return "nobody has figures"
    return f"{_ms(found['mid'])} ms ({_ms(found['low'])}-{_ms(found['high'])})"


def _ms(micros: int) -> str:
    """Three digits of a time.

    >>> _ms(59), _ms(6254), _ms(123456), _ms(1523456)
    ('0.059', '6.25', '123', '1523')
    """
    millis = micros / 1000
    return f"{millis:.0f}" if millis >= 100 else f"{millis:.3g}"
