"""The commands that read no spec: codes, schemas, this machine, and the editor's door."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from hybridspec.base.source import printable
from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag, StackFlag


def rules(
    spec: Annotated[
        Path | None, typer.Argument(help="A spec, whose policies and plugins are listed too.")
    ] = None,
    stack: StackFlag = "local",
    format: FormatFlag = Format.HUMAN,
) -> None:
    """List every code that a finding can have, policies of a spec, and plugins with their hash."""
    from hybridspec.cli.explain_code import rules_document

    found = {**rules_document(), **_governed(spec, stack)}
    if format is Format.JSON:
        output.document(found)
        return
    for rule in found["rules"]:
        kind = "policy" if rule["policy"] else "spec"
        print(f"{rule['code']}  {rule['severity']:8}{kind:8}{rule['offence']:26}{rule['title']}")
    for policy in found["policies"]:
        line = f"{policy['id']}  {policy['severity']}  {policy['title']}: {policy['reason']}"
        print(printable(line))
    for plugin in found["plugins"]:
        use = "used" if plugin["used"] else "not used"
        print(f"plugin:{plugin['name']}  {use}  {plugin['package']}  "
              f"sha256: {plugin['sha256'] or 'cannot be told'}")  # fmt: skip


def _governed(spec: Path | None, stack: str) -> dict[str, Any]:
    """The policies of a spec, and every plugin; of plugins nothing is imported."""
    from hybridspec.load.plugin import available

    policies: list[dict[str, Any]] = []
    used: set[str] = set()
    if spec is not None:
        from hybridspec.compiler import resolve_file
        from hybridspec.report.document import policy_data

        graph = resolve_file(spec, output.options(stack))
        policies = [policy_data(policy) for policy in graph.policies]
        used = {plugin.name for plugin in graph.plugins}
    plugins = [{"name": name, "package": package, "sha256": digest, "used": name in used}
               for name, package, digest in available()]  # fmt: skip
    return {"policies": policies, "plugins": plugins}


def doctor(format: FormatFlag = Format.HUMAN) -> None:
    """Look at this machine: what is there, what is missing, how to add it."""
    from hybridspec.cli.doctor import checks

    found = checks(output.cache_folder())
    if format is Format.JSON:
        output.document({"schemaVersion": "hybridspec.dev/doctor/v1",
                         "checks": [c._asdict() for c in found]})  # fmt: skip
    else:
        from hybridspec.report import terminal

        terminal.table(
            terminal.console(), "Doctor", ["check", "result", "found", "help"],
            [(c.name, "good" if c.good else "missing" if c.needed else "optional", c.found,
              "" if c.good else c.help) for c in found],
        )  # fmt: skip
    raise typer.Exit(0 if all(c.good for c in found if c.needed) else 1)


def schema(
    name: Annotated[str, typer.Argument(help="hybridspec, catalog or release.")] = "hybridspec",
) -> None:
    """Print a JSON Schema (draft-07) for editors and validators."""
    from hybridspec.base.errors import UsageError
    from hybridspec.schemas import SCHEMAS, text

    if name not in SCHEMAS:
        raise UsageError(f"there is no schema `{name}`", help=f"choose from {', '.join(SCHEMAS)}")
    sys.stdout.write(text(name))


def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", help="Speak over standard input and output (the default).")
    ] = True,
) -> None:
    """The language server for editors: findings, completion, hover, definitions, quick fixes."""
    del stdio  # there is no other way; editors say so all the same
    from importlib.util import find_spec

    if find_spec("pygls") is None:
        from hybridspec.base.errors import HybridspecError

        raise HybridspecError("the language server needs the package `pygls`",
                              help="install it with `pip install 'hybridspec[lsp]'`")  # fmt: skip
    from hybridspec.editor.server import serve

    serve(output.cache_folder())
