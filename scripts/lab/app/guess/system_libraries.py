"""The libraries and programs of the system that an app misses, by Debian's names for them."""

import re
from dataclasses import dataclass

from lab.app.guess.failures import exception_in, with_short_lines

LIBRARIES = {
    "asound": "libasound2",
    "cairo": "libcairo2",
    "egl": "libegl1",
    "gdal": "gdal-bin",
    "gdk_pixbuf-2.0": "libgdk-pixbuf-2.0-0",
    "geos_c": "libgeos-c1v5",
    "gio-2.0": "libglib2.0-0",
    "gl": "libgl1",
    "glib-2.0": "libglib2.0-0",
    "gobject-2.0": "libglib2.0-0",
    "gthread-2.0": "libglib2.0-0",
    "harfbuzz": "libharfbuzz0b",
    "harfbuzz-subset": "libharfbuzz-subset0",
    "jpeg": "libjpeg62-turbo",
    "magic": "libmagic1",
    "mariadb": "libmariadb3",
    "mysqlclient": "libmariadb3",
    "odbc": "libodbc2",
    "opus": "libopus0",
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "portaudio": "libportaudio2",
    "pq": "libpq5",
    "snappy": "libsnappy1v5",
    "sndfile": "libsndfile1",
    "sodium": "libsodium23",
    "spatialindex": "libspatialindex-dev",
    "vips": "libvips42",
    "xml2": "libxml2",
    "xmlsec1": "libxmlsec1-openssl",
    "xslt": "libxslt1.1",
    "zbar": "libzbar0",
}
"""Debian's packages, by a library's name without `lib` and version, in small letters."""
WHOLE = {
    r"\bweasyprint\b": ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
}
"""What a package of Python that is named beside a missing library loads one after another."""
NOT_LOADED = (
    re.compile(r"\b(lib[\w.+-]{1,60}?\.so(?:\.[\d.]*\d)?): cannot open shared object file"),
    re.compile(r"no library called ['\"]([\w.+-]{1,60})['\"] was found"),
    re.compile(r"cannot load library ['\"]([\w.+-]{1,60})['\"]"),
    re.compile(r"[Ff]ailed to find (?:the )?(lib[a-z]\w{1,30})\."),
    re.compile(r"Unable to find ([a-z]\w{1,30}) shared library"),
    re.compile(r"Could not find the (GDAL|GEOS) library"),
    re.compile(r"no (pq) wrapper available"),
    re.compile(r"\b(lib[a-z]\w{1,30}|sndfile|PortAudio|[Oo]pus) library not found"),
)
"""How Python's packages say that a library of the system is not there."""
ALSO_CALLED = {"geos": "geos_c"}
COMPILER = ("gcc", "g++", "libc6-dev")
BUILDS = (
    (r"pg_config executable not found|libpq-fe\.h", ("libpq-dev", *COMPILER)),
    (
        r"mysql_config: not found|MYSQLCLIENT_CFLAGS|mysql_config not found|mysql\.h: No such",
        ("default-libmysqlclient-dev", "pkg-config", *COMPILER),
    ),
    (
        r"libxml2 and libxslt development packages|libxml/xmlversion\.h|xslt-config",
        ("libxml2-dev", "libxslt1-dev", *COMPILER),
    ),
    (r"\bffi\.h: No such file", ("libffi-dev", *COMPILER)),
    (r"openssl/\w+\.h: No such file", ("libssl-dev", "libffi-dev", *COMPILER)),
    (
        r"headers or library files could not be found for (?:jpeg|zlib)",
        ("libjpeg-dev", "zlib1g-dev", *COMPILER),
    ),
    (r"\b(?:lber|ldap|sasl/sasl)\.h: No such", ("libldap2-dev", "libsasl2-dev", *COMPILER)),
    (
        r"Dependency \"?cairo\"? not found|No package 'cairo' found|\bcairo\.h: No such",
        ("libcairo2-dev", "pkg-config", *COMPILER),
    ),
    (r"portaudio\.h: No such", ("portaudio19-dev", *COMPILER)),
    (r"gdal-config", ("libgdal-dev", *COMPILER)),
    (r"geos-config|geos_c\.h: No such", ("libgeos-dev", *COMPILER)),
    (r"curl-config", ("libcurl4-openssl-dev", "libssl-dev", *COMPILER)),
    (r"krb5-config", ("libkrb5-dev", *COMPILER)),
    (r"\bsql\.h: No such", ("unixodbc-dev", *COMPILER)),
    (r"xmlsec1 is not installed", ("libxmlsec1-dev", "pkg-config", *COMPILER)),
    (r"graphviz/cgraph\.h: No such", ("libgraphviz-dev", *COMPILER)),
    (r"snappy-c\.h: No such", ("libsnappy-dev", *COMPILER)),
    (r"rdkafka\.h: No such", ("librdkafka-dev", *COMPILER)),
    (r"libmemcached/memcached\.h: No such", ("libmemcached-dev", "zlib1g-dev", *COMPILER)),
)
"""What a package's build looked for, and Debian's packages with it."""
NO_COMPILER = re.compile(
    r"command '[^'\n]{0,80}?(?:gcc|g\+\+|cc)' failed: No such file"
    r"|unable to execute '[^'\n]{0,80}gcc'"
    r"|Unknown compiler\(s\)|No CMAKE_CX*_COMPILER could be found|\b(?:gcc|g\+\+): not found"
)
NOT_HAD = re.compile(
    r"E: Unable to locate package ([a-z0-9.+-]+)|E: Package '([a-z0-9.+-]+)' has no installation"
)


@dataclass(frozen=True, slots=True)
class MissingLibrary:
    """A library or a program of the system that was not there."""

    name: str
    """As the failure names it."""
    packages: tuple[str, ...]
    """Debian's packages with it; none where no rule gives them."""


def missing_library(said: str) -> MissingLibrary | None:
    """The library of the system that the last exception did not find.

    Packages warn of libraries that they do without: such lines are not exceptions.
    """
    exception = exception_in(with_short_lines(said)) or ""
    for pattern in NOT_LOADED:
        if match := pattern.search(exception):
            whole = (each for words, each in WHOLE.items() if re.search(words, said, re.I))
            return MissingLibrary(match[1], next(whole, packages_of(match[1])))
    return None


def packages_of(name: str) -> tuple[str, ...]:
    """Debian's package of a library: by the list, else by Debian's rule for one with a version."""
    match = re.fullmatch(r"(?:lib)?(.+?)(?:\.so(?:\.([\d.]+))?|\.dylib|\.dll)?", name)
    stem, version = (match[1].lower(), match[2]) if match else (name.lower(), None)
    plain = re.sub(r"(?<=\d)-\d+$", "", stem)  # gobject-2.0-0: its version as Windows has it
    bare = re.sub(r"-\d+$", "", stem)  # cairo-2
    for each in (stem, plain, bare):
        if package := LIBRARIES.get(ALSO_CALLED.get(each, each)):
            return (package,)
    if version is None:
        return ()
    between = "-" if stem[-1].isdigit() else ""
    return (f"lib{stem.replace('_', '-')}{between}{version}",)


def build_needs(said: str) -> tuple[str, ...]:
    """Debian's packages with the headers and programs that a package's build did not find."""
    said = with_short_lines(said)
    return next((packages for pattern, packages in BUILDS if re.search(pattern, said)), ())


def lacks_compiler(said: str) -> bool:
    return NO_COMPILER.search(with_short_lines(said)) is not None


def not_had(said: str) -> list[str]:
    """The packages that Debian does not have by the names that were asked for."""
    return [first or second for first, second in NOT_HAD.findall(said)]
