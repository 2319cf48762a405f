"""The XML of requests and answers: a small writer, and a reader that accepts only elements and text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import NamedTuple, Union
from xml.etree import ElementTree
from xml.sax.saxutils import escape

Child = Union["Element", tuple[str, str]]
"""An element, or the name and the text of one without children."""


class Element(NamedTuple):
    """An element with children, to be written."""

    name: str
    children: Sequence[Child]


class NotMarkup(ValueError):
    """The bytes are not an XML document that this reader accepts."""


def document(root: Element) -> bytes:
    """Write a whole document, in UTF-8."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_written(root)}'.encode()


def _written(child: Child) -> str:
    if isinstance(child, Element):
        return f"<{child.name}>{''.join(_written(inner) for inner in child.children)}</{child.name}>"
    name, text = child
    return f"<{name}>{escape(text)}</{name}>"


def iso(seconds: float) -> str:
    """Format epoch seconds for a document: `2012-02-24T08:43:07.000Z`."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def parse(body: bytes, root: str) -> ElementTree.Element:
    """Parse a document whose root element is `root`. Raises NotMarkup.

    A document type declaration is refused before parsing: its entities can expand to very large text.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotMarkup("it is not UTF-8") from None
    if "<!DOCTYPE" in text:
        raise NotMarkup("it has a document type declaration")
    try:
        tree = ElementTree.fromstring(text)  # noqa: S314 (no document type, so no entities)
    except ElementTree.ParseError as error:
        raise NotMarkup(str(error)) from None
    if tree.tag != root:
        raise NotMarkup(f"the root element is {tree.tag}, expected {root}")
    return tree
