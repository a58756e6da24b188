"""Reports whose every text is hostile, made from the example's own."""

from __future__ import annotations

from typing import Any

WORD = "Quince"
"""Harmless text that no report holds."""
MARKUP = (
    "<script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "\"><h1 id='placement'>'",
    "</style></title></td></table>",
    "&lt;b&gt; &amp; &#x3c;",
    "{{ 7 * 7 }}{% raw %}",
    "| a | b |\n| --- | --- |\n# Heading\n\n- item",
    "[text](javascript:alert(1)) ![x](http://192.0.2.1/x.png) <http://192.0.2.1>",
    "`code` *em* **strong** ~~gone~~ _em_ $x^2$ \\| \\",
    "[bold red]loud[/bold red] [link=http://192.0.2.1]here[/link]",
    "\x1b[31mred\x1b]8;;http://192.0.2.1\x1b\\link\x07 \x9b31m \r over \b",
    "right \u202e to left \u2028 line \u2066 iso",
    "é \U0001f600 " + "x" * 2000,
)
OURS = {"schema", "basis", "verdict", "notAssessed", "code", "severity", "kind", "sqnrDb"}
"""Keys whose values are this program's own words."""


def spoilt(value: Any, text: str, key: str = "") -> Any:
    """The same document with `text` wherever a text may be the user's."""
    if isinstance(value, dict) and key in ("variants", "digests"):
        return dict.fromkeys([text], text)
    if isinstance(value, dict):
        return {name: spoilt(item, text, name) for name, item in value.items()}
    if isinstance(value, list):
        return value if key == "notAssessed" else [spoilt(item, text, key) for item in value]
    return text if isinstance(value, str) and key not in OURS else value
