"""The questions of `init` on a terminal; each has an answer already, which Enter takes."""

from __future__ import annotations

import sys
from dataclasses import replace

from hybridspec.cli.adapt import Wishes
from hybridspec.cli.starter_model import STARTERS


def may_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(kind: str | None, wishes: Wishes, *, named: bool) -> tuple[str, Wishes]:
    """Ask for what the flags left open: the template, the name, the countries and the cloud."""
    from rich.console import Console
    from rich.prompt import Prompt

    console = Console(stderr=True, highlight=False, markup=False)

    def prompt(question: str, default: str, choices: list[str] | None = None) -> str:
        return Prompt.ask(question, console=console, default=default, choices=choices)

    if kind is None:
        kind = prompt("What is it for?", "minimal", list(STARTERS))
    if not named:
        wishes = replace(wishes, name=prompt("Name of the system", wishes.name))
    if not wishes.countries:
        answer = prompt("Countries or blocs where its data may be", "EU")
        if answer != "EU":
            wishes = replace(wishes, countries=split(answer))
    if not wishes.provider:
        answer = prompt("Cloud", "aws", providers())
        wishes = replace(wishes, provider="" if answer == "aws" else answer)
    return kind, wishes


def providers() -> list[str]:
    """Clouds that the catalogue knows."""
    from hybridspec.schemas import choices

    return list(choices()["provider"])


def split(listed: str) -> tuple[str, ...]:
    """A list as people write it on a command line."""
    return tuple(part for part in listed.replace(",", " ").split() if part)
