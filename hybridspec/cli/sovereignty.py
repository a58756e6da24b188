"""`flows`, `why` and `what-if`: where data lies, whether it may, and what would change that."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag, NoWaiversFlag, SpecPath, StackFlag

if TYPE_CHECKING:
    from hybridspec.compiler import Options
    from hybridspec.ir.graph import Graph
    from hybridspec.report.what_if import Outcome


class TableFormat(StrEnum):
    """How a table for people, machines and documents is printed."""

    HUMAN = "human"
    JSON = "json"
    MARKDOWN = "markdown"


class Expected(StrEnum):
    """What a script relies on."""

    ALLOWED = "allowed"
    DENIED = "denied"


def flows(
    spec: SpecPath = Path(),
    data: Annotated[
        str, typer.Option("--data", help="Only this: data, `flow.stage`, a model, `telemetry`.")
    ] = "",
    zone: Annotated[str, typer.Option("--zone", help="Only what this zone has a say in.")] = "",
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    format: Annotated[
        TableFormat, typer.Option("--format", help="human, json or markdown.")
    ] = TableFormat.HUMAN,
) -> None:
    """Show every asset: what follows it, where each facet lies, the verdict and why."""
    from hybridspec.law.permit import law_of
    from hybridspec.report.flows import flows_document, names

    options = output.options(stack, no_waivers=no_waivers)
    graph, done = _placed(spec, options)
    labels = law_of(graph).labels
    known(data, [*names(graph, labels), "telemetry"], "asset", may_be_empty=True)
    known(zone, [z.name for z in graph.zones], "zone", may_be_empty=True)
    rows = done.plan.residency if done.plan is not None else None
    document = flows_document(graph, labels, rows, data=data, zone=zone)
    if format is TableFormat.JSON:
        output.document(document)
        return
    from hybridspec.report import sovereignty, terminal

    if done.plan is None:
        output.findings(done.findings, "human")
        output.say("nothing is placed, so that labels are shown without places")
    if format is TableFormat.MARKDOWN:
        print(sovereignty.flows_markdown(document), end="")
    else:
        sovereignty.flows(terminal.console(), document)


def why(
    data: Annotated[str, typer.Argument(help="Data, `flow.stage`, a model, or `telemetry`.")],
    word: Annotated[str, typer.Argument(metavar="in", help="The word `in`.")],
    country: Annotated[str, typer.Argument(help="ISO code of a country, such as US.")],
    spec: SpecPath = Path(),
    facet: Annotated[
        list[str] | None, typer.Option("--facet", help="Only this facet; may be repeated.")
    ] = None,
    cloud: Annotated[
        str, typer.Option("--cloud", help="Held by this cloud of the spec; default: by yourself.")
    ] = "",
    expect: Annotated[
        Expected | None,
        typer.Option("--expect", help="Exit with 5 unless all of it is allowed, or not all."),
    ] = None,
    stack: StackFlag = "local",
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Say whether data may be in a country: facet by facet, every rule with its citation."""
    from hybridspec.compiler import resolve_file
    from hybridspec.ir.law import FACETS
    from hybridspec.law.permit import law_of
    from hybridspec.report.flows import names, nodes_of
    from hybridspec.report.why import clouds, why_document

    known(word, ["in"], "word")
    code = _country(country)
    for one in facet or ():
        known(one, FACETS, "facet")
    graph = resolve_file(spec, output.options(stack))
    law = law_of(graph)
    known(cloud, clouds(graph.regions), "cloud", may_be_empty=True)
    nodes = nodes_of(data, law.labels)
    if not nodes:
        known(data, names(graph, law.labels), "asset")
        raise _unused(data)
    document = why_document(law, data, nodes, code, tuple(facet or ()), cloud)
    if format is Format.JSON:
        output.document(document)
    else:
        from hybridspec.report import sovereignty, terminal

        sovereignty.why_text(terminal.console(), document)
    if expect is not None and document["allowed"] != (expect is Expected.ALLOWED):
        output.say(f"expected to be {expect}, but the verdict is {document['verdict']}")
        raise typer.Exit(output.POLICY)


