"""What a bundle is made of: the names of its members, and what kind of thing each is."""

from __future__ import annotations

MANIFEST = "release.json"
MODELS = "model"
MODEL_SIGNATURE = "model.sig"
SBOM = "sbom.cdx.json"
PROVENANCE = "provenance.dsse.json"
ACCURACY = "accuracy.dsse.json"
LICENCES = "licences/licences.json"
WHEELS = "runtime/wheels.json"
ENVELOPES = (ACCURACY, MODEL_SIGNATURE, PROVENANCE)
"""Members that carry signatures: what they say is fixed before anybody signs."""
DOCUMENTS = (MANIFEST, SBOM, LICENCES, WHEELS, *ENVELOPES)
"""Members that are read as a whole; all others may be of any size and are only streamed."""

_KINDS = {
    MANIFEST: "manifest",
    MODEL_SIGNATURE: "model-signature",
    SBOM: "sbom",
    PROVENANCE: "provenance",
    ACCURACY: "accuracy",
}
_FOLDERS = {"model": "model", "runtime": "runtime", "platform": "platform", "licences": "licence"}


def kind_of(path: str) -> str:
    """What kind of member a path is: one word, the same for all members of that kind."""
    if path in _KINDS:
        return _KINDS[path]
    folder, _, rest = path.partition("/")
    if folder == MODELS and rest.rpartition("/")[2].startswith("golden_"):
        return "golden"
    if rest and folder in _FOLDERS:
        return _FOLDERS[folder]
    return "file"
