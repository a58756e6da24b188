"""Policies of the spec: what they name has to exist, or they would forbid nothing in silence."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Path, Span
from hybridspec.ir.governance import Condition, Policy, Requirement
from hybridspec.ir.law import LawFacts
from hybridspec.law.condition import FIELDS
from hybridspec.law.policy import PLACEHOLDERS
from hybridspec.resolve.condition import MISSING, Fault, compiled, installed
from hybridspec.resolve.device import boards_by_name
from hybridspec.resolve.references import lookup
from hybridspec.resolve.zone import countries
from hybridspec.spec import policy as written_policy
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec


def policies(
    spec: Spec, origins: Origins, catalogs: Mapping[str, Catalog], law: LawFacts, sink: Sink
) -> tuple[Policy, ...]:
    """Every policy."""
    return tuple(_policy(name, spec, origins, catalogs, law, sink) for name in spec.policies)


def _policy(
    name: str, spec: Spec, origins: Origins, catalogs: Mapping[str, Catalog], law: LawFacts,
    sink: Sink,
) -> Policy:  # fmt: skip
    written, path = spec.policies[name], ("policies", name)
    bound = written.applies_to or written_policy.AppliesTo()
    forbid = written.forbid or written_policy.Forbid()
    _names(written, path, spec, origins, catalogs, sink)
    _worth(written, path, origins, sink)
    _boards(written, path, origins, sink)
    _placeholders(written.message, path, origins, sink)
    known = (law, spec.metadata.as_of)
    return Policy(
        name=name,
        zones=tuple(bound.zones),
        categories=tuple(bound.categories),
        facets=tuple(dict.fromkeys(bound.facets)),
        regimes=tuple(dict.fromkeys(bound.regimes)),
        countries=countries(forbid.countries, (*path, "forbid", "countries"), known, origins, sink),
        regions=tuple(forbid.regions),
        boards=tuple(forbid.boards),
        operators=countries(forbid.operators, (*path, "forbid", "operators"), known, origins, sink),
        partitions=tuple(forbid.partitions),
        requires=_requirement(written.require),
        condition=_condition(written.when, path, origins, sink),
        title=written.title,
        severity=written.severity,
        controls=tuple(dict.fromkeys(written.controls)),
        linddun=tuple(dict.fromkeys(written.linddun)),
        message=written.message,
        remediation=written.remediation,
        false_positive=written.false_positive,
        reason=written.reason,
        origin=origins.key(*path),
        condition_origin=origins.value(*path, "when") if written.when is not None else None,
    )


def _requirement(written: written_policy.Require | None) -> Requirement:
    if written is None:
        return Requirement()
    return Requirement(
        device_trust=tuple(dict.fromkeys(written.device_trust)),
        controls=tuple(dict.fromkeys(written.controls)),
        key_protection=written.key_protection,
        evidence=tuple(dict.fromkeys(written.evidence)),
    )


def _names(
    written: written_policy.Policy, path: Path, spec: Spec, origins: Origins,
    catalogs: Mapping[str, Catalog], sink: Sink,
) -> None:  # fmt: skip
    rows = {(target, name): row for target, catalog in catalogs.items()
            for name, row in catalog.regions.items()}  # fmt: skip
    regions = {
        f"{cloud}/{name}": name for cloud, mine in spec.clouds.items()
        for target, name in rows if target == mine.provider
    }  # fmt: skip
    bound, forbid = written.applies_to, written.forbid
    partitions = {row.partition: row.partition for row in rows.values()}
    for names, things, kind, where in (
        (bound.zones if bound else [], spec.zones, "zone", ("applies_to", "zones")),
        (forbid.boards if forbid else [], boards_by_name(catalogs), "board", ("forbid", "boards")),
        (forbid.regions if forbid else [], regions, "region of a cloud", ("forbid", "regions")),
        (forbid.partitions if forbid else [], partitions, "partition", ("forbid", "partitions")),
    ):
        for index, thing in enumerate(names):
            lookup(thing, things, sink, span=origins.value(*path, *where, index), kind=kind)


def _worth(written: written_policy.Policy, path: Path, origins: Origins, sink: Sink) -> None:
    """A policy that says nothing looks like protection and is none."""
    parts = [part.model_dump() for part in (written.forbid, written.require) if part is not None]
    if written.when is None and not any(value for part in parts for value in part.values()):
        sink.add(Diagnostic(
            code="HS0212", message=f"policy `{path[1]}` forbids and requires nothing",
            span=origins.key(*path),
            help="add what it forbids, such as `forbid: {countries: [US]}`, a `require` or a "
            "`when`, or remove it",
        ))  # fmt: skip


def _boards(written: written_policy.Policy, path: Path, origins: Origins, sink: Sink) -> None:
    """A claim has no board, so that boards are forbidden by zone and category alone."""
    bound = written.applies_to
    other = [name for name, value in (
        ("when", written.when), ("applies_to.facets", bound and bound.facets),
        ("applies_to.regimes", bound and bound.regimes),
    ) if value]  # fmt: skip
    if written.forbid is not None and written.forbid.boards and other:
        sink.add(Diagnostic(
            code="HS0212", message=f"`forbid.boards` and `{other[0]}` do not go together",
            span=origins.value(*path, "forbid", "boards"),
            help="make it two policies; boards are forbidden by zone and category alone",
        ))  # fmt: skip


def _placeholders(message: str, path: Path, origins: Origins, sink: Sink) -> None:
    for name in re.findall(r"\{([^{}]*)\}", message):
        if name in PLACEHOLDERS:
            continue
        near = closest(name, PLACEHOLDERS)
        sink.add(Diagnostic(
            code="HS0206", message=f"`{{{name[:40]}}}` stands for nothing in a policy's message",
            span=origins.value(*path, "message"),
            help=(f"did you mean `{{{near}}}`? there are " if near else "there are ")
            + ", ".join(f"`{{{known}}}`" for known in PLACEHOLDERS),
        ))  # fmt: skip


def _condition(text: str | None, path: Path, origins: Origins, sink: Sink) -> Condition | None:
    if text is None:
        return None
    span = origins.value(*path, "when")
    if not installed():
        sink.add(Diagnostic(
            code="HS0350", message=f"the condition of policy `{path[1]}` needs an engine for CEL, "
            "which is not installed", span=span, help=f"run `{MISSING}`",
        ))  # fmt: skip
        return None
    made = compiled(text)
    if not isinstance(made, Fault):
        return made
    sink.add(Diagnostic(
        code="HS0350", message=f"the condition of policy `{path[1]}` is no condition: {made.text}",
        span=_at(span, text, made), help="a claim has " + ", ".join(f"`{n}`" for n in FIELDS),
    ))  # fmt: skip
    return None


def _at(span: Span, text: str, fault: Fault) -> Span:
    """The column at fault, where the text stands in the file as it is."""
    shown = span.file.line(span.line)
    start = shown.find(text, max(0, span.column - 1))
    if "\n" in text or start < 0:
        return span
    column = start + fault.column
    return span._replace(column=column, end_line=span.line, end_column=column + 1)
