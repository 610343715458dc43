"""Files of `NAME=value` lines, as python-dotenv reads them."""

import re

LINE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")


def parse_env(text: str) -> dict[str, str]:
    """`NAME=value` lines; quotes and comments as python-dotenv reads them."""
    variables = {}
    for line in text.splitlines():
        if match := LINE.match(line):
            value = match[2]
            if value[:1] in ("'", '"'):
                value = value[1:].partition(value[0])[0]
            else:
                value = re.split(r"\s+#", f" {value}")[0].strip()
            variables[match[1]] = value
    return variables
