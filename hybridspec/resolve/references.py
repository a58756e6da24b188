"""Names to things: what a name may mean here, and what it probably meant if nothing has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hybridspec.base.closest import closest, surely
from hybridspec.base.diagnostic import Diagnostic, Label, Sink
from hybridspec.base.edit import Edits, add_key, put, without
from hybridspec.base.source import Origins, Span
from hybridspec.spec.document import Spec

T = TypeVar("T")


def lookup(
    name: str,
    things: Mapping[str, T],
    sink: Sink,
    *,
    span: Span,
    kind: str,
    code: str = "HS0220",
    defined: Span | None = None,
    likely: Sequence[str] = (),
    idle: Callable[[], Sequence[str]] = tuple,
    otherwise: Edits = (),
) -> T | None:
    """The thing called `name`, or None and a finding that lists what there is.

    `likely` are the names that suit the rest of the spec, where nothing else tells them apart;
    `idle` gives those that nothing refers to: one of them may be what `name` was called before.
    `otherwise` is done where nothing is like it, such as taking it off a list.
    """
    if name in things:
        return things[name]
    if sink.is_full:
        sink.omit(1)
        return None
    kinds = f"{kind}{'es' if kind.endswith('s') else 's'}"
    notes = () if defined is None else (Label(span=defined, message=f"{kinds} are defined here"),)
    known = list(things)
    fitting = [one for one in likely if one in things] or known
    unused = [one for one in idle() if one in things]
    meant = surely(name, known)
    certain = meant is not None and (not unused or meant in unused)
    near = meant if certain else closest(name, unused) or (
        unused[0] if len(unused) == 1 else closest(name, known))  # fmt: skip
    near = near or (fitting[0] if likely or len(known) == 1 else None)
    sink.add(
        Diagnostic(
            code=code,
            message=f"there is no {kind} `{name[:60]}`",
            span=span,
            help=suggest(name, known, kind, fitting, near),
            notes=notes,
            fixes=otherwise if near is None else put(span, near),
            certain=certain,
        )
    )
    return None


def suggest(name: str, choices: list[str], kind: str, likely: Sequence[str] = (),
            meant: str | None = None) -> str:  # fmt: skip
    """`did you mean`, or the list of what exists (at most a dozen)."""
    near = closest(name, choices)
    match = meant if near is not None and meant is not None else near
    if match is not None:
        return f"did you mean `{match}`?"
    if not choices:
        return f"define a {kind} first"
    first = sorted(likely or choices)[:12]
    listed = ", ".join(f"`{choice}`" for choice in first)
    more = f" and {len(choices) - 12} more" if len(choices) > 12 else ""
    return f"choose from: {listed}{more}"


def idle(spec: Spec, section: str) -> list[str]:
    """The names of a section that nothing in the spec refers to."""
    stages = [step for flow in spec.flows.values() for step in flow.stages.values()]
    used: dict[str, set[str | None]] = {
        "zones": {site.zone for site in spec.sites.values()},
        "devices": {name for site in spec.sites.values() for name in site.devices},
        "data": {flow.data for flow in spec.flows.values()},
        "models": {step.model for step in stages},
    }
    return [name for name in getattr(spec, section) if name not in used[section]]


def stage_order(
    stages: Mapping[str, list[str]], origins: Origins, flow: str, sink: Sink
) -> list[str] | None:
    """Stage names in topological order, by name among equals; a cycle is a finding."""
    remaining = {name: [i for i in inputs if i in stages] for name, inputs in stages.items()}
    order: list[str] = []
    while remaining:
        ready = min((n for n, needs in remaining.items() if all(i in order for i in needs)),
                    default=None)  # fmt: skip
        if ready is None:
            sink.add(_cycle(stages, remaining, origins, flow))
            return None
        order.append(ready)
        del remaining[ready]
    return order


def _cycle(
    stages: Mapping[str, list[str]], remaining: Mapping[str, list[str]], origins: Origins, flow: str
) -> Diagnostic:
    walk = [min(remaining)]
    while walk[-1] not in walk[:-1]:
        walk.append(next(i for i in remaining[walk[-1]] if i in remaining))
    # Walking follows inputs, so the ring reads backwards along the data; turn it round, and begin
    # where data enters it: there an input can become feedback and another one is left.
    ring = walk[walk.index(walk[-1]) + 1 :][::-1]
    first = min((name for name in ring if set(stages[name]) - set(ring)), default=min(ring))
    ring = ring[ring.index(first) :] + ring[: ring.index(first)]
    closing = ring[-1]
    span = origins.value("flows", flow, "stages", first, "inputs", stages[first].index(closing))
    return Diagnostic(
        code="HS0221",
        message=f"the stages {' -> '.join(f'`{name}`' for name in (*ring, first))} feed each other",
        span=span,
        help=f"if `{first}` uses the last round's output of `{closing}`, move `{closing}` from its "
        f"`inputs` to `feedback: [{closing}]`",
        fixes=_opened(stages, origins, ("flows", flow, "stages", first), closing),
        notes=tuple(
            Label(span=origins.key("flows", flow, "stages", name), message=f"`{name}` is in it")
            for name in ring[1:]
        ),
    )  # fmt: skip


def _opened(
    stages: Mapping[str, list[str]], origins: Origins, path: tuple[str, ...], closing: str
) -> Edits:
    """Edits that make the input which closes a ring one of the last round."""
    inputs = stages[path[-1]]
    at = inputs.index(closing)
    if len(inputs) == 1 or ("feedback" in {p[-1] for p in origins.keys if p[:-1] == path}):
        return ()
    item = origins.whole(*path, "inputs", at)
    removed = without(item, item, origins.value(*path, "inputs"))
    return (*removed, *add_key(origins, path, "feedback", [closing])) if removed else ()