def what_if(
    spec: SpecPath = Path(),
    add_country: Annotated[
        list[str] | None, typer.Option("--add-country", help="Z=CC: zone Z allows country CC too.")
    ] = None,
    remove_country: Annotated[
        list[str] | None, typer.Option("--remove-country", help="Z=CC: zone Z no longer does.")
    ] = None,
    add_regime: Annotated[
        list[str] | None, typer.Option("--add-regime", help="Z=LAW: zone Z is under a law too.")
    ] = None,
    remove_mechanism: Annotated[
        list[str] | None,
        typer.Option("--remove-mechanism", help="Z:CC:NAME: this ground of a transfer falls."),
    ] = None,
    as_of: Annotated[
        str, typer.Option("--as-of", help="Judge as of this day, such as 2031-12-31.")
    ] = "",
    all: Annotated[bool, typer.Option("--all", help="List each claim that changes.")] = False,
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Show what would differ in findings, claims, placement and cost; the spec stays as it is."""
    from dataclasses import replace

    from hybridspec.cli.supposition import suppose
    from hybridspec.report.what_if import what_if_document

    supposed = suppose(
        countries=add_country or (), gone=remove_country or (), regimes=add_regime or (),
        mechanisms=remove_mechanism or (), as_of=as_of,
    )  # fmt: skip
    options = output.options(stack, no_waivers=no_waivers)
    before = _placed(spec, options)[1]
    other = replace(options, change=supposed.apply)
    after = _judged(spec, other, before, _outcome(spec, other)[1])
    document = what_if_document(supposed.said, before, after, spec=str(spec))
    if format is Format.JSON:
        output.document(document)
        return
    from hybridspec.report import sovereignty, terminal

    sovereignty.what_if(terminal.console(), document, all=all)


def _placed(spec: Path, options: Options) -> tuple[Graph, Outcome]:
    """The graph, and what came of placing it; a spec that does not resolve is refused."""
    from hybridspec.compiler import resolve_file

    graph, done = _outcome(spec, options)
    return graph or resolve_file(spec, options), done


def _outcome(spec: Path, options: Options) -> tuple[Graph | None, Outcome]:
    """What came of placing it, with the graph if nothing is wrong."""
    from hybridspec.base.diagnostic import SpecInvalid
    from hybridspec.compiler import validate_file
    from hybridspec.report.what_if import Outcome

    try:
        build = validate_file(spec, options)
    except SpecInvalid as invalid:
        return None, Outcome(invalid.findings, None)
    return build.graph, Outcome(build.findings, build.plan)


def _judged(spec: Path, options: Options, before: Outcome, after: Outcome) -> Outcome:
    """If nothing can be placed any more: how the placement of before would be judged."""
    if after.plan is not None or before.plan is None:
        return after
    from hybridspec.base.diagnostic import SpecInvalid
    from hybridspec.compiler import resolve_file
    from hybridspec.place.residency import residency

    try:
        graph = resolve_file(spec, options)
    except SpecInvalid:
        return after
    plan = before.plan
    rows = residency(graph, plan.decisions, plan.stores, plan.fleet)
    return after._replace(rows=rows)


def _country(written: str) -> str:
    from hybridspec.base.country import COUNTRIES
    from hybridspec.base.country_names import country_hint
    from hybridspec.base.errors import UsageError

    if written.upper() in COUNTRIES:
        return written.upper()
    raise UsageError(f"`{written[:60]}` is not a known country", help=country_hint(written))


def known(name: str, names: Collection[str], kind: str, *, may_be_empty: bool = False) -> None:
    """Refuse a name that does not exist, and say which one was probably meant."""
    if name in names or (may_be_empty and not name):
        return
    from hybridspec.base.closest import closest
    from hybridspec.base.errors import UsageError

    match = next((one for one in sorted(names) if one.endswith(f".{name}")), None)
    match = match or closest(name, names)
    raise UsageError(
        f"there is no {kind} `{name[:60]}`",
        help=f"did you mean `{match}`?" if match else f"there is {few(sorted(names))}",
    )


def few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return (", ".join(f"`{name}`" for name in names[:12]) or "none") + more


def _unused(data: str) -> Any:
    from hybridspec.base.errors import UsageError

    return UsageError(
        f"`{data[:60]}` is in no flow and no training, and is born nowhere",
        help="let a flow or a training use it, or say under `data` where it is born",
    )
