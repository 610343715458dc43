"""Files of `NAME=value` lines, as python-dotenv reads them."""

import re

NAME = re.compile(r"[^\S\r\n]*(?:export[^\S\r\n]+)?([A-Za-z_]\w*)[^\S\r\n]*=[^\S\r\n]*")
QUOTED = {"'": re.compile(r"'((?:\\'|[^'])*)'"), '"': re.compile(r'"((?:\\"|[^"])*)"')}
REST = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n)?")
COMMENT = re.compile(r"(?<!\S)#")
ESCAPES = {"'": re.compile(r"\\(['\\])"), '"': re.compile(r"\\(['\"\\abfnrtv])")}
"""What stands behind a backslash that is not part of the value, in either kind of quotes."""
CONTROLS = dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True))


def parse_env(text: str) -> dict[str, str]:
    """The values by name; one in quotes may have escapes and several lines.

    More is read than python-dotenv does: what follows a closing quote on its line is left out; a
    quote without an end is left out itself, and its value ends with the line. A value that begins
    with # is a comment, as Compose has it.
    """
    variables, endless, at = dict[str, str](), set[str](), 0
    while at < len(text):
        if name := NAME.match(text, at):
            at, quote = name.end(), text[name.end() : name.end() + 1]
            if quote in QUOTED and quote not in endless:
                if quoted := QUOTED[quote].match(text, at):
                    variables[name[1]], at = unescaped(quoted[1], quote), quoted.end()
                else:
                    endless.add(quote)
            if at == name.end():
                variables[name[1]] = unquoted(rest(text, at)[1])
        at = rest(text, at).end()
    return variables


def rest(text: str, at: int) -> re.Match[str]:
    """The rest of a line, and with it the line's end."""
    match = REST.match(text, at)
    assert match is not None
    return match


def unescaped(value: str, quote: str) -> str:
    return ESCAPES[quote].sub(lambda escape: CONTROLS.get(escape[1], escape[1]), value)


def unquoted(value: str) -> str:
    if value[:1] in QUOTED:
        return value[1:].rstrip()
    return COMMENT.split(value, maxsplit=1)[0].strip()
