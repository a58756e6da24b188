"""The command `plan`: the placement at least cost, and what it would be if values were others."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag, NoWaiversFlag, PluginFlag, SpecPath, StackFlag

if TYPE_CHECKING:
    from hybridspec.compiler import Options
    from hybridspec.report.what_if import Outcome

WhatIfFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if", metavar="KEY=VALUE",
        help="Show what would differ if a value of the spec were another; may be repeated.",
    ),
]  # fmt: skip
ParetoFlag = Annotated[
    bool, typer.Option("--pareto", help="Show what faster plans cost, as far as there are any.")
]

BestFlag = Annotated[
    bool,
    typer.Option("--best-so-far",
                 help="Let Ctrl-C end the search with the best plan found, and its gap."),
]  # fmt: skip


def plan(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    what_if: WhatIfFlag = None,
    pareto: ParetoFlag = False,
    best_so_far: BestFlag = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Decide the placement at least cost and say why."""
    options = output.options(stack, no_waivers=no_waivers, plugins=plugin)
    if not best_so_far:
        _plan(spec, options, what_if, format, pareto=pareto)
        return
    with interruptible() as stop:
        options = replace(options, searching=lambda: nullcontext(stop))
        _plan(spec, options, what_if, format, pareto=pareto)


def _plan(
    spec: Path, options: Options, what_if: list[str] | None, format: Format, *, pareto: bool
) -> None:
    if pareto:
        options = replace(options, settings=tuple(what_if or ()))
        _pareto(spec, options, format)
        return
    if what_if:
        _what_if(spec, options, what_if, format)
        return
    from hybridspec.cli.output_tree import compiled, report_of

    build = compiled(spec, options)
    if format is Format.JSON:
        output.document(build.plan_document)
        return
    from hybridspec.report import terminal

    output.findings(build.findings, "human")
    terminal.plan(terminal.console(), report_of(build, ()))
    print(f"Plan {build.plan_digest}")


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """While it lasts, the first Ctrl-C is only noted once there is a plan; it gives the note.

    Before the note is asked for, of which there is no plan to end with, and after the first one,
    Ctrl-C interrupts as ever.
    """
    planned = asked = False

    def noted() -> bool:
        nonlocal planned
        planned = True
        return asked

    def interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if planned and not asked:
            asked = True
            output.say("placing: ends with the best plan so far; Ctrl-C again gives up")
        elif callable(before):
            before(number, frame)
        else:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def _what_if(spec: Path, options: Options, settings: list[str], format: Format) -> None:
    """Print what would differ; nothing is written, and the spec stays as it is."""
    from hybridspec.base.diagnostic import SpecInvalid
    from hybridspec.load.setting import FLAG
    from hybridspec.report.what_if import what_if_document

    before = _outcome(spec, options)
    after = _outcome(spec, replace(options, settings=tuple(settings)))
    unreadable = [f for f in after.findings if f.span is not None and f.span.file.name == FLAG
                  and f.code.startswith("HS02")]  # fmt: skip
    if unreadable:  # the flag is wrong, and not the spec that it makes
        raise SpecInvalid(tuple(unreadable))
    document = what_if_document([_said(text) for text in settings], before, after, spec=str(spec))
    if format is Format.JSON:
        output.document(document)
        return
    from hybridspec.report import sovereignty, terminal

    sovereignty.what_if(terminal.console(), document)


def _pareto(spec: Path, options: Options, format: Format) -> None:
    """Print the plans of which none is both cheaper and faster than another."""
    from hybridspec.compiler import plan_file
    from hybridspec.place.explain_pareto import front
    from hybridspec.report import explain_text, terminal
    from hybridspec.report.explain_pareto import pareto_blocks, pareto_document

    build = plan_file(spec, options)
    document = pareto_document(str(spec), front(build.graph, build.table, build.placed))
    if format is Format.JSON:
        output.document(document)
    else:
        explain_text.show(terminal.console(), pareto_blocks(document))


def _said(setting: str) -> str:
    key, _, value = setting.partition("=")
    return f"{key.strip()} = {value.strip()}" if value.strip() else f"{key.strip()} is left out"


def _outcome(spec: Path, options: Options) -> Outcome:
    """What a run comes to, be it a plan or findings."""
    from hybridspec.base.diagnostic import SpecInvalid
    from hybridspec.compiler import compile_file
    from hybridspec.report.what_if import Outcome

    try:
        build = compile_file(spec, options)
    except SpecInvalid as invalid:
        return Outcome(invalid.findings, None)
    return Outcome(build.findings, build.placed)
