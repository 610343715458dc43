"""Parsed documents: JSON and YAML as plain Python."""

from collections.abc import Callable
from typing import Any


def with_texts(document: Any, change: Callable[[str], str]) -> Any:
    """The document with each text in it changed, keys apart; no text can change its structure."""
    if isinstance(document, str):
        return change(document)
    if isinstance(document, dict):
        return {key: with_texts(each, change) for key, each in document.items()}
    if isinstance(document, list):
        return [with_texts(each, change) for each in document]
    return document
