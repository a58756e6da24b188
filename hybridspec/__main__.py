"""Entry point of `hybridspec` and `python -m hybridspec`."""

from __future__ import annotations

import gc
import os
import sys
import threading


def main() -> None:
    """Run the command line; `agent` is handed on before anything of the compiler is imported."""
    if sys.argv[1:2] == ["agent"]:
        from hybridspec.agent.cli import main as agent

        raise SystemExit(agent(sys.argv[2:]))
    # No package that happens to be installed gets to see what is read.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Almost nothing that a run makes is garbage before it ends; looking for it takes a third of the
    # time of a fleet of thousands.
    gc.set_threshold(10_000_000, 5, 50)
    try:
        from hybridspec.cli.app import run

        _end(run(sys.argv[1:]))
    except KeyboardInterrupt:
        raise SystemExit(8) from None
    finally:
        gc.freeze()  # the process ends: nothing is left to look for


def _end(status: int) -> None:
    """End at once if nothing else runs: to take what a large spec became apart takes long."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads any more, which Python itself takes care of
        raise SystemExit(status) from None
    if threading.active_count() == 1:
        os._exit(status)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
