"""Texts whose fault no comment can name: through the real command line, under limits of resources.

Each run may use 500 MB of address space and 20 seconds of processor time; a run that wants more
is killed, and its test fails.
"""

from __future__ import annotations

import codecs
import os
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

import forked
import pytest
from diagnostics.expectations import bare

from hybridspec.load.file import MAX_SPEC
from hybridspec.load.yaml import MAX_NODES

MEMORY, SECONDS, OUTPUT = 500 * 10**6, 20, 200_000
CLEAN = bare("clean")
HEAD = re.compile(r"(?:\S+:\d+:\d+: )?error\[HS\d{4}\]: .")

Run = Callable[[Path], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def limited(cache: Path, mother: Path) -> Run:
    """Validate as users do, under the limits."""
    env = {**os.environ, "HYBRIDSPEC_CACHE": str(cache)}
    limits = {resource.RLIMIT_AS: MEMORY, resource.RLIMIT_CPU: SECONDS}
    return lambda spec: forked.run(
        mother, ["validate", spec.name], cwd=spec.parent, env=env, limits=limits
    )


def with_zones(zones: str) -> str:
    """The clean spec with other zones."""
    return changed("zones:\n  eu: {countries: [EU]}", zones)


def with_sites(count: int, site: str) -> str:
    """The clean spec with many sites."""
    lines = "".join(f"\n  s{number:05}: {site}" for number in range(count))
    return changed("\n  plant: {country: DE, zone: eu, devices: {box: 1}}", lines)


def changed(old: str, new: str) -> str:
    """The clean spec with one text replaced."""
    assert CLEAN.count(old) == 1
    return CLEAN.replace(old, new)


def bomb(levels: int) -> str:
    """Each level stands for ten of the one before."""
    first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    return first + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, levels)
    )


