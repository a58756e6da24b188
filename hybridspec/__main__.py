"""Entry point of `hybridspec` and `python -m hybridspec`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line; `agent` is handed on before anything of the compiler is imported."""
    if sys.argv[1:2] == ["agent"]:
        from hybridspec.agent.cli import main as agent

        raise SystemExit(agent(sys.argv[2:]))
    # Almost nothing that a run makes is garbage before it ends; looking for it takes a third of the
    # time of a fleet of thousands.
    gc.set_threshold(1_000_000, 5, 50)
    try:
        from hybridspec.cli.app import run

        raise SystemExit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        raise SystemExit(8) from None
    finally:
        gc.freeze()  # the process ends: nothing is left to look for


if __name__ == "__main__":
    main()
