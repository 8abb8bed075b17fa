"""The document that a session shares."""

import duplex
from duplex import Model
from pydantic import Field


class Notes(Model):
    """Lines of text, and a number that is none of JSON's integers."""

    lines: list[str] = Field(default_factory=list[str])
    weight: float = 0.0


Session = duplex.Session[Notes]
