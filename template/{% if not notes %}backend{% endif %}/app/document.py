"""The document that everybody in a session shares: any model whose fields have defaults."""

import duplex
from duplex import Model


class Document(Model):
    """The data that everybody in a session sees. Newcomers receive all of it.

    A handler changes it with `async with session.edit() as document`.
    """

    title: str = ""


Session = duplex.Session[Document]
"""The first argument of every handler."""
