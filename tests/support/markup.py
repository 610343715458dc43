"""What a page must not hold of a text from outside: what loads, leads elsewhere or is a heading."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Collection, Iterator, Sequence

from lab.text.phrases import UNPRINTABLE
from markdown_it import MarkdownIt
from markdown_it.token import Token

NO_TAGS = frozenset({"img", "image", "script", "a", "foreignObject"})


def markdown_faults(
    text: str, pictures: Collection[str] = (), html: Collection[str] = ()
) -> list[str]:
    """Pictures, links, tags, headings and items that are not among those that the page has."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    tokens = [*blocks, *(child for each in blocks for child in each.children or ())]
    shown = [str(each.attrs["src"]) for each in tokens if each.type == "image"]
    tags = [each.content for each in tokens if each.type in ("html_inline", "html_block")]
    links = [str(each.attrs.get("href")) for each in tokens if each.type == "link_open"]
    lines = [each for each in openings(blocks) if each.startswith("PLANTED")]
    found = [each for each in (*shown, *links) if each not in pictures]
    return found + [each for each in tags if each not in html] + lines + unprintable(text)


def openings(blocks: Sequence[Token]) -> Iterator[str]:
    """The texts of headings, and the first ones of items."""
    opened = False
    for each in blocks:
        if each.type in ("heading_open", "list_item_open"):
            opened = True
        elif each.type == "inline" and opened:
            opened = False
            yield each.content


def unprintable(text: str) -> list[str]:
    return [repr(text[match.start() :][:40]) for match in UNPRINTABLE.finditer(text)]


def picture_faults(text: str) -> list[str]:
    """Tags and attributes of a picture that run or load something; raises where it is no XML."""
    root = ElementTree.fromstring(text)
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    names = {name for each in root.iter() for name in each.attrib}
    return sorted(tags & NO_TAGS) + [n for n in names if n.startswith("on") or "href" in n]
