"""A service whose image nobody has pushed yet: which one, and the commands that push it."""

from __future__ import annotations

import re

_HOSTS = (
    r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.(?:com|com\.cn|eu)",
    r"(?P<registry>[a-z0-9]+)\.azurecr\.io",
    r"(?P<place>[a-z0-9-]+)-docker\.pkg\.dev",
)
_IMAGE = re.compile(
    rf"(?P<image>(?P<host>{'|'.join(_HOSTS)})/[\w./@:-]*[\w])(?P<after>.{{0,80}})", re.DOTALL
)
_ABSENT = re.compile(
    r"^['\"\\\s]*(?:not found|does not exist|: GET https:\S*: MANIFEST_UNKNOWN)", re.IGNORECASE
)


def unpushed(text: str) -> tuple[str, str] | None:
    """The image that a cloud does not find in its registry, and how it gets there.

    >>> unpushed("Image 'europe-west3-docker.pkg.dev/p/r/serve:1' not found.")[0]
    'europe-west3-docker.pkg.dev/p/r/serve:1'
    """
    for found in _IMAGE.finditer(text):
        if _ABSENT.match(found["after"]):
            image = found["image"]
            return image, (
                f"sign in to the registry: `{_sign_in(found)}`; build it: `docker build --platform "
                f"linux/amd64 --tag {image} FOLDER`; push it: `docker push {image}`; then run "
                "this again: it goes on with the service"
            )
    return None


def _sign_in(found: re.Match[str]) -> str:
    if found["region"]:
        return (f"aws ecr get-login-password --region {found['region']} | docker login "
                f"--username AWS --password-stdin {found['host']}")  # fmt: skip
    if found["registry"]:
        return f"az acr login --name {found['registry']}"
    return f"gcloud auth configure-docker {found['host']}"
