"""Why a user app could not be measured, in one line with the next step."""

from lab.app.spec import AppSpec
from lab.records.trial import EndKind


def advice_for(kind: EndKind, reason: str, description: AppSpec) -> str:
    """Why an app was not measured, where, and what to do about it, in one line."""
    file = description.file
    command = f" (command = {description.command!r})" if description.command else ""
    if kind is EndKind.DIED:
        return f"{file}: the app does not start{command}: {reason}; see its log's last lines"
    if kind is EndKind.NEVER_READY:
        return f"{file}: {reason}{command}: it must listen on $HOST:$PORT, or set health"
    if kind is EndKind.NO_REQUESTS_SERVED:
        return f"{file}: requests: {reason}: set their path, method or expect"
    return f"{file}: the app was not measured: {reason}"
