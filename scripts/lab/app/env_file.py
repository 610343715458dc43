"""Files of `NAME=value` lines, as python-dotenv reads them."""

import re

NAME = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=")
COMMENT = re.compile(r"(?<!\S)#")


def parse_env(text: str) -> dict[str, str]:
    """`NAME=value` lines; quotes and comments as python-dotenv reads them."""
    variables = {}
    for line in text.splitlines():
        if match := NAME.match(line):
            value = line[match.end() :].strip()
            if value[:1] in ("'", '"'):
                value = value[1:].partition(value[0])[0]
            else:
                value = COMMENT.split(value, maxsplit=1)[0].strip()
            variables[match[1]] = value
    return variables
