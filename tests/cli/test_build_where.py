"""`hybridspec build` has variants built where the flags say, and refuses what is no such place."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Cli, copy_example


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--cluster", "http://x:1"), "no address of a Dask scheduler"),
        (("--cluster-tls", "a,b,c"), "is for a cluster"),
    ],
)
def test_a_place_that_is_none_is_refused(
    tmp_path: Path, cli: Cli, flags: tuple[str, ...], said: str
) -> None:
    example = copy_example(tmp_path)
    done = cli("build", example, *flags)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (example / "build").exists()
