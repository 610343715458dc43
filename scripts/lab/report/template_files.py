"""The templates of the report's files."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

TEMPLATES = Path(__file__).parent / "templates"


def environment(*, escaped: bool) -> Environment:
    """An environment in which a name that is not given is an error.

    Args:
        escaped: whether values are escaped for HTML and SVG.
    """
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


@lru_cache(maxsize=4)
def picture(name: str) -> Template:
    """The template of an SVG picture."""
    return environment(escaped=True).get_template(name)
