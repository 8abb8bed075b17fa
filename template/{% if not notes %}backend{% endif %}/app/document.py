"""The document that everybody in a session shares: any model whose fields have defaults."""

import duplex
from duplex import Model


class Document(Model):
    """What everybody in a session sees: newcomers receive it whole.

    A handler changes it with `async with session.edit() as document`.
    """

    title: str = ""


Session = duplex.Session[Document]
"""The first argument of every handler."""
