"""`python -m hybridspec.agent`: the agent without the compiler's command line."""

from hybridspec.agent.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
