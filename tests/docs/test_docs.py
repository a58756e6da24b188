"""The documents are true: their commands run, their specs hold, their links and names exist.

In a `console` fence the lines that start with `$ ` are run in a copy of the examples, one document
after the other from top to bottom; the lines below a command have to appear in its output.
"""

from __future__ import annotations

import doctest
import importlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import EXAMPLES, ROOT

from docs import fences
from hybridspec.base.diagnostic import Sink, SpecInvalid
from hybridspec.base.source import SourceFile
from hybridspec.compiler import Options, validate_file
from hybridspec.load.catalog import parse_catalog
from hybridspec.load.yaml import parse

DOCUMENTS = sorted([
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("targets/*.md"),
    *ROOT.glob("schemas/*.md"),
    *ROOT.glob("examples/*/README.md"),
])  # fmt: skip
COPIED = ("examples", "schemas", "docs", "targets", "Makefile", "pyproject.toml")
LEFT_OUT = shutil.ignore_patterns("build", ".hybridspec", "__pycache__")
TREES = ("hybridspec", "targets", "tests")


def _name(path: Path) -> str:
    return fences.relative(path, ROOT)


def _fenced(language: str) -> list[Path]:
    return [path for path in DOCUMENTS
            if any(f.language == language for f in fences.fences(path.read_text()))]  # fmt: skip


def _targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))


