"""`hybridspec keys` as people type it: a template, a typo, development keys, and a ceremony."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance.company import ROOTS, Company, running, secret, template
from conftest import Cli

__all__ = ["running", "template"]


def test_the_template_is_a_spec_s_own_words_and_local_has_development_keys(
    cli: Cli, example: Path
) -> None:
    shown = cli("keys", "init", "--template", "--stack", "prod")
    assert (shown.returncode, shown.stdout.splitlines()[1]) == (0, "  prod:")
    spec = example / "hybridspec.yaml"
    text = spec.read_text(encoding="utf-8").partition("\nstacks:")[0]
    spec.write_text(f"{text}\n{shown.stdout}", encoding="utf-8")
    done = cli("validate", example, "--stack", "prod")
    assert done.returncode == 2
    assert {line.split("[")[1][:6] for line in done.stderr.splitlines() if "[HS" in line} == {
        "HS0365"}  # fmt: skip
    assert "`hybridspec keys init --stack prod` writes it" in done.stderr
    away = cli("keys", "init", "anna", "--spec", example, "--stack", "prod")
    assert away.returncode == 1
    assert "`hybridspec keys init NAME --stack prod`" in away.stderr
    local = cli("keys", "init", "--spec", example)
    assert local.returncode == 2
    assert "signed by development keys" in local.stderr


def test_a_ceremony_ends_with_what_was_published(cli: Cli, running: Company) -> None:
    running.present("anna", "dora", "release")
    running.rotate("timestamp", "anna")
    request = running.asked()
    env = {secret(n): n for n in ("anna", "ben", "snapshot", "timestamp")}
    where = ("--spec", running.spec, "--stack", "prod")
    private = f"file:{running.folder}/away/ben.key"
    refused = cli("keys", "sign", request, "--key", private, env=env)
    assert (refused.returncode, "nothing was signed" in refused.stderr) == (8, True)
    made = cli("keys", "sign", request, "--key", private, "--yes", env=env)
    assert made.returncode == 0, made.stderr
    assert "CHANGES: adds timestamp" in made.stderr
    assert made.stderr.count("  signed by anna") == 1
    opened = cli("keys", "ceremony", *where, env=env)
    assert opened.returncode == 4
    assert "1 more of ben" in opened.stderr
    done = cli("keys", "ceremony", made.stdout.strip(), *where, env=env)
    assert done.returncode == 0, done.stderr
    assert "metadata/2.root.json" in done.stdout.splitlines()
    shown = cli("keys", "list", *where, "--out", running.folder, "--format", "json")
    roles = {role["role"]: role for role in json.loads(shown.stdout)["roles"]}
    assert roles["root"]["version"] == 2
    assert [key["name"] for key in roles["root"]["keys"]] == list(ROOTS)


def test_rotating_is_one_command(cli: Cli, running: Company) -> None:
    env = {secret(n): n for n in (*ROOTS, "snapshot", "timestamp")}
    done = cli("keys", "rotate", "timestamp", "--spec", running.spec, "--stack", "prod",
               "--out", running.folder, env=env)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "metadata/2.root.json" in done.stdout.splitlines()
    again = cli("channel", "refresh", running.spec, "--stack", "prod", "--out", running.folder,
                env=env)  # fmt: skip
    assert "(`hybridspec channel refresh --stack prod`)" in again.stdout, again.stderr
    where = ("--spec", running.spec, "--stack", "prod", "--out", running.folder)
    nothing = cli("channel", "rotate", "snapshot", *where, env=env)
    assert (nothing.returncode, "nothing was replaced" in nothing.stderr) == (2, True)
    assert "`hybridspec keys rotate KEY --stack prod`" in nothing.stderr
    listed = json.loads(cli("keys", "list", *where, "--format", "json").stdout)
    keyid = next(r for r in listed["roles"] if r["role"] == "root")["keys"][0]["keyid"]
    stolen = cli("channel", "revoke", keyid, *where, env=env)
    assert stolen.returncode == 2
    assert "`hybridspec keys rotate anna --stack prod`" in stolen.stderr
    wrong = cli("keys", "rotate", "timestmp", "--spec", running.spec, "--stack", "prod",
                "--out", running.folder, env=env)  # fmt: skip
    assert (wrong.returncode, "did you mean `timestamp`?" in wrong.stderr) == (2, True)


@pytest.mark.parametrize("command", ["init", "list", "rotate", "ceremony", "export-public", "sign"])
def test_each_command_says_what_it_does(cli: Cli, command: str) -> None:
    assert cli("keys", command, "--help").returncode == 0
