"""E-mail addresses and names, as they are stored."""

import re
from typing import Annotated
from unicodedata import category, normalize

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter

from duplex.accounts.tables.lengths import EMAIL_MAX
from duplex.wire import models
from duplex.wire.models import has_piled_marks

_ATOM = r"[^\s\x00-\x1f\x7f@\"(),:;<>\[\\\].]+"
_LOCAL = re.compile(rf"(?=.{{1,64}}$){_ATOM}(\.{_ATOM})*")
_LABEL = r"[^\W_](?:(?:[^\W_]|-)*[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")


def normalise(email: str) -> str:
    """The normalised address, so that two spellings are one account. Raises ValueError for an
    invalid address. Domains are not looked up: they may exist only in a private network.
    """
    # Again after lower-casing: that can take a composed character apart.
    text = normalize("NFC", normalize("NFC", email.strip()).lower())
    local, _, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode("idna")
    except UnicodeError:
        domain = ""
    normalised = f"{local}@{domain}"
    if (
        _LOCAL.fullmatch(local) is None
        or not _is_plain(local)
        or _DOMAIN.fullmatch(domain) is None
        # IDNA can lengthen: `a@` with 243 ligatures becomes 705 characters.
        or len(normalised) > EMAIL_MAX
    ):
        raise ValueError("not an e-mail address")
    return normalised


def _is_plain(local: str) -> bool:
    """Whether the part before the `@` is what it looks like.

    An encoded word (`=?utf-8?q?…?=`) would be decoded by mail programs, and the mail delivered to
    another address. Invisible characters make two addresses look the same.
    """
    invisible = any(category(character)[0] in "CZ" for character in local)
    return not (invisible or "=?" in local or has_piled_marks(local))


Email = Annotated[
    str,
    Field(max_length=EMAIL_MAX, json_schema_extra={"format": "email"}),
    AfterValidator(normalise),
]
"""An e-mail address, normalised as it is stored: two spellings are one account."""

Name = Annotated[models.Name, StringConstraints(min_length=1)]
"""The name of a user that others see."""

EMAIL: TypeAdapter[str] = TypeAdapter(Email)
NAME: TypeAdapter[str] = TypeAdapter(Name)
