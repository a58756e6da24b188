"""The line of the spec that asked for a resource, read from the program as it is now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hybridspec.deliver.provenance import origin_of

PROGRAM = """# The store, asked for at hybridspec.yaml:{line}.
Store(
    "one",
    nested=Args(
        deep=1,
    ),
)
"""


def asked(folder: Path, line: int) -> str:
    """Who asked for what is registered at a line of the program."""
    return origin_of(folder, [((folder / "__main__.py").as_uri(), line)])


def test_the_comment_above_a_statement_counts_for_all_of_its_lines(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(PROGRAM.format(line=7))
    assert {asked(tmp_path, line) for line in range(2, 8)} == {"hybridspec.yaml:7"}


def test_a_program_that_is_written_again_is_read_again(tmp_path: Path) -> None:
    for line in (7, 12):
        (tmp_path / "__main__.py").write_text(PROGRAM.format(line=line))
        assert asked(tmp_path, 2) == f"hybridspec.yaml:{line}"


def test_registrations_that_come_at_once_are_all_told(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(60)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        (folder / "__main__.py").write_text(PROGRAM.format(line=number + 1) * 40)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda folder: asked(folder, 2), folders))
    assert found == [f"hybridspec.yaml:{number + 1}" for number in range(60)]


def test_what_is_no_program_has_no_origin(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("Store(\n")
    assert asked(tmp_path, 1) == ""
    assert origin_of(tmp_path, [("file:///elsewhere/x.py", 1)]) == ""
