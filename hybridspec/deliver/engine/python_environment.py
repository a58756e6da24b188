"""The Python that an emitted project runs in: ours, so that what was evaluated is what deploys."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import venv
from importlib.metadata import distributions
from pathlib import Path

_MARK = "made-by-hybridspec"


def make(folder: Path) -> None:
    """Make `folder` a virtual environment that sees the packages of this one, unless it is one.

    Nothing is installed and nothing fetched: the SDKs are those that evaluated the program.
    """
    mark = folder / _MARK
    wanted = _identity()
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    if folder.exists() and not mark.exists() and (folder / "bin" / "python").exists():
        return  # somebody made their own
    shutil.rmtree(folder, ignore_errors=True)
    # The engine lists packages by pip, which need not be among ours.
    with_pip = importlib.util.find_spec("pip") is None
    venv.EnvBuilder(symlinks=True, with_pip=with_pip).create(folder)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "hybridspec.pth").write_text("\n".join(_packages()) + "\n", encoding="utf-8")
    mark.write_text(wanted, encoding="utf-8")


def _packages() -> list[str]:
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


def _identity() -> str:
    """What the environment was made from: another Python or another SDK makes it anew."""
    sdks = sorted(f"{d.name} {d.version}" for d in distributions() if d.name.startswith("pulumi"))
    return "\n".join([sys.executable, sys.version, *_packages(), *sdks])
