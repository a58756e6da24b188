"""Compiles the spec that the stack's configuration names, and runs its emitted program.

`pulumi config set spec examples/vibration-watch`, then `pulumi preview`; the key `cloud` chooses
where the plan uses several, one stack each. Nothing is done here that the emitted folder does not
say.
"""

from __future__ import annotations

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pulumi

from hybridspec.cli.output import options
from hybridspec.cli.output_tree import build
from hybridspec.load.file import locate


def main() -> None:
    """Build into the spec's own output folder and hand over to the emitted program."""
    config = pulumi.Config()
    root = Path(__file__).parents[3]
    spec = locate(root / config.require("spec"))
    output = build(spec, None, replace(options("local"), progress=pulumi.log.info))
    clouds = [cloud for cloud, _ in output.build.stacks]
    cloud = config.get("cloud") or (clouds[0] if len(clouds) == 1 else "")
    if not cloud:
        raise ValueError(f"set the key `cloud` to one of {', '.join(clouds) or 'none'}")
    if cloud not in clouds:
        raise ValueError(f"the plan uses no cloud `{cloud}`; it uses {', '.join(clouds) or 'none'}")
    folder = output.folder / "stacks" / cloud
    sys.path.insert(0, str(folder))
    runpy.run_path(str(folder / "__main__.py"), run_name="__main__")


main()