HUGE = "x" * 3_000_000
HOSTILE: dict[str, tuple[Callable[[], str | bytes], str]] = {
    "nothing": (lambda: "", "HS0106"),
    "empty lines": (lambda: "\n \n\n", "HS0106"),
    "comments": (lambda: "# one\n# two\n", "HS0106"),
    "a document of nothing": (lambda: "---\n", "HS0106"),
    "null": (lambda: "~\n", "HS0106"),
    "a list": (lambda: "- apiVersion: hybridspec.dev/v1\n", "HS0203"),
    "a word": (lambda: "hybridspec\n", "HS0203"),
    "tabs": (lambda: CLEAN.replace("  ", "\t"), "HS0103"),
    "an image": (lambda: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "HS0103"),
    "an archive": (lambda: b"PK\x03\x04\x14\x00\x00\x00", "HS0103"),
    "latin-1": (lambda: changed("someone", "Jürgen").encode("latin-1"), "HS0103"),
    "utf-16": (lambda: CLEAN.encode("utf-16"), "HS0103"),
    "utf-16 without a mark": (lambda: CLEAN.encode("utf-16-le"), "HS0103"),
    "utf-32": (lambda: codecs.BOM_UTF32_LE + CLEAN.encode("utf-32-le"), "HS0103"),
    "half a surrogate": (lambda: changed("someone", "\\ud800").replace(
        "owner: \\ud800", 'owner: "\\ud800"'), "HS0103"),
    "a raw surrogate": (lambda: changed("someone", "X").encode().replace(
        b"X", b"\xed\xa0\x80"), "HS0103"),
    "zero bytes": (lambda: changed("someone", "some\0one"), "HS0103"),
    "an escape sequence": (lambda: changed("someone", "\x1b[2J"), "HS0103"),
    "escaped control characters": (lambda: changed("zone: eu", 'zone: "\\e[2J\\0\\a\\u202e\\n"'),
                                   "HS0207"),
    "50 MB": (lambda: "# filler\n" * 5_600_000, "HS0102"),
    "just too large": (lambda: "#" * (MAX_SPEC + 1), "HS0102"),
    "an alias bomb": (lambda: bomb(12), "HS0105"),
    "an alias bomb in a value": (lambda: with_zones(
        bomb(12).replace("a0:", "zones:\n  a0:").replace("\na", "\n  a")), "HS0105"),
    "a bomb below the limit": (lambda: bomb(4) + CLEAN, "HS0201"),
    "a wide alias": (lambda: with_zones(
        f"zones:\n  eu: &eu\n    countries: &c [{'DE, ' * 1000}]\n"
        + "".join(f"  z{number}: *eu\n" for number in range(1000))), "HS0105"),
    "faults times aliases": (lambda: with_zones(
        "zones:\n  eu: &eu\n    countries: [EU]\n"
        + "".join(f"    k{number}: 1\n" for number in range(1000))
        + "".join(f"  z{number}: *eu\n" for number in range(MAX_NODES // 1100))), "HS0201"),
    "deep brackets": (lambda: "[" * 1_000_000, "HS0105"),
    "deep braces": (lambda: "{a: " * 500_000, "HS0105"),
    "deep dashes": (lambda: "- " * 1_000_000, "HS0105"),
    "deep indentation": (lambda: "\n".join(" " * n + "a:" for n in range(2000)), "HS0105"),
    "deep questions": (lambda: "? " * 500_000, "HS0107"),
    "a list of all nodes": (lambda: "[" + "a," * 2_000_000 + "]", "HS0105"),
    "unknown keys": (lambda: CLEAN + "".join(
        f"k{number}: 1\n" for number in range(MAX_NODES - 100)), "HS0201"),
    "one key again and again": (lambda: CLEAN + "k: 1\n" * (MAX_NODES - 100), "HS0104"),
    "wrong items": (
        lambda: changed("    stages", f"    sites: [{'1, ' * 90_000}]\n    stages"), "HS0203"
    ),
    "a huge word often": (lambda: changed("someone", f"[&x {HUGE}{', *x' * 5000}]"), "HS0203"),
    "a huge word among choices": (lambda: CLEAN.replace(
        "[EU]}", f"[EU], regimes: [&x {HUGE}], keys: [{'*x, ' * 5000}]}}"), "HS0206"),
    "a huge word as a name": (lambda: changed("zone: eu", f"zone: {HUGE}"), "HS0207"),
    "a huge word as a quantity": (lambda: changed("rate: 1/s", f"rate: {HUGE}"), "HS0204"),
    "huge keys": (lambda: CLEAN + "".join(
        f"? {'k' * 100_000}{number}\n: 1\n" for number in range(30)), "HS0201"),
    "faults on one huge line": (lambda: "{" + ", ".join(
        [f"k{number}: 1" for number in range(90_000)]) + "}", "HS0201"),
    "spaces": (lambda: " " * (MAX_SPEC - 5) + "a: 1", "HS0201"),
    "empty lines before a fault": (lambda: "\n" * (MAX_SPEC - 5) + "a: 1", "HS0201"),
    "anchors": (lambda: CLEAN + "x:\n" + "".join(
        f" - &a{number} 1\n" for number in range(MAX_NODES - 100)), "HS0201"),
    "a share of a billion digits": (lambda: changed("max_failures: 0", "max_failures: 1e999999999"),
                                    "HS0204"),
    "a share below them": (lambda: changed("max_failures: 0", "max_failures: '1e-999999999'"),
                           "HS0204"),
    "a count of many digits": (lambda: changed("{box: 1}", f"{{box: {'9' * 100_000}}}"), "HS0203"),
    "a fleet in no zone": (lambda: with_sites(
        12_000, "{country: DE, zone: ue, devices: {bax: 1}}"), "HS0220"),
    "a flow at sites that are not there": (lambda: with_sites(
        10_000, "{country: DE, zone: eu, devices: {box: 1}}").replace(
        "    stages", f"    sites: [{', '.join(f't{n:05}' for n in range(10_000))}]\n    stages"),
        "HS0220"),
    "stages in a ring": (lambda: changed(
        "alert: {sink: alert, inputs: [readings]}", "\n      ".join(
            f"s{n}: {{transform: normalise, inputs: [s{(n + 1) % 64}]}}" for n in range(64))),
        "HS0221"),
}  # fmt: skip


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "s.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_ends_in_findings(tmp_path: Path, limited: Run, name: str) -> None:
    make, code = HOSTILE[name]
    done = limited(write(tmp_path, make()))
    lines = done.stderr.splitlines()
    assert done.returncode == 2, done.stderr[-500:]
    assert HEAD.match(lines[0])
    assert f"error[{code}]" in done.stderr
    assert sum(line.startswith("  help: ") for line in lines) >= 1
    assert lines[-1].startswith("invalid: ")
    assert len(done.stderr) + len(done.stdout) < OUTPUT
    assert not {c for c in done.stderr if not c.isprintable()} - {"\n", "\t"}


ACCEPTED: dict[str, Callable[[], str | bytes]] = {
    "as it is": lambda: CLEAN,
    "a byte order mark": lambda: codecs.BOM_UTF8 + CLEAN.encode(),
    "lines as on Windows": lambda: CLEAN.replace("\n", "\r\n"),
    "lines as on an old Mac": lambda: CLEAN.replace("\n", "\r"),
    "no line at the end": lambda: CLEAN.rstrip("\n"),
    "marks of a document": lambda: f"%YAML 1.2\n---\n{CLEAN}...\n",
    "a long comment": lambda: f"# {'🏭' * 500_000}\n{CLEAN}",
    "other scripts": lambda: changed("someone", "工場 Ünïcødé 🏭"),
    "a count in octal": lambda: changed("{box: 1}", "{box: 0o7}"),
    "aliases": lambda: changed("[EU]}", "&all [EU]}\n  again: {countries: *all}"),
    "a fleet": lambda: with_sites(12_000, "{country: DE, zone: eu, devices: {box: 1}}"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_unusual_text_is_accepted(tmp_path: Path, limited: Run, name: str) -> None:
    done = limited(write(tmp_path, ACCEPTED[name]()))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "valid"), done.stderr[:2000]


@pytest.mark.parametrize(("make", "code"), [
    (lambda path: None, "HS0101"), (lambda path: path.mkdir(), "HS0101"),
    (lambda path: os.mkfifo(path), "HS0101"), (lambda path: path.symlink_to(path), "HS0101"),
    (lambda path: path.symlink_to("/dev/zero"), "HS0101"),
], ids=["missing", "an empty folder", "a pipe", "a link to itself", "a device"])  # fmt: skip
def test_what_is_no_file_ends_in_a_finding(
    tmp_path: Path, limited: Run, make: Callable[[Path], object], code: str
) -> None:
    make(tmp_path / "s.yaml")
    done = limited(tmp_path / "s.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error[{code}]: s.yaml")
    assert "  help: check the path, or start one with `hybridspec init`" in done.stderr


def test_a_name_that_is_not_text_can_be_named(tmp_path: Path, limited: Run) -> None:
    done = limited(tmp_path / os.fsdecode(b"\xff\x1b[2J.yaml"))
    assert done.returncode == 2
    assert done.stderr.startswith("error[HS0101]: ?\ufffd[2J.yaml: there is no such file")
