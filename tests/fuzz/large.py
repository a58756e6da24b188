"""Inputs of up to five megabytes that try to take time or memory; run as a process of its own.

PYTHONPATH=tests python -m fuzz.large [SCALE]
"""

from __future__ import annotations

import multiprocessing
import sys
import time

from fuzz import harness

MEGA = 2**20


def _bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]"
              for level in range(1, levels)]  # fmt: skip
    return "\n".join(lines)


def cases(scale: float) -> dict[str, str]:
    """The inputs; at scale 1 they are as large as a spec may be, or one megabyte larger."""
    size = int((4 * MEGA - 4096) * scale)  # just under the limit of a spec
    nodes = range(int(90_000 * scale))  # just under the limit of values
    fewer = range(int(30_000 * scale))

    def fill(piece: str) -> str:
        return piece * (size // len(piece))

    return {
        "an alias bomb": _bomb(30, 10),
        "an alias bomb of mappings": "a: &a {b: 1, c: 2}\n" + fill("k: *a\n"),
        "five megabytes of nothing": " " * 5 * MEGA,
        "five megabytes of one line": "a: " + "x" * 5 * MEGA,
        "one long scalar": "owner: " + "x" * size,
        "one long key": "x" * size + ": 1",
        "open brackets": "a: " + "[" * size,
        "open braces": "{" * size,
        "deep indentation": "\n".join(" " * n + "a:" for n in range(int(2800 * scale))),
        "many keys": "".join(f"key{n}: 1\n" for n in nodes),
        "many unlike keys": "".join(f"{'abcdefgh'[n % 8] * (n % 90)}{n}: 1\n" for n in fewer),
        "one key many times": fill("zones: 1\n"),
        "many items": "sites: [" + "1, " * len(nodes) + "1]",
        "many sites": "sites:\n" + "".join(f"  s{n}: {{country: XX}}\n" for n in fewer),
        "many zones": "zones:\n" + "".join(f"  z{n}: {{contries: [XX]}}\n" for n in fewer),
        "many flows": "flows:\n" + "".join(f"  f{n}: {{dta: x}}\n" for n in fewer),
        "quotes that stay open": fill("a: 'b\n"),
        "comments": fill("# a comment\n"),
        "blank lines": "\n" * size,
        "tabs": "\t" * size,
        "many documents": fill("---\n"),
        "anchors": "".join(f"k{n}: &a{n} 1\n" for n in nodes),
        "digits": "a: " + "9" * size,
        "emoji": fill("👀: 👀\n"),
        "null bytes": "\0" * size,
        "variables": "variables: {a: {default: x}}\nmetadata: {owner: " + "${a}" * 100_000 + "}",
    }


def attempt(name: str, text: str) -> None:
    """One case: its time and its peak of memory; `SystemExit` if there is too much of either."""
    start = time.process_time()
    harness.digest(text.encode(), seconds=harness.HANG)
    peak = harness.peak()
    print(f"{name}: {time.process_time() - start:.2f} s, peak {peak:.0f} MB", flush=True)
    if peak > harness.MEGABYTES:
        sys.exit(f"{peak:.0f} MB is more than {harness.MEGABYTES} MB")


def main() -> None:
    """Every case in a process of its own, as a user's would be."""
    scale = float(sys.argv[1]) if sys.argv[1:] else 1.0
    context = multiprocessing.get_context("fork")
    failed = []
    for name, text in cases(scale).items():
        child = context.Process(target=attempt, args=(name, text))
        child.start()
        child.join()
        if child.exitcode != 0:
            failed.append(name)
    if failed:
        sys.exit(f"too slow or too large: {', '.join(failed)}")


if __name__ == "__main__":
    main()
