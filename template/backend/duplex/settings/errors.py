"""What somebody reads who has set something wrong."""

import re
from collections.abc import Mapping

from pydantic import ValidationError
from pydantic.fields import FieldInfo

_SECRET = {"secret_key", "first_admin_password"}


def explain(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """One line for each bad setting: its name, the value unless it is secret, what is expected."""
    lines: list[str] = []
    for detail in error.errors():
        name = str(detail["loc"][0])
        expected = str(detail.get("ctx", {}).get("error", "")) or fields[name].description
        lines.append(f"{name.upper()}: {_shown(name, detail['input'])}; expected {expected}")
    return lines


def _shown(name: str, value: object) -> str:
    if value is None or value == () or value == "":
        return "nothing is set"
    if name in _SECRET:
        return "the value (not shown) is not valid"
    # A URL's password, if it has one, stays out of terminals and logs.
    return f"{re.sub(r'//.*@', '//…@', str(value))!r} is not valid"
