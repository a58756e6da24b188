"""Our answers as messages of the Language Server Protocol, and its places as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path as File

from lsprotocol import types
from pygls import uris

from hybridspec.base.diagnostic import Diagnostic, Edit, Severity
from hybridspec.editor.complete import Completion
from hybridspec.editor.definition import Symbol
from hybridspec.editor.diagnose import file_of
from hybridspec.editor.position import Range, Ruler

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
_ITEMS = {
    "key": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.Value,
    "file": types.CompletionItemKind.File,
}
_SYMBOLS = (types.SymbolKind.Namespace, types.SymbolKind.Class, types.SymbolKind.Property,
            types.SymbolKind.Object, types.SymbolKind.Field)  # fmt: skip


def uri(path: File) -> str:
    """A file as its address."""
    return str(uris.from_fs_path(str(path)))


def path(address: str) -> File | None:
    """The file behind an address, in the form that all our maps use."""
    name = uris.to_fs_path(address)
    try:
        return None if name is None else File(name).resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def range_(found: Range) -> types.Range:
    """Two places as a range."""
    return types.Range(types.Position(*found[0]), types.Position(*found[1]))


def diagnostic(finding: Diagnostic, root: File, ruler: Ruler) -> types.Diagnostic:
    """A finding as an editor shows it, with its help and its second places."""
    at: Range = ((0, 0), (0, 1)) if finding.span is None else ruler.span(finding.span)
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(uri(file_of(note.span, root)), range_(ruler.span(note.span))),
            note.message,
        )
        for note in finding.notes
    ]
    return types.Diagnostic(
        range=range_(at), severity=_SEVERITIES[finding.severity], code=finding.code,
        source="hybridspec", related_information=related or None,
        message=f"{finding.message}\nhelp: {finding.help}" if finding.help else finding.message,
    )  # fmt: skip


def completion(
    found: Completion, text: str, ruler: Ruler, *, snippets: bool
) -> types.CompletionList:
    """Choices in their order; a client without snippets gets plain words."""
    place = range_(ruler.range(text, found.start, found.end))
    items = [
        types.CompletionItem(
            label=choice.label,
            kind=_ITEMS[choice.kind],
            detail=choice.detail or None,
            documentation=_markdown(choice.words) if choice.words else None,
            sort_text=f"{number:04}",
            # `Frankfurt` finds `eu-central-1`, and `Germany` finds `DE`.
            filter_text=f"{choice.label} {choice.detail}"
            if choice.kind == "value"
            else choice.label,
            preselect=number == 0,
            insert_text_format=types.InsertTextFormat.Snippet
            if choice.filled and snippets
            else types.InsertTextFormat.PlainText,
            insert_text_mode=types.InsertTextMode.AdjustIndentation,
            text_edit=types.TextEdit(
                place, choice.insert if snippets or not choice.filled else choice.label
            ),
        )
        for number, choice in enumerate(found.choices)
    ]
    return types.CompletionList(is_incomplete=False, items=items)


def _markdown(text: str) -> types.MarkupContent:
    return types.MarkupContent(types.MarkupKind.Markdown, text)


def hover(text: str, place: Range) -> types.Hover:
    """Markdown for a range."""
    return types.Hover(contents=_markdown(text), range=range_(place))


def symbols(found: Iterable[Symbol], text: str, ruler: Ruler) -> list[types.DocumentSymbol]:
    """The tree of keys."""
    return [
        types.DocumentSymbol(
            name=symbol.name[:100] or "-",
            detail=symbol.detail or None,
            kind=_SYMBOLS[min(symbol.depth, len(_SYMBOLS) - 1)],
            range=range_(ruler.range(text, *symbol.whole)),
            selection_range=range_(ruler.range(text, *symbol.key)),
            children=symbols(symbol.inner, text, ruler),
        )
        for symbol in found
    ]


def workspace_edit(
    edits: Mapping[File, list[Edit]], ruler: Ruler, address: Callable[[File], str]
) -> types.WorkspaceEdit:
    """Edits of a finding as the editor carries them out."""
    return types.WorkspaceEdit(changes={
        address(file): [
            types.TextEdit(range_(ruler.span(edit.span, exact=True)), edit.text) for edit in listed
        ]
        for file, listed in edits.items()
    })  # fmt: skip