@pytest.fixture
def copy(tmp_path: Path, cache: Path, mother: Path) -> Iterator[Path]:
    """What the documents' commands may touch; whatever they started is ended."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, tmp_path / name)
    yield tmp_path
    for state in tmp_path.rglob(".hybridspec/*/local"):
        spec = state.parents[2] / f"{state.parent.name}.yaml"
        _run(f"hybridspec destroy {spec}", tmp_path, cache, mother)


def _run(command: str, folder: Path, cache: Path, mother: Path) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HYBRIDSPEC", "PULUMI"))}
    path = os.pathsep.join([str(mother), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**kept, "PATH": path, "HYBRIDSPEC_CACHE": str(cache), "PYTHONUTF8": "1",
                   "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}  # fmt: skip
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.parametrize("path", _fenced("console"), ids=_name)
def test_commands_do_what_the_document_shows(
    path: Path, copy: Path, cache: Path, mother: Path
) -> None:
    folder = copy / path.parent.relative_to(ROOT)
    for fence in fences.fences(path.read_text()):
        for command in fences.commands(fence) if fence.language == "console" else ():
            where = f"{_name(path)}:{command.line}: $ {command.text}"
            if command.text.startswith("make "):
                assert command.text.split()[1] in _targets(), f"{where}: no such target"
                continue
            if command.text.startswith("cd "):
                folder = folder / command.text.removeprefix("cd ")
                continue
            done = _run(command.text, folder, cache, mother)
            shown = textwrap.indent(done.stdout, "  | ")
            assert done.returncode == 0, f"{where} ended with {done.returncode}\n{shown}"
            lost = fences.missing(command.expected, done.stdout)
            assert lost is None, f"{where} did not print, or not there:\n  {lost}\nbut\n{shown}"


@pytest.mark.parametrize("path", _fenced("yaml"), ids=_name)
def test_yaml_loads_and_specs_and_catalogues_are_valid(path: Path, copy: Path, cache: Path) -> None:
    for fence in fences.fences(path.read_text()):
        if fence.language != "yaml":
            continue
        where = f"{_name(path)}:{fence.line}"
        sink = Sink()
        text = SourceFile(shown=where, name=where, text=fence.text)
        parse(text, sink)
        assert not sink.findings, f"{where}: {[f.message for f in sink.findings]}"
        if fence.text.startswith("schema: hybridspec.dev/catalog/"):
            assert parse_catalog(where, fence.text).regions
        if "apiVersion:" in fence.text:
            spec = copy / "examples" / "vibration-watch" / f"line-{fence.line}.yaml"
            spec.write_text(fence.text, encoding="utf-8")
            try:
                found = validate_file(spec, Options(cache=cache)).findings
            except SpecInvalid as invalid:
                found = invalid.findings
            assert not found, f"{where}: {[f.message for f in found]}"


@pytest.mark.parametrize("path", _fenced("python"), ids=_name)
def test_python_compiles(path: Path) -> None:
    for fence in fences.fences(path.read_text()):
        if fence.language == "python":
            compile(fence.text, f"{_name(path)}:{fence.line}", "exec")


def _with_examples() -> list[str]:
    """Every module whose docstrings hold examples, as it is imported."""
    found = []
    for tree, package in (("hybridspec", "hybridspec"), ("targets", "hybridspec_targets"),
                          ("tests/docs", "docs")):  # fmt: skip
        for path in sorted((ROOT / tree).rglob("*.py")):
            if path != Path(__file__) and re.search(r"(?m)^ *>>> ", path.read_text()):
                parts = path.relative_to(ROOT / tree).with_suffix("").parts
                found.append(".".join([package, *(p for p in parts if p != "__init__")]))
    return found


@pytest.mark.parametrize("module", _with_examples())
def test_docstring_examples(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried
    assert failed == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_relative_links_and_anchors_exist(path: Path) -> None:
    for line, target in fences.links(path.read_text()):
        if target.startswith(("https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), f"{_name(path)}:{line}: there is no {target}"
        assert linked.is_relative_to(ROOT), f"{_name(path)}:{line}: {target} leaves the repository"
        if anchor:
            known = fences.anchors(linked.read_text())
            assert anchor in known, f"{_name(path)}:{line}: no heading for {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_files_and_commands_that_are_named_exist(path: Path) -> None:
    """A code span that reads like a source file or a command of ours names one."""
    made = {"build", "stacks", "bundles", "report", "channel", "fleet", "model", "runtime", "ota",
            "legal"}  # fmt: skip
    for line, span in fences.code_spans(path.read_text()):
        where = f"{_name(path)}:{line}: `{span}`"
        if span.startswith("make ") and "/" not in span:
            assert span.split()[1] in _targets(), where
        command = re.match(r"hybridspec ([a-z]+(?:-[a-z]+)*)", span)
        if command:
            assert command[1] in _commands(), where
        if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+\.(py|md|yaml|toml|j2)", span):
            continue
        places = (ROOT / span, ROOT / "hybridspec" / span, path.parent / span)
        assert span.split("/")[0] in made or any(p.exists() for p in places), where


def _commands() -> set[str]:
    from hybridspec.cli.app import app

    groups = {group.name or "" for group in app.registered_groups}
    plain = {i.name or getattr(i.callback, "__name__", "") for i in app.registered_commands}
    return groups | plain


def test_the_readme_names_every_command_and_exit_code() -> None:
    from hybridspec.base.errors import HybridspecError
    from hybridspec.cli.output import INVALID, POLICY

    text = (ROOT / "README.md").read_text()
    absent = {name for name in _commands() if not re.search(rf"`(hybridspec )?{name}\b", text)}
    assert not absent
    codes = {INVALID, POLICY, HybridspecError.exit_code, 0, 255}
    codes |= {kind.exit_code for kind in HybridspecError.__subclasses__()}
    listed = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", text)}
    assert listed == codes


def test_every_example_has_a_readme() -> None:
    specs = sorted(EXAMPLES.glob("*/hybridspec.yaml"))
    assert specs
    assert [spec.parent.name for spec in specs if not (spec.parent / "README.md").exists()] == []


def test_no_document_is_longer_than_it_should_be() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 220


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_documents_speak_of_the_product_alone(path: Path) -> None:
    """No paths of somebody's machine, nothing unfinished."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert not re.search(r"/(work|home|root|tmp)/\w|\bTODO\b|\bTBD\b", line), (path, number)
