"""The commands of `hybridspec` and their flags; every import that costs time is inside one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from hybridspec.cli import (
    bundle,
    catalog,
    channel_app,
    deploying,
    facts,
    failure,
    keys,
    model,
    output,
    reference,
    show,
    sovereignty,
)
from hybridspec.cli.explain import explain
from hybridspec.cli.flags import (
    FindingFormat,
    Format,
    FormatFlag,
    NoWaiversFlag,
    OutFlag,
    PluginFlag,
    RuntimeFlag,
    SpecPath,
    StackFlag,
)
from hybridspec.cli.init import init
from hybridspec.cli.plan import plan
from hybridspec.cli.preview import preview
from hybridspec.cli.workshops import ClusterFlag, JobsFlag, TlsFlag, workshop_of

_COMPLETE = "_HYBRIDSPEC_COMPLETE"

app = typer.Typer(
    name="hybridspec",
    help="One spec in; placement, Pulumi stacks, signed edge bundles and reports out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(bundle.app, name="bundle")
app.add_typer(catalog.app, name="catalog")
app.add_typer(channel_app.app, name="channel")
app.add_typer(facts.app, name="facts")
app.add_typer(keys.app, name="keys")
app.add_typer(model.app, name="model")


def _spec(path: Path) -> Path:
    from hybridspec.load.file import locate

    return locate(path)


def _plain_version(wanted: bool) -> None:
    if wanted:
        from hybridspec import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_plain_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Common flags."""


app.command()(init)


@app.command()
def validate(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    format: Annotated[
        FindingFormat, typer.Option("--format", help="human, concise, json, sarif or github.")
    ] = FindingFormat.HUMAN,
    fix: Annotated[
        bool, typer.Option("--fix", help="Show a diff of the repairs that are certain, make them.")
    ] = False,
    fix_all: Annotated[bool, typer.Option("--fix-all", help="Make the best guesses too.")] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --fix or --fix-all would change, only.")
    ] = False,
) -> None:
    """Check a spec offline: shape, residency, latency, memory, and that a placement exists."""
    from hybridspec.base.diagnostic import SpecInvalid
    from hybridspec.cli.validation import mending
    from hybridspec.cli.validation import validate as run_validation
    from hybridspec.compiler import validate_file

    def check() -> tuple[Any, ...]:
        try:
            return validate_file(
                spec, output.options(stack, no_waivers=no_waivers, plugins=plugin)
            ).findings
        except SpecInvalid as invalid:
            return invalid.findings

    how, guesses = mending(fix=fix, fix_all=fix_all, diff=diff)
    raise typer.Exit(run_validation(spec, check, format, how, guesses=guesses))


app.command()(plan)
app.command()(explain)


@app.command()
def build(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    out: OutFlag = None,
    runtime_dir: RuntimeFlag = None,
    jobs: JobsFlag = None,
    cluster: ClusterFlag = None,
    cluster_tls: TlsFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Write plan, stacks, bundles and report."""
    from dataclasses import replace
    from functools import partial

    from hybridspec.cli.building import build_once

    options = replace(
        output.options(stack, no_waivers=no_waivers, plugins=plugin),
        runtime=runtime_dir,
        workshop=partial(workshop_of, jobs, cluster, cluster_tls),
    )
    build_once(_spec(spec), out, options, as_json=format is Format.JSON)


@app.command()
def report(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    out: OutFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Write the placement report (HTML, Markdown, JSON) and name its place."""
    from hybridspec.cli.output_tree import build as make

    done = make(_spec(spec), out, output.options(stack, no_waivers=no_waivers, plugins=plugin))
    if format is Format.JSON:
        output.document(done.report)
        return
    for name in ("index.html", "report.md", "report.json"):
        print(done.folder / "report" / name)


app.command()(preview)
for deploy in (deploying.up, deploying.status, deploying.refresh,
               deploying.verify, deploying.destroy):  # fmt: skip
    app.command()(deploy)
app.command()(sovereignty.flows)
app.command()(sovereignty.why)
app.command("what-if")(sovereignty.what_if)
for command in (show.show, reference.rules, reference.doctor, reference.schema, reference.lsp):
    app.command()(command)


@app.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
def agent() -> None:
    """The on-device updater: init, run, status."""


def run(argv: Sequence[str]) -> int:
    """Run a command; returns the exit code. No traceback reaches a user."""
    from hybridspec.base.diagnostic import SpecInvalid
    from hybridspec.base.errors import ChangesFound, HybridspecError

    signal.signal(signal.SIGTERM, _interrupt)
    as_json = failure.wants_json(argv)
    try:
        code = _run(argv)
        sys.stdout.flush()
        return code
    except SpecInvalid as invalid:
        output.findings(invalid.findings, "json" if as_json else "human")
        output.say(output.summary(invalid.findings))
        return output.exit_code(invalid.findings)
    except ChangesFound as found:  # the document of the run is the list of them
        return failure.fail(found.message, found.help, found.exit_code, as_json=False)
    except HybridspecError as fault:
        return failure.fail(fault.message, fault.help, fault.exit_code, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return failure.fail("interrupted", _after(argv), 8, as_json=as_json)
    except BrokenPipeError:
        output.close()
        return 1
    except OSError as fault:
        output.close()
        return failure.system_fault(fault, as_json=as_json)
    except Exception as fault:
        return failure.unexpected(fault, as_json=as_json)


def _after(argv: Sequence[str]) -> str:
    """What to do after an interruption."""
    command = argv[0] if argv else ""
    if command == "plan" and "--best-so-far" not in argv:
        return "run it again, with `--best-so-far` to have the best plan found at the next Ctrl-C"
    if command in ("up", "destroy"):
        return "what was done is kept; run the same command again, or `hybridspec destroy`"
    return "run the same command again"


def _run(argv: Sequence[str]) -> int:
    if _COMPLETE in os.environ:
        app(prog_name="hybridspec")  # a shell asks what could come next
    command = typer.main.get_command(app)
    try:
        # Not `app(...)`: that turns exits and interrupts into a return value or another code.
        with command.make_context("hybridspec", list(argv)) as context:
            command.invoke(context)
    except typer.Exit as done:
        return int(done.exit_code)
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
