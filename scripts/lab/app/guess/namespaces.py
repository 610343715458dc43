"""Which packages a project needs of a name that many of them share, such as `azure`."""

from collections.abc import Iterable

from lab.app.guess.source import Module

SHARED = frozenset({"azure", "google", "opentelemetry"})
DEEPER = frozenset({"storage", "monitor", "mgmt", "ai", "keyvault", "data", "cloud"})
"""Second names below which each third one is a package of its own."""
OTHERWISE = {
    "google-protobuf": "protobuf",
    "google-oauth2": "google-auth",
    "google-cloud": "google-cloud-core",
    "google-api": "google-api-core",
    "opentelemetry-trace": "opentelemetry-api",
    "opentelemetry-metrics": "opentelemetry-api",
}


def packages_of(first: str, modules: Iterable[Module]) -> list[str]:
    """The distributions of a shared name, by what the modules import of it; sorted."""
    names = {full for module in modules for full in module.names.values()}
    below = {full for full in names if full.startswith(f"{first}.")}
    return sorted({package for full in below if (package := package_of(full))})


def package_of(full: str) -> str | None:
    """`azure-storage-blob` of `azure.storage.blob.BlobServiceClient`."""
    first, second, *rest = [*full.split("."), ""]
    if not second or not second.islower():
        return None
    if first == "opentelemetry" and second in ("instrumentation", "exporter"):
        return "-".join((first, second, *rest[:1]))
    third = rest[:1] if second in DEEPER and rest[0] and rest[0].islower() else []
    name = "-".join((first, second, *third))
    return OTHERWISE.get(name, name).replace("_", "-")
