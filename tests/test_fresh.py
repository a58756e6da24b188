"""What is generated, listed twice or promised about the sources still agrees with them."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, ROOT

from hybridspec.cli import codes_page, modules_page, spec_page
from hybridspec.schemas import SCHEMAS, text
from hybridspec.target.registry import GROUP, forms, targets

MAX_MODULE, MAX_FUNCTION = 400, 50
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGED = {"hybridspec": "hybridspec", "targets": "hybridspec_targets"}
TREES = (*PACKAGED, "tests", "benchmarks", "examples")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _sources() -> list[Path]:
    """Everything that people write, without what an emitter or a run wrote."""
    found = sorted(path for tree in TREES for path in (ROOT / tree).rglob("*.py"))
    made = {"build", ".hybridspec"}
    return [path for path in found
            if not made & set(path.relative_to(ROOT).parts)
            and not _name(path.parent).startswith("tests/golden/")]  # fmt: skip


def _module(path: Path) -> str:
    """The import name of a packaged folder."""
    head, *rest = path.relative_to(ROOT).parts
    return ".".join([PACKAGED[head], *rest])


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas(name: str) -> None:
    path = ROOT / "schemas" / f"{name}.schema.json"
    assert path.read_text(encoding="utf-8") == text(name), f"{_name(path)}: run `make schemas`"


def test_no_other_schema_is_committed() -> None:
    found = {path.name.removesuffix(".schema.json") for path in ROOT.glob("schemas/*.json")}
    assert found == set(SCHEMAS)


def test_codes_page() -> None:
    assert (ROOT / "docs" / "codes.md").read_text() == codes_page.page(), "run `make docs`"


def test_spec_page() -> None:
    assert (ROOT / "docs" / "spec.md").read_text() == spec_page.page(), "run `make docs`"


def test_module_table() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    assert modules_page.page(page, ROOT) == page, "run `make docs`"


BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: _name(path))
def test_a_benchmark_finds_what_it_measures(path: Path) -> None:
    """No other test runs one: a name that moved would be missed when a figure is asked for."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("hybridspec"):
            module = import_module(str(node.module))
            lost = [name.name for name in node.names
                    if not hasattr(module, name.name)
                    and not (hasattr(module, "__path__")
                             and find_spec(f"{node.module}.{name.name}"))]  # fmt: skip
            assert not lost, f"{node.module} has no {', '.join(lost)}"


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="modules: start"):
        modules_page.page("# Architecture\n", ROOT)


def test_a_new_module_makes_the_table_stale(tmp_path: Path) -> None:
    package = tmp_path / "hybridspec"
    package.mkdir()
    (package / "__init__.py").write_text('"""The package | all of it.\n\nMore.\n"""\n')
    page = f"# A\n{modules_page.START}\nold\n{modules_page.END}\nrest\n"
    before = modules_page.page(page, tmp_path)
    assert before == (
        f"# A\n{modules_page.START}\n| module | owns |\n| --- | --- |\n"
        f"| **`hybridspec/`** | The package \\| all of it. |\n{modules_page.END}\nrest\n"
    )
    (package / "new.py").write_text('"""Something new."""\n')
    assert "| `new.py` | Something new. |" in modules_page.page(before, tmp_path)


def test_every_package_is_installed() -> None:
    found = {_module(path.parent) for tree in PACKAGED for path in (ROOT / tree).rglob("*.py")}
    assert sorted(found) == PROJECT["tool"]["setuptools"]["packages"]


def test_every_data_file_is_installed() -> None:
    declared = PROJECT["tool"]["setuptools"]["package-data"]
    missing = []
    for tree in PACKAGED:
        for path in (ROOT / tree).rglob("*"):
            if not path.is_file() or path.suffix in (".py", ".pyc", ".md"):
                continue
            owner = next(p for p in path.parents if (p / "__init__.py").exists())
            globs = declared.get(_module(owner), [])
            if not any(path in set(owner.glob(pattern)) for pattern in globs):
                missing.append(_name(path))
    assert not missing


def test_targets_folders_entry_points_and_contract_agree() -> None:
    folders = sorted(path.parent.name for path in ROOT.glob("targets/*/__init__.py"))
    names = sorted({*targets(), *forms()})
    assert sorted(name.replace("-", "_") for name in names) == folders
    declared = PROJECT["project"]["entry-points"][GROUP]
    assert declared == {n: f"hybridspec_targets.{n.replace('-', '_')}:TARGET" for n in names}
    strangers = next(c for c in PROJECT["tool"]["importlinter"]["contracts"]
                     if c["type"] == "independence")  # fmt: skip
    assert strangers["modules"] == [f"hybridspec_targets.{name}" for name in folders]
    listed = re.findall(r"(?m)^\| \[([\w-]+)\]", (ROOT / "targets" / "README.md").read_text())
    assert sorted(listed) == names


def test_help_lists_every_target_of_the_makefile() -> None:
    written = (ROOT / "Makefile").read_text()
    found = sorted(re.findall(r"(?m)^([a-z]+):", written))
    phony = re.search(r"(?m)^\.PHONY: (.*)$", written)
    assert phony is not None
    assert sorted(phony[1].split()) == found
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line for line in shown.stdout.splitlines() if not line.startswith("make")]
    assert sorted(line.split()[0] for line in lines) == found
    assert all(len(line.split()) > 1 for line in lines)


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_every_source_file_says_what_it_owns(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, "a module starts with one sentence that says what it owns"
    assert docstring.splitlines()[0].endswith((".", ":")), "the first line is a whole sentence"


@pytest.mark.parametrize("path", _sources(), ids=_name)
def test_modules_and_functions_stay_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MAX_MODULE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


def test_examples_tell_editors_their_schema() -> None:
    specs = sorted(EXAMPLES.glob("*/hybridspec.yaml"))
    assert specs
    for spec in specs:
        first = spec.read_text().splitlines()[0]
        match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert match, _name(spec)
        assert (spec.parent / match[1]).resolve() == ROOT / "schemas" / "hybridspec.schema.json"


def test_the_changelog_has_an_open_section() -> None:
    sections = re.findall(r"(?m)^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text())
    assert sections[0] == "Unreleased"


def test_every_dependency_is_argued_for() -> None:
    project = PROJECT["project"]
    listed = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in listed} - {project["name"]}
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("## Dependencies")[2]
    table = section.partition("\n## ")[0]
    argued = {name for row in re.findall(r"(?m)^\| (`.*?) \|", table)
              for name in re.findall(r"`([^`]+)`", row)}  # fmt: skip
    assert argued == names
