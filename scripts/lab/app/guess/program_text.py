"""What a project's files say to a program: their text without comments and documentation."""

import io
import re
import tokenize

COMMENT = re.compile(r"^[ \t]*(?:#|//|--|;|<!--).*$|[ \t]#[ \t].*$", re.MULTILINE)
"""Whole lines, or what follows a `#` that stands alone: `#` is a letter of passwords."""
MOST_PROGRAM_CHARACTERS = 200_000
"""The longest program whose comments are told apart, which takes a second for a million."""
BEFORE = frozenset({tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT})
DOCUMENTATION = (".md", ".rst", ".lock", ".html", ".htm", ".css", ".js", ".svg", ".adoc", ".po")


def program_text(name: str, text: str) -> str:
    """A file's text as its program sees it; nothing of a page for people."""
    if name.endswith(DOCUMENTATION):
        return ""
    return without_words(text) if name.endswith(".py") else COMMENT.sub("", text)


def without_words(source: str) -> str:
    """Python's code without comments and strings that are statements."""
    if len(source) > MOST_PROGRAM_CHARACTERS:
        return source
    lines = source.splitlines(keepends=True)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError, ValueError):
        return source
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        alone = before is None or before.type in BEFORE
        ends = after is None or after.type in (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER)
        is_statement = token.type == tokenize.STRING and alone and ends
        if token.type == tokenize.COMMENT or is_statement:
            blank(lines, token.start, token.end)
    return "".join(lines)


def blank(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> None:
    """Take what lies between two places, by line and column, out of the lines."""
    (first, left), (last, right) = start, end
    if first == last:
        lines[first - 1] = lines[first - 1][:left] + " " * (right - left) + lines[first - 1][right:]
        return
    lines[first - 1] = lines[first - 1][:left] + "\n"
    for number in range(first, last - 1):
        lines[number] = "\n"
    lines[last - 1] = " " * right + lines[last - 1][right:]
