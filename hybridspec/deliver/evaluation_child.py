"""The process that runs an emitted Pulumi program against the evaluation's monitor.

Run as `python -m hybridspec.deliver.evaluation_child FOLDER MONITOR PROJECT STACK`; it is what the
Pulumi language host would do, without the engine.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run the folder's program; exceptions end the process with their traceback."""
    from pulumi.runtime import Settings, configure, run_in_stack

    folder, monitor, project, stack = sys.argv[1:5]
    sys.path[0] = folder
    os.chdir(folder)
    sys.dont_write_bytecode = True
    configure(Settings(project=project, stack=stack, monitor=monitor, engine=monitor,
                       parallel=4, dry_run=False, organization="organization"))  # fmt: skip
    program = str(Path(folder) / "__main__.py")
    asyncio.run(run_in_stack(lambda: runpy.run_path(program, run_name="__main__") and None))


if __name__ == "__main__":
    main()
