"""The language server: protocol in, answers of this package out; findings follow the typing."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path as File

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from hybridspec import __version__
from hybridspec.base.diagnostic import Diagnostic
from hybridspec.editor import convert, language
from hybridspec.editor.complete import complete
from hybridspec.editor.definition import definitions, symbols
from hybridspec.editor.diagnose import Diagnosis, diagnose, fixes, root_of
from hybridspec.editor.hover import hover
from hybridspec.editor.position import Ruler
from hybridspec.editor.scope import Scope, scope

_PAUSE = 0.25
"""Seconds without typing after which the spec is validated."""


@dataclass(slots=True)
class Watched:
    """A spec that is open: whether it waits for validation, and what was shown where."""

    root: File
    waiting: bool = False
    running: asyncio.Task[None] | None = None
    found: dict[File, tuple[Diagnostic, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """What the server knows of the editor."""

    server: LanguageServer
    cache: File
    watched: dict[File, Watched] = field(default_factory=dict)
    addresses: dict[File, str] = field(default_factory=dict)

    @property
    def ruler(self) -> Ruler:
        """How client and server count columns."""
        agreed = self.server.workspace.position_encoding
        return Ruler(str(getattr(agreed, "value", agreed) or "utf-16"))

    def held(self) -> dict[File, str]:
        """The text of every open file."""
        found = {}
        for address, document in self.server.workspace.text_documents.items():
            path = convert.path(address)
            if path is not None:
                self.addresses[path] = address
                found[path] = document.source
        return found

    def address(self, path: File) -> str:
        """The address of a file, as the client writes it if it has it open."""
        return self.addresses.get(path) or convert.uri(path)

    def looked_at(self, address: str) -> tuple[str, Scope] | None:
        """The text of a document with the scope of the spec that it is part of."""
        path, held = convert.path(address), self.held()
        if path is None or path not in held:
            return None
        root = root_of(path, held[path], held) or path
        return held[path], scope(root, held)

    def watch(self, address: str) -> None:
        """Validate the spec that a document is part of, once the typing pauses."""
        path, held = convert.path(address), self.held()
        if path is None:
            return
        root = root_of(path, held.get(path, ""), held)
        if root is None:
            return
        watched = self.watched.setdefault(root, Watched(root))
        watched.waiting = True
        if watched.running is None:
            watched.running = asyncio.ensure_future(self._validate(watched))

    def watch_all(self) -> None:
        """Validate every open spec: a file that is saved may belong to any of them."""
        for address in list(self.server.workspace.text_documents):
            self.watch(address)

    async def _validate(self, watched: Watched) -> None:
        try:
            while watched.waiting:
                watched.waiting = False
                await asyncio.sleep(_PAUSE)
                if watched.waiting:
                    continue
                held = self.held()
                found = await asyncio.to_thread(diagnose, watched.root, held, self.cache)
                if not watched.waiting and self.watched.get(watched.root) is watched:
                    self._publish(watched, found)
        except Exception as fault:  # a fault of ours must not end the editing
            self._log(f"validating {watched.root} failed: {fault!r}")
        finally:
            watched.running = None

    def _publish(self, watched: Watched, diagnosis: Diagnosis) -> None:
        if diagnosis.fault:
            self._log(diagnosis.fault)
        ruler = self.ruler
        for path in {watched.root, *watched.found, *diagnosis.findings}:
            address = self.address(path)
            document = self.server.workspace.text_documents.get(address)
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(
                uri=address, version=None if document is None else document.version,
                diagnostics=[convert.diagnostic(finding, watched.root, ruler)
                             for finding in diagnosis.findings.get(path, ())],
            ))  # fmt: skip
        watched.found = dict(diagnosis.findings)

    def _log(self, message: str) -> None:
        self.server.window_log_message(
            types.LogMessageParams(type=types.MessageType.Warning, message=message)
        )

    def forget(self, address: str) -> None:
        """Take back what was shown of a spec of which nothing is open any more."""
        held = self.held()
        roots = {root_of(path, text, held) for path, text in held.items()}
        for root in [root for root in self.watched if root not in roots]:
            self._publish(self.watched.pop(root), Diagnosis({}))


def make_server(cache: File) -> LanguageServer:
    """A server that speaks over whatever it is started on."""
    server = LanguageServer("hybridspec", __version__)
    session = Session(server, cache)
    _follow(server, session)
    _answer(server, session)
    _navigate(server, session)
    return server


def _follow(server: LanguageServer, session: Session) -> None:
    """Open, change, save and close."""

    @server.feature(types.INITIALIZED)
    async def ready(_: types.InitializedParams) -> None:
        # The first completion should not wait for the schema.
        await asyncio.to_thread(language.spec_schema)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        session.watch(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        session.watch(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_: types.DidSaveTextDocumentParams) -> None:
        session.watch_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def moved(_: types.DidChangeWatchedFilesParams) -> None:
        session.watch_all()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        session.forget(params.text_document.uri)


def _answer(server: LanguageServer, session: Session) -> None:
    """Completion, hover and quick fixes."""
    options = types.CompletionOptions(trigger_characters=[":", " ", "[", "{", ",", "/", "-"])

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def completion(params: types.CompletionParams) -> types.CompletionList | None:
        looked = session.looked_at(params.text_document.uri)
        if looked is None:
            return None
        text, around = looked
        at = session.ruler.offset(text, params.position.line, params.position.character)
        found = complete(text, at, around)
        if found is None:
            return None
        return convert.completion(found, text, session.ruler, snippets=_snippets(server))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        looked = session.looked_at(params.text_document.uri)
        if looked is None:
            return None
        text, around = looked
        at = session.ruler.offset(text, params.position.line, params.position.character)
        found = hover(text, at, around)
        if found is None:
            return None
        return convert.hover(found.text, session.ruler.range(text, found.start, found.end))

    kinds = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    def repaired(params: types.CodeActionParams) -> list[types.CodeAction]:
        return _repairs(session, params)


def _navigate(server: LanguageServer, session: Session) -> None:
    """Go to definition, and symbols."""

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> list[types.Location]:
        looked = session.looked_at(params.text_document.uri)
        if looked is None:
            return []
        text, around = looked
        at = session.ruler.offset(text, params.position.line, params.position.character)
        return [
            types.Location(session.address(t.file), convert.range_(
                session.ruler.range(around.texts.get(t.file, ""), t.start, t.end)
            ))
            for t in definitions(text, at, around)
        ]  # fmt: skip

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        looked = session.looked_at(params.text_document.uri)
        return [] if looked is None else convert.symbols(
            symbols(looked[0]), looked[0], session.ruler
        )  # fmt: skip


def _repairs(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """A quick fix for every finding that is touched and knows how it is repaired."""
    path, held, ruler = convert.path(params.text_document.uri), session.held(), session.ruler
    found: list[types.CodeAction] = []
    for watched in session.watched.values():
        for finding in watched.found.get(path, ()) if path is not None else ():
            shown = convert.diagnostic(finding, watched.root, ruler)
            edits = fixes(finding, watched.root, held)
            if edits and _touch(shown.range, params.range):
                found.append(types.CodeAction(
                    title=finding.help or finding.message, kind=types.CodeActionKind.QuickFix,
                    diagnostics=[shown], is_preferred=finding.certain,
                    edit=convert.workspace_edit(edits, ruler, session.address),
                ))  # fmt: skip
    return found


def _touch(one: types.Range, other: types.Range) -> bool:
    return not (one.end < other.start or other.end < one.start)


def _snippets(server: LanguageServer) -> bool:
    text = server.client_capabilities.text_document
    item = text.completion.completion_item if text and text.completion else None
    return bool(item and item.snippet_support)


def serve(cache: File) -> None:
    """Speak over standard input and output until the editor leaves."""
    incoming = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    outgoing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # From here on, whatever prints speaks to the log and not to the editor.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    make_server(cache).start_io(incoming, outgoing)
