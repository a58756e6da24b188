"""Coverage-guided fuzzing of load, resolve and check; needs `atheris` (extra `fuzz`).

PYTHONPATH=tests python tests/fuzz/fuzz_load.py -max_total_time=60 -max_len=65536
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Fuzz until the time given by libFuzzer's flags is over; say so where atheris is absent."""
    if find_spec("atheris") is None:
        print("SKIPPED: atheris is not installed (pip install 'hybridspec[fuzz]')", flush=True)
        return
    import atheris

    with atheris.instrument_imports(include=["hybridspec"]):
        from fuzz import harness

    seeds = [path.read_bytes() for path in sorted(ROOT.glob("examples/*/hybridspec.yaml"))]

    def one(data: bytes) -> None:
        harness.digest(data)
        if len(data) > 3:  # and an example with the input spliced in, since most text is no spec
            seed = seeds[data[0] % len(seeds)]
            at = int.from_bytes(data[1:3], "big") % len(seed)
            harness.digest(seed[:at] + data[3:] + seed[at + data[1] % 16 :])

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
