"""The HTML report: one file that loads nothing, holds whatever text, and is well formed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from unit.report.hostile import MARKUP, WORD, spoilt

from hybridspec.base.source import printable
from hybridspec.report.page import page

VOID = {"meta", "link", "br", "img", "input"}
LOADING = {"src", "href", "action", "srcset", "data", "poster", "formaction", "background"}


class Outline(HTMLParser):
    """Checks nesting as it reads, and keeps elements, attributes, ids and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.shape: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append(f"{tag} {' '.join(sorted(name for name, _ in attrs))}")
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_is_well_formed(report: dict[str, Any]) -> None:
    text = page(report)
    assert text.startswith("<!doctype html>\n<html lang=")
    outline = Outline(text)
    ids = [value for _, name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = {v.removeprefix("#") for t, n, v in outline.attributes if (t, n) == ("a", "href")}
    assert targets == set(ids)
    assert [s for s in outline.shape if s.startswith("h1")] == ["h1 "]
    assert all("scope" in s for s in outline.shape if s.startswith("th "))


def test_the_page_loads_nothing(report: dict[str, Any]) -> None:
    text = page(report)
    outline = Outline(text)
    loads = {v for _, name, v in outline.attributes if name in LOADING}
    assert {v for v in loads if not v.startswith("#")} == {"data:,"}
    assert not {n for _, n, _ in outline.attributes if n.startswith("on") or n == "style"}
    assert not {s for s in outline.shape if s.startswith(("script", "iframe", "object", "embed"))}
    assert not re.search(r"https?:|@import|url\(", text)
    policy = text.index("Content-Security-Policy")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text[policy:]
    assert policy < text.index("<link") < text.index("<title") < text.index("<style")


def test_two_runs_give_the_same_bytes(report: dict[str, Any]) -> None:
    assert page(report) == page(json.loads(json.dumps(report)))


@pytest.mark.parametrize("text", MARKUP)
def test_hostile_text_is_text(text: str, report: dict[str, Any]) -> None:
    plain, made = (Outline(page(spoilt(report, value))) for value in (WORD, text))
    assert made.shape == plain.shape
    seen = printable(text, keep="\n")  # nobody reads what does not show
    assert "".join(made.text) == "".join(plain.text).replace(WORD, seen)
    assert WORD in "".join(plain.text)


@pytest.fixture(scope="module")
def browser() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("NOT CHECKED in a real browser: neither chromium nor google-chrome is on PATH")
    return found


def test_a_real_browser_runs_nothing_of_a_hostile_report(
    browser: str, report: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text(page(spoilt(report, MARKUP[0] + MARKUP[1] + MARKUP[2])))
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "index.html").as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "<title>Placement report: &lt;script&gt;" in done.stdout
    assert "<script" not in done.stdout
    assert "<img" not in done.stdout
