"""JSON Schemas of what users and devices read: made from the models, committed in `schemas/`.

Run `python -m hybridspec.schemas FOLDER` to write them, with `--check` to compare only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hybridspec.bundle.manifest import ReleaseManifest
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec

SCHEMAS: dict[str, type[Any]] = {
    "catalog": Catalog,
    "hybridspec": Spec,
    "release": ReleaseManifest,
}


def schema(name: str) -> dict[str, Any]:
    """One schema as draft-07, which editors understand."""
    made = TypeAdapter(SCHEMAS[name]).json_schema(by_alias=True)
    text = json.dumps(made, ensure_ascii=False).replace("#/$defs/", "#/definitions/")
    body = json.loads(text)
    if "$defs" in body:
        body["definitions"] = body.pop("$defs")
    return {"$schema": "http://json-schema.org/draft-07/schema#", **body}


def text(name: str) -> str:
    """The committed form of a schema."""
    return json.dumps(schema(name), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema into the folder named first, or check that it is fresh."""
    folder, check = Path(sys.argv[1]), "--check" in sys.argv[2:]
    stale = []
    for name in SCHEMAS:
        path = folder / f"{name}.schema.json"
        fresh = text(name)
        if path.exists() and path.read_text(encoding="utf-8") == fresh:
            continue
        stale.append(path.name)
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(fresh, encoding="utf-8")
    if check and stale:
        raise SystemExit(f"stale: {', '.join(stale)}; run `make schemas`")


if __name__ == "__main__":
    main()
