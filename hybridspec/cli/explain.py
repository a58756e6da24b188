"""The command `explain`: why something was decided, why nothing fits, or what a code means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import StackFlag
from hybridspec.cli.plan import BestFlag, interruptible
from hybridspec.cli.sovereignty import TableFormat

if TYPE_CHECKING:
    from hybridspec.compiler import Build, Options
    from hybridspec.report.explain_text import Block

_FLIPPED = 2
"""Of so many decisions at most it is said what would flip them: each takes many plans."""
KINDS = ("flow", "model", "zone")

WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[QUESTION]... [SPEC]",
        help="A code such as HS0302; or `flow F at S`, `model M at S`, `zone Z`; then the spec.",
    ),
]  # fmt: skip


class Question(NamedTuple):
    """What was asked: `kind` is empty where everything was."""

    kind: str
    name: str
    site: str
    spec: Path

    @property
    def text(self) -> str:
        """The question in words."""
        return f"{self.kind} {self.name}" + (f" at {self.site}" if self.site else "")


def explain(
    question: WordsArgument = None,
    site: Annotated[str, typer.Option("--site", help="Only this site.")] = "",
    flow: Annotated[str, typer.Option("--flow", help="Only this flow.")] = "",
    infeasible: Annotated[
        bool,
        typer.Option("--infeasible", help="Why there is no plan, and the cheapest ways out."),
    ] = False,
    best_so_far: BestFlag = False,
    stack: StackFlag = "local",
    format: Annotated[
        TableFormat, typer.Option("--format", help="human, json or markdown.")
    ] = TableFormat.HUMAN,
) -> None:
    """Explain a decision: chosen, runner-up, every other way, and what would flip it; or a code."""
    words = question or []
    if len(words) == 1 and _code(words[0], format):
        return
    options = output.options(stack)
    if best_so_far:
        options = replace(options, searching=interruptible)
    asked = _asked(words)
    if asked.kind and not asked.name:
        raise _nameless(asked, options)
    if infeasible:
        if asked.kind:
            raise _unclear(words)
        _infeasible(asked.spec, options, format)
        return
    if not asked.kind:
        _everything(asked.spec, options, site, flow, format)
        return
    from hybridspec.compiler import plan_file

    _show(_answer(plan_file(asked.spec, options), asked), format)


def _code(word: str, format: TableFormat) -> bool:
    """Print the page of a code; False if the word is none."""
    from hybridspec.cli.explain_code import explain_code

    text = explain_code(word)
    if text is None:
        return False
    if format is TableFormat.JSON:
        output.document({"schemaVersion": "hybridspec.dev/code/v1", "code": word, "text": text})
    else:
        print(text)
    return True


def _asked(words: Sequence[str]) -> Question:
    """The question in the words; only a spec is one about everything.

    Raises:
        UsageError: the words make no question.
    """
    if not words or (len(words) == 1 and (words[0] not in KINDS or _is_spec(words[0]))):
        return Question("", "", "", Path(*words))
    kind, name, *rest = *words, ""
    if kind in KINDS and rest in ([], [""]) and (not name or _is_path(name) or _is_spec(name)):
        return Question(kind, "", "", Path(name))
    rest = rest[:-1]
    if kind in KINDS and name == "at":
        return Question(kind, "", "", Path(*rest[1:2]))
    site = ""
    if kind in KINDS[:2] and rest[:1] == ["at"]:
        rest = rest[2:] if rest[1:2] == ["site"] and len(rest) > 2 else rest[1:]
        if not rest:
            raise _unclear(words)
        site, *rest = rest
    if kind not in KINDS or len(rest) > 1:
        raise _unclear(words)
    return Question(kind, name, site, Path(*rest))


def _is_spec(word: str) -> bool:
    from hybridspec.load.file import locate

    return locate(Path(word)).is_file()


def _is_path(word: str) -> bool:
    """Whether a word is no name, since names have none of these."""
    return "/" in word or "." in word


def _unclear(words: Sequence[str]) -> Exception:
    from hybridspec.base.errors import UsageError

    return UsageError(
        f"`{' '.join(words)[:80]}` is no question",
        help="write `explain flow NAME at SITE`, `explain model NAME at SITE`, `explain zone "
        "NAME` or `explain HS0302`; the spec comes last",
    )


def _nameless(asked: Question, options: Options) -> Exception:
    """What to say of `explain flow` and its like: the names that there are."""
    from hybridspec.base.errors import UsageError
    from hybridspec.cli.sovereignty import few
    from hybridspec.compiler import resolve_file
    from hybridspec.load.file import locate

    where = "" if asked.kind == "zone" else " at SITE"
    usage = f"write `explain {asked.kind} NAME{where}`, and the spec behind it"
    if not locate(asked.spec).is_file():
        return UsageError(f"`explain {asked.kind}` names no {asked.kind}", help=usage)
    graph = resolve_file(asked.spec, options)
    of = {"flow": [flow.name for flow in graph.flows], "model": [m.name for m in graph.models],
          "zone": [zone.name for zone in graph.zones]}  # fmt: skip
    names = few(of[asked.kind])
    return UsageError(f"`explain {asked.kind}` names no {asked.kind}: there is {names}", help=usage)


def _everything(spec: Path, options: Options, site: str, flow: str, format: TableFormat) -> None:
    """Every decision in short; for people, those alike at sites of a zone are one."""
    from hybridspec.base.errors import UsageError
    from hybridspec.compiler import plan_file
    from hybridspec.report import explain_short, explain_text, terminal
    from hybridspec.report.document import placement_data

    plan = plan_file(spec, options).placed
    chosen = [d for d in plan.decisions
              if site in ("", d.site.name) and flow in ("", d.flow.name)]  # fmt: skip
    if not chosen:
        known = ", ".join(f"{d.flow.name} at {d.site.name}" for d in plan.decisions[:8])
        raise UsageError("no decision has this site and flow", help=f"there is {known}")
    if format is TableFormat.JSON:
        found = [placement_data(one, plan.currency) for one in chosen]
        output.document({"schemaVersion": "hybridspec.dev/explain/v1", "decisions": found})
        return
    placements = explain_short.short(chosen, plan.currency)
    if format is TableFormat.MARKDOWN:
        print(explain_text.markdown("every decision", explain_short.blocks(placements)), end="")
        return
    for placement in placements:
        terminal.explain(terminal.console(), placement)


def _answer(build: Build, asked: Question) -> dict[str, Any]:
    """The answer to a question about a decision.

    Raises:
        UsageError: nothing has the name that was asked about.
    """
    from hybridspec.cli.sovereignty import known
    from hybridspec.place.explain_decision import explanations
    from hybridspec.place.explain_flip import with_flips
    from hybridspec.place.explain_zone import explain_zone
    from hybridspec.report.explain import explanation_document, zone_document

    graph, plan = build.graph, build.placed
    if asked.kind == "zone":
        known(asked.name, [zone.name for zone in graph.zones], "zone")
        zone = next(zone for zone in graph.zones if zone.name == asked.name)
        output.say("planning again with other prices, to find what would move the store")
        found_zone = explain_zone(graph, build.table, plan, zone, output.say)
        return zone_document(asked.text, str(asked.spec), plan, found_zone)
    of_model = asked.kind == "model"
    known(asked.name, [m.name for m in (graph.models if of_model else graph.flows)], asked.kind)
    known(asked.site, [s.name for s in graph.sites], "site", may_be_empty=True)
    found = explanations(graph, plan, lambda decision: (
        asked.site in ("", decision.site.name)
        and (asked.name in {s.model.name for s in decision.flow.stages if s.model is not None}
             if of_model else decision.flow.name == asked.name)
    ))  # fmt: skip
    if not found:
        raise _nowhere(build, asked)
    if len(found) <= _FLIPPED:
        output.say("planning again with other values, to find what would flip the decision")
        found = tuple(with_flips(graph, build.table, plan, one, output.say) for one in found)
    return explanation_document(asked.text, str(asked.spec), plan, found)


def _nowhere(build: Build, asked: Question) -> Exception:
    from hybridspec.base.errors import UsageError

    sites = sorted({
        d.site.name for d in build.placed.decisions
        if asked.name in (d.flow.name, *(s.model.name for s in d.flow.stages if s.model))
    })  # fmt: skip
    return UsageError(
        f"{asked.kind} `{asked.name}` does not run at `{asked.site}`",
        help=f"it runs at {', '.join(sites[:8])}" if sites else "no flow runs it",
    )


def _infeasible(spec: Path, options: Options, format: TableFormat) -> None:
    """Why there is no plan; a spec that is wrong in another way is refused as `validate` does."""
    from hybridspec.compiler import resolve_file
    from hybridspec.optimise.latency import latency_table
    from hybridspec.place.conflict_find import conflicts
    from hybridspec.report.explain_conflict import conflict_blocks, conflicts_document

    graph = resolve_file(spec, options)
    try:
        verdict = conflicts(graph, latency_table(graph))
    except Exception as fault:
        raise _too_large(fault) from fault
    others = _errors(spec, options) if verdict.feasible else []
    document = conflicts_document(str(spec), graph.currency, verdict, others)
    if format is TableFormat.JSON:
        output.document(document)
    else:
        _print(document["question"], conflict_blocks(document), format)


def _errors(spec: Path, options: Options) -> list[str]:
    """The codes of what is wrong with a spec that has a plan."""
    from hybridspec.base.diagnostic import Severity, SpecInvalid
    from hybridspec.compiler import validate_file

    try:
        validate_file(spec, options)
    except SpecInvalid as invalid:
        return sorted({f.code for f in invalid.findings if f.severity is Severity.ERROR})
    return []


def _too_large(fault: Exception) -> Exception:
    """What to say of a question that cannot be answered in time."""
    from hybridspec.base.errors import UsageError
    from hybridspec.place.configuration import TooManyWays
    from hybridspec.place.engine.api import SearchTooLarge
    from hybridspec.place.listing import TooDear

    if not isinstance(fault, (TooManyWays, SearchTooLarge, TooDear)):
        return fault
    return UsageError("that cannot be searched exactly", help="run `hybridspec validate`")


def _show(document: dict[str, Any], format: TableFormat) -> None:
    from hybridspec.report.explain_text import blocks

    if format is TableFormat.JSON:
        output.document(document)
    else:
        _print(document["question"], blocks(document), format)


def _print(question: str, said: Iterable[Block], format: TableFormat) -> None:
    from hybridspec.report import explain_text, terminal

    if format is TableFormat.MARKDOWN:
        print(explain_text.markdown(question, said), end="")
    else:
        explain_text.show(terminal.console(), said)
