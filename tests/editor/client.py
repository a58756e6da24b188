"""A small editor: starts the real server, speaks JSON-RPC over its pipes, holds buffers."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

_STOP = re.compile(r"\$\{(\d+):((?:\\.|[^}\\])*)\}")
_WAIT = 60


class Editor:
    """The client's side of the protocol."""

    def __init__(self, cache: Path, folder: Path, encodings: list[str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hybridspec", "lsp", "--stdio"], cwd=folder,
            env={**os.environ, "HYBRIDSPEC_CACHE": str(cache)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.texts: dict[Path, str] = {}
        self.versions: dict[Path, int] = {}
        self.shown: dict[str, tuple[int | None, list[dict[str, Any]]]] = {}
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._shown = threading.Condition()
        self._ids = 0
        threading.Thread(target=self._read, daemon=True).start()
        general = {} if encodings is None else {"general": {"positionEncodings": encodings}}
        self.capabilities = self.ask("initialize", {
            "processId": os.getpid(), "rootUri": folder.as_uri(),
            "capabilities": {**general, "textDocument": {
                "completion": {"completionItem": {"snippetSupport": True}},
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
            }},
        })["capabilities"]  # fmt: skip
        self.tell("initialized", {})

    def close(self) -> int:
        """Leave as an editor does; returns the server's exit code."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        self.process.communicate(timeout=_WAIT)
        return self.process.returncode

    def ask(self, method: str, params: Any) -> Any:
        """Send a request and wait for its answer."""
        self._ids += 1
        self._send({"id": self._ids, "method": method, "params": params})
        while True:
            answer = self._answers.get(timeout=_WAIT)
            if answer.get("id") == self._ids:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = stream.readline()
            message = json.loads(stream.read(length))
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                with self._shown:
                    self.shown[params["uri"]] = (params.get("version"), params["diagnostics"])
                    self._shown.notify_all()
            elif "id" in message and "method" not in message:
                self._answers.put(message)

    def open(self, path: Path, text: str) -> None:
        """Open a file with a text of its own, whatever is on disk."""
        self.texts[path], self.versions[path] = text, 1
        self.shown.pop(path.as_uri(), None)
        self.tell("textDocument/didOpen", {"textDocument": {
            "uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text,
        }})  # fmt: skip

    def write(self, path: Path, text: str) -> None:
        """Replace the whole buffer."""
        self.texts[path] = text
        self.versions[path] += 1
        self.tell("textDocument/didChange", {
            "textDocument": {"uri": path.as_uri(), "version": self.versions[path]},
            "contentChanges": [{"text": text}],
        })  # fmt: skip

    def replace(self, path: Path, start: int, end: int, new: str) -> None:
        """Replace a part of the buffer, as typing does."""
        text = self.texts[path]
        self.versions[path] += 1
        self.tell("textDocument/didChange", {
            "textDocument": {"uri": path.as_uri(), "version": self.versions[path]},
            "contentChanges": [{"range": {"start": self.place(path, start),
                                          "end": self.place(path, end)}, "text": new}],
        })  # fmt: skip
        self.texts[path] = text[:start] + new + text[end:]

    def shut(self, path: Path) -> None:
        """Close a file."""
        self.tell("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def place(self, path: Path, offset: int) -> dict[str, int]:
        """An offset as the protocol counts it."""
        before = self.texts[path][:offset]
        line = before.rpartition("\n")[2]
        return {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}

    def covered(self, path: Path, found: dict[str, Any]) -> str:
        """The text that a range covers."""
        return self.texts[path][self._offset(path, found["start"]):
                                self._offset(path, found["end"])]  # fmt: skip

    def _offset(self, path: Path, place: dict[str, int]) -> int:
        lines = self.texts[path].split("\n")
        start = sum(len(line) + 1 for line in lines[: place["line"]])
        line = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]]
        return start + len(line.decode("utf-16-le"))

    def at(self, method: str, path: Path, offset: int) -> Any:
        """Ask something about a place."""
        return self.ask(f"textDocument/{method}", {
            "textDocument": {"uri": path.as_uri()}, "position": self.place(path, offset),
        })  # fmt: skip

    def labels(self, path: Path, offset: int) -> list[str]:
        """The labels of what may be completed."""
        found = self.at("completion", path, offset)
        return [] if found is None else [item["label"] for item in found["items"]]

    def findings(self, path: Path) -> list[dict[str, Any]]:
        """The diagnostics of the buffer as it is now."""
        address = path.as_uri()

        def current() -> bool:
            return address in self.shown and self.shown[address][0] == self.versions.get(path)

        with self._shown:
            assert self._shown.wait_for(current, timeout=_WAIT), "nothing was published"
            return self.shown[address][1]

    def wait_for(self, path: Path, code: str | None) -> list[dict[str, Any]]:
        """The diagnostics of any file once they hold a code, or once there are none."""
        address = path.as_uri()

        def there() -> bool:
            listed = self.shown.get(address, (None, []))[1]
            return not listed if code is None else any(d["code"] == code for d in listed)

        with self._shown:
            assert self._shown.wait_for(there, timeout=_WAIT), self.shown.get(address)
            return self.shown.get(address, (None, []))[1]

    def accept(self, path: Path, offset: int, label: str) -> list[tuple[int, int]]:
        """Choose a completion; returns where its tab stops stand, as offsets, last first."""
        items = self.at("completion", path, offset)["items"]
        item = next((i for i in items if i["label"] == label), None)
        assert item is not None, f"{label} is not among {[i['label'] for i in items][:20]}"
        edit = item["textEdit"]
        start, end = (self._offset(path, edit["range"][k]) for k in ("start", "end"))
        text, stops = edit["newText"], []
        if item.get("insertTextFormat") == 2:
            line = self.texts[path][:start].rpartition("\n")[2]
            indent = line[: len(line) - len(line.lstrip(" "))]
            text, stops = _plain(text.replace("\n", f"\n{indent}"))
        self.replace(path, start, end, text)
        return [(start + a, start + b) for a, b in reversed(stops)]

    def choose(self, path: Path, stop: tuple[int, int]) -> None:
        """At a tab stop: take the first name that is offered, or leave what stands there."""
        if self.texts[path][stop[1] : stop[1] + 1] == ":":
            return  # the name of a new thing is the user's
        found = self.at("completion", path, stop[0])
        names = [i for i in (found or {"items": []})["items"] if i.get("insertTextFormat") != 2]
        if names and names[0].get("detail") != "example":
            self.replace(path, *stop, names[0]["textEdit"]["newText"].strip())


def _plain(snippet: str) -> tuple[str, list[tuple[int, int]]]:
    """A snippet as text, with the ranges of its tab stops in the order they are written."""
    text, stops, last = "", [], 0
    for match in _STOP.finditer(snippet):
        text += snippet[last : match.start()]
        word = re.sub(r"\\(.)", r"\1", match[2])
        stops.append((len(text), len(text) + len(word)))
        text, last = text + word, match.end()
    return text + snippet[last:], stops
