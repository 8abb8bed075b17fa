"""The fields of a document that requests hold, and the frame that announces a change of them.

A held value is stored separately from the document, so nothing has to be undone when its request
ends, for any reason. The Redis broker builds the same frame in its scripts.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from duplex.wire.entries import Entry

HELD: Final = b'{"state":"held","data":'


def announce(field: str, value: bytes) -> Entry:
    """A field has another value now; `value` is JSON, `null` when it is no longer held."""
    return Entry("held", b"%b{%b:%b}" % (HELD, to_json(field), value))


def merge(document: bytes, held: Mapping[str, bytes]) -> bytes:
    """The document (JSON) as participants see it: with the held values."""
    if not held:
        return document
    merged: dict[str, JsonValue] = from_json(document)
    merged.update((field, from_json(value)) for field, value in held.items())
    return to_json(merged)
