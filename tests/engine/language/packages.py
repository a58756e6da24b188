"""Prints which provider each installed SDK asks the engine for, as its own metadata says."""

import json
from importlib.metadata import distributions

found = {}
for distribution in distributions():
    for file in distribution.files or ():
        if file.name == "pulumi-plugin.json" and len(file.parts) == 2:
            plugin = json.loads(file.read_text())
            if plugin.get("resource"):
                found[plugin["name"]] = {
                    "kind": "resource",
                    "name": plugin["name"],
                    "version": plugin.get("version", distribution.version),
                    "server": plugin.get("server", ""),
                }
print(json.dumps([found[name] for name in sorted(found)]))
