"""Why the engine failed: one sentence, its cause, and the next command, from what it printed."""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from hybridspec.base.errors import (
    AuthenticationFailed,
    Cancelled,
    ChangesFound,
    HybridspecError,
    PolicyBroken,
    ResourceFailed,
    StackNotFound,
    TimedOut,
    UsageError,
)
from hybridspec.deliver.engine.command import Ran
from hybridspec.deliver.engine.image import unpushed

_BY_CODE: dict[int, type[HybridspecError]] = {
    fault.exit_code: fault
    for fault in (UsageError, AuthenticationFailed, ResourceFailed, PolicyBroken, StackNotFound,
                  ChangesFound, Cancelled, TimedOut)
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lock:
    """Who works on a stack, as its lock says."""

    who: str
    host: str
    pid: int
    since: str

    @property
    def stale(self) -> bool:
        """Whether it is of a process of this machine that is no more."""
        return self.host == socket.gethostname() and not _alive(self.pid)


class StackLocked(HybridspecError):
    """Another engine works on the stack, or one was killed while it did."""

    def __init__(self, message: str, lock: Lock | None, *, help: str) -> None:
        super().__init__(message, help=help)
        self.lock = lock


@dataclass(frozen=True, slots=True)
class _Row:
    """What a kind of failure looks like, what it is called, and what to do."""

    pattern: str
    fault: type[HybridspecError]
    sentence: str
    help: str


_AGAIN = "then run this again: what was done is kept"
_ROWS = (
    _Row(r"ExpiredToken|token (?:has|is) expired|(?:SSO|session).{0,40}expired|AADSTS700082"
         r"|InvalidGrantException|loading SSO Token"
         r"|invalid_grant|token included in the request is expired",
         AuthenticationFailed, "the credentials have expired",
         "sign in again (`aws sso login`, `az login`, `gcloud auth application-default login`), "
         + _AGAIN),
    _Row(r"No valid credential sources|no EC2 IMDS role found|unable to locate credentials"
         r"|could not find default credentials|DefaultAzureCredential"
         r"|(?:please|must) run '?az login|NoCredentialProviders|building AzureRM Client"
         r"|authenticating to Azure",
         AuthenticationFailed, "there are no credentials for this cloud",
         "sign in (`aws configure sso`, `az login`, `gcloud auth application-default login`) or "
         "set the variables of the cloud's provider, " + _AGAIN),
    _Row(r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|AADSTS7000215"
         r"|AuthFailure|invalid_client",
         AuthenticationFailed, "the credentials are not valid",
         "sign in anew, or correct the variables that hold them; a region that the account has not "
         "switched on answers like this, too; " + _AGAIN),
    _Row(r"AWS Account ID not allowed|SubscriptionNotFound|InvalidAuthenticationTokenTenant"
         r"|caller does not have permission on project|project .{0,60}(?:not found|does not exist)"
         r"|allowedAccountIds",
         AuthenticationFailed, "the credentials are of another account than the one planned",
         "choose the account that the spec names (`AWS_PROFILE`, `az account set`, "
         "`gcloud config set project`), " + _AGAIN),
    _Row(r"SERVICE_DISABLED|has not been used in project .{0,60}before or it is disabled"
         r"|MissingSubscriptionRegistration|not registered to use namespace",
         ResourceFailed, "a service that the plan uses is not switched on in the account",
         "switch on the one that the message names (`gcloud services enable NAME`, `az provider "
         "register --namespace NAME`), wait some minutes, " + _AGAIN),
    _Row(r"explicit deny in a (?:service|resource) control policy|RequestDisallowedByPolicy"
         r"|violates constraint|constraints/[\w.]+ (?:is )?violated",
         PolicyBroken, "a policy of the organisation refuses it",
         "change the spec so that the policy which the message names holds, or ask its owner; "
         + _AGAIN),
    _Row(r"AccessDenied|not authorized to perform|AuthorizationFailed|PERMISSION_DENIED"
         r"|does not have authorization",
         AuthenticationFailed, "the account may not do this",
         "give the identity that deploys the permission that the message names, " + _AGAIN),
    _Row(r"QuotaExceeded|LimitExceeded|quota .{0,80}exceeded|exceed(?:ed|ing) .{0,80}quota"
         r"|RESOURCE_EXHAUSTED|TooManyBuckets",
         ResourceFailed, "a quota of the account is used up",
         "ask the cloud to raise it, or remove what uses it, " + _AGAIN),
    _Row(r"InvalidLocationConstraint|LocationNotAvailableForResourceType|not available in (?:the )?"
         r"(?:region|location)|not supported in (?:this|the) (?:region|location)|no such host"
         r".{0,80}amazonaws|Could not connect to the endpoint URL|UnsupportedRegion"
         r"|NoRegisteredProviderFound|OptInRequired|SkuNotAvailable",
         ResourceFailed, "the region does not have a service that the plan uses",
         "take the region out of `clouds.*.regions`, and look at where it goes then with "
         "`hybridspec plan`"),
    _Row(r"BucketAlreadyExists|BucketAlreadyOwnedByYou|StorageAccountAlreadyTaken"
         r"|bucket name is not available|already own it"
         r"|AlreadyExists|already exists|NameUnavailable|EntityAlreadyExists|VaultAlreadyExists",
         ResourceFailed, "a name is taken already",
         "if it is yours, of a run that was cut off, take it over with `--repair --adopt URN=ID`; "
         "else rename the spec (`metadata.name`), which begins all names"),
    _Row(r"BucketNotEmpty|ContainerNotEmpty|is not empty|RepositoryNotEmpty",
         ResourceFailed, "a store is not empty, and the cloud deletes none that holds data",
         "empty it with the cloud's own tools, " + _AGAIN),
    _Row(r"is protected\. To unprotect|protected resource", UsageError,
         "stores and keys are protected",
         "`hybridspec destroy --delete-data` takes the protection off and deletes them"),
    _Row(r"\[mandatory\]|policy violation|mandatory polic|Policy Violations", PolicyBroken,
         "a policy of the engine refuses it",
         "read which one in the log, and change the spec, not the emitted folder"),
    _Row(r"failed to load checkpoint|snapshot integrity",
         HybridspecError, "what the engine has written down of the stack is damaged",
         "put a good copy back: the backend keeps one as `NAME.json.bak` beside the state and each "
         "earlier one under `.pulumi/backups`; then `hybridspec refresh` takes over what there "
         "really is"),
    _Row(r"passphrase must be set|incorrect passphrase|PULUMI_CONFIG_PASSPHRASE", UsageError,
         "the passphrase of the stack's secrets is missing or another one",
         "set `PULUMI_CONFIG_PASSPHRASE_FILE` to the file that holds it"),
    _Row(r"PULUMI_ACCESS_TOKEN|must be logged in|could not access the backend|NoSuchBucket"
         r"|unable to (?:open|check|read) bucket|problem logging in",
         AuthenticationFailed, "what keeps the stack's state does not let us in",
         "check `stacks.*.backend` of the spec and its credentials; `pulumi login URL` tries them"),
)  # fmt: skip
_LOCKED = re.compile(
    r"currently locked by.*?created by (?P<who>[^@\n]*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) "
    r"at (?P<since>\S+)",
    re.DOTALL,
)
_PLUGINS = (
    re.compile(r"'pulumi-resource-(?P<name>[\w-]+)' found in the workspace at version "
               r"v(?P<version>\d[\w.+-]*)"),
    re.compile(r"plugin:? \[?(?:resource )?(?P<name>[a-z][\w-]*?)-v?(?P<version>\d+\.\d+\.\d+)"),
)  # fmt: skip
_MISSING = re.compile(
    r"no resource plugin '[^']*' found.*|(?:failed to download|downloading) plugin.*"
    r"|could not (?:download|install|load) plugin.*|error downloading.*plugin.*", re.IGNORECASE,
)  # fmt: skip


def raise_for(ran: Ran, cloud: str, doing: str, log: Path | None = None) -> None:
    """Nothing if the command succeeded.

    Raises:
        HybridspecError: what went wrong, of the class that carries Pulumi's exit code for it.
    """
    if ran.code == 0:
        return
    text = ran.text
    where = f"{cloud}: "
    if ran.code < 0:
        raise ResourceFailed(
            f"{where}the engine was killed (signal {-ran.code}) before `{doing}` was done",
            help="run this again: it says what was left half done",
        )
    for special in (_locked, _plugin, _unpushed):
        found = special(text, where)
        if found is not None:
            raise found
    said = _said(text)
    known = explained(text, where, said)
    if known is not None:
        raise known
    after = f"; all of it is in {log}" if log else ""
    fault = _BY_CODE.get(ran.code, ResourceFailed if log else HybridspecError)
    raise fault(
        f"{where}the engine could not {doing}: {said or f'it ended with {ran.code}'}",
        help=f"correct the cause, {_AGAIN}{after}",
    )


def explained(text: str, where: str, said: str) -> HybridspecError | None:
    """The failure that a cloud's words are known to mean; None if nobody knows them."""
    for row in _ROWS:
        if re.search(row.pattern, text, re.IGNORECASE | re.DOTALL):
            return row.fault(f"{where}{row.sentence}: {said}", help=row.help)
    return None


_HOLLOW = (
    r"error: (?:(?:update|preview|resource|destroy|refresh) failed|\d+ error"
    r"|Resource monitor has terminated)"
)
"""Lines that say that something failed, and not what."""


def _said(text: str) -> str:
    """The first line that says what is wrong."""
    told = text.partition("\nDiagnostics:\n")[2].partition("\nResources:\n")[0] or text
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    marked = [x for x in lines if re.match(r"(?:\*\s|error:|.*\berror: )", x)]
    better = [x for x in marked if not re.match(_HOLLOW, x)]
    found = next(iter([*better, *marked, *reversed(lines)]), "")
    if "unhandled exception" in found:
        found = f"the program raised {lines[-1]}"
    return re.sub(r"^(?:\*|error:)\s*", "", found)[:400]


def _locked(text: str, where: str) -> HybridspecError | None:
    found = _LOCKED.search(text)
    if found is None:
        return None
    lock = Lock(found["who"], found["host"], int(found["pid"]), found["since"])
    if lock.stale:
        return StackLocked(
            f"{where}the last run was killed and left the stack locked (since {lock.since})",
            lock,
            help="run `hybridspec up --repair`: it removes the lock and settles what was cut off",
        )
    return StackLocked(
        f"{where}{lock.who}@{lock.host} works on the stack (process {lock.pid}, since "
        f"{lock.since})", lock,
        help="wait until it ends; if that process is known to be dead, `pulumi cancel` in the "
        "project's folder removes the lock",
    )  # fmt: skip


def _plugin(text: str, where: str) -> HybridspecError | None:
    line = _MISSING.search(text)
    if line is None:
        return None
    found = next(filter(None, (pattern.search(text) for pattern in _PLUGINS)), None)
    name, version = (found["name"], found["version"]) if found else ("NAME", "VERSION")
    file = f"pulumi-resource-{name}-v{version}-{os.uname().sysname.lower()}-ARCH.tar.gz"
    return HybridspecError(
        f"{where}the engine's plugin for {name} {version} is not installed and could not be "
        "fetched",
        help=f"with a network: `pulumi plugin install resource {name} v{version}`; without one, "
        f"carry {file} here from another machine and run `pulumi plugin install resource {name} "
        f"v{version} --file {file}`",
    )


def _unpushed(text: str, where: str) -> HybridspecError | None:
    found = unpushed(text)
    if found is None:
        return None
    image, help = found
    return ResourceFailed(
        f"{where}a service waits for its image, which nobody has pushed yet: {image}", help=help
    )


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
