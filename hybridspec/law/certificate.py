"""Certificates: why a claim has its verdict, with the way its label took and a stable id."""

from __future__ import annotations

from functools import partial

from hybridspec.ir.label import BOTTOM, Label
from hybridspec.ir.verdict import ORDER, Certificate, Permission, Way
from hybridspec.law.label import Labels, component

_SHOWN = 8
"""So many names a join lists; the rest are counted."""


def certificate(labels: Labels, node: str, permission: Permission) -> Certificate:
    """The certificate of a permission that was asked for something at a node.

    The path, worked out when it is asked for, is that of what decided: the law or the wall behind
    the worst reason; if no reason names one, that of the first part of the label.
    """
    return Certificate(reasons=permission.reasons, way=partial(_way, labels, node, permission))


def _way(labels: Labels, node: str, permission: Permission) -> Way:
    key = (id(labels.within(node)), id(permission.reasons))
    if key not in labels.decided:  # with the reasons, so that no others get their id
        labels.decided[key] = (permission.reasons, decisive(labels, node, permission))
    part = labels.decided[key][1]
    if (node, part) not in labels.trails:
        labels.trails[node, part] = _trail(labels, node, part)
    return labels.trails[node, part]


def _trail(labels: Labels, node: str, part: str) -> Way:
    """The way of a part to a node, and what came together on it."""
    path = labels.path(node, part) if part else ()
    nodes = [*(step.source for step in path), node]
    return Way(path, tuple((name, _together(labels, name)) for name in nodes))


def decisive(labels: Labels, node: str, permission: Permission) -> str:
    """The part of the node's label that the worst reason comes from; empty if it has no part."""
    parts = labels.parts(node)
    for reason in sorted(permission.reasons, key=lambda r: ORDER.index(r.verdict)):
        kind, _, name = reason.rule.partition(":")
        if kind == "zone" and component(name) in parts:
            return component(name)
        law = reason.rule if kind == "unknown" else kind
        for part in parts:
            if part.startswith(f"regime {law}@"):
                return part
    return parts[0] if parts else ""


def _together(labels: Labels, node: str) -> str:
    """What comes together in a node, and what its label says then."""
    if node not in labels.texts:
        names = labels.joins(node)
        text = " + ".join(names[:_SHOWN])
        if len(names) > _SHOWN:
            text += f" + {len(names) - _SHOWN} more"
        labels.texts[node] = f"{text or 'nothing'}: {summary(labels.within(node))}"
    return labels.texts[node]


def summary(label: Label) -> str:
    """A label in one line: the laws with the zones they are on account of, and the walls.

    >>> summary(BOTTOM)
    'no data'
    """
    if label == BOTTOM:
        return "no data"
    laws = ", ".join(f"{bound.regime} of {bound.zone}" for bound in sorted(label.regimes))
    walls = ", ".join(sorted(label.zones))
    return f"under {laws or 'no law'}; kept in {walls or 'no zone'}"
