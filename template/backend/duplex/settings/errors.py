"""The messages for bad settings, of the engine and of the team alike."""

import re
from collections.abc import Mapping

from pydantic import ValidationError
from pydantic.fields import FieldInfo


def explain(error: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """One line per bad setting: its name, its value unless it is secret, and what is expected."""
    lines: list[str] = []
    for detail in error.errors():
        reason = str(detail.get("ctx", {}).get("error", ""))
        if not detail["loc"]:
            # A validator of the whole model: its own words name the settings.
            lines.append(reason or detail["msg"])
            continue
        name = str(detail["loc"][0])
        field = fields[name]
        expected = reason or field.description
        shown = _shown(field, detail["input"])
        lines.append(
            f"{name.upper()}: {shown}; expected {expected}"
            if expected
            else f"{name.upper()}: {shown}: {detail['msg']}"
        )
    return lines


def _shown(field: FieldInfo, value: object) -> str:
    if value is None or value == () or value == "":
        return "nothing is set"
    if "Secret" in repr(field.annotation):
        return "the value (not shown) is not valid"
    # A URL's password, if it has one, stays out of terminals and logs.
    return f"{re.sub(r'//.*@', '//…@', str(value))!r} is not valid"
