"""The settings of a bisection, which no other command has."""

from lab.settings.kinds import Text
from lab.settings.setting import Setting

PACKAGE = Setting(
    "PACKAGE",
    Text("the name of a package", r"([A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)?"),
    "",
    "the package whose releases are searched",
    "ujson",
    ("bisect",),
)
GOOD = Setting(
    "GOOD",
    Text("a release, a commit or a Python"),
    "",
    "a point that does not leak, before or after `BAD`; none: the oldest release with a wheel",
    "5.4.0",
    ("bisect",),
)
BAD = Setting(
    "BAD",
    Text("a release, a commit or a Python"),
    "",
    "a point that leaks; none: what the app has now, of a clone `HEAD`",
    "5.3.0",
    ("bisect",),
)
GIT = Setting(
    "GIT",
    Text("a folder"),
    "",
    "a local clone of `PACKAGE`, whose commits are searched in place of its releases",
    "../ujson",
    ("bisect",),
)
PYTHON = Setting(
    "PYTHON",
    Text("a range such as 3.7..3.14", r"(3\.\d{1,2}\.\.3\.\d{1,2})?"),
    "",
    "interpreters, which are searched in place of releases",
    "3.7..3.14",
    ("bisect",),
)
