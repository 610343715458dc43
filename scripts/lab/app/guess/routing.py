"""A route's path as a request asks for it."""

import re

VALUE = re.compile(r"\{[A-Za-z_]\w*(:[^{}]*)?\}|<(?:[\w.]+:)?\w+>|:\w+")
"""What stands for a value in a route: `{name}`, `<int:name>`, `:name`."""
PLAIN = re.compile(r"/[\w./~@=,+%-]*")


def numbered(path: str) -> str | None:
    """The path with `{n}` for each of its values; None where it is more than that."""
    bare = VALUE.sub("\0", re.sub(r"//+", "/", path))
    if not PLAIN.fullmatch(bare.replace("\0", "1")):
        return None
    return bare.replace("\0", "{n}")
