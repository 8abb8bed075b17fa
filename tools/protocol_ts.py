"""Write the protocol's constants for the page: `python -m tools.protocol_ts`.

The server's protocol module is the one source of reserved names, close codes, error codes and
limits, and its options are the one of the default rate. The page reads them from
`protocol.generated.ts`.
"""

import importlib.util
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import get_args

from tools.source import ROOT

ENGINE = ROOT / "template/backend/duplex"
WIDTH = 100
"""The longest line in the page's code."""
TARGET = ROOT / "template/frontend/src/duplex/client/protocol.generated.ts"


def imported(path: Path) -> ModuleType:
    """A module of the engine that imports nothing of it, without the rest of the engine."""
    spec = importlib.util.spec_from_file_location(f"engine_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[spec.name]
    return module


def text() -> str:
    """The file as it should be."""
    words = imported(ENGINE / "wire/protocol.py")
    rate = imported(ENGINE / "options.py").RATE
    final = words.FINAL_CODES
    closes = {code.name.lower(): int(code) for code in words.Close}
    return "\n".join(
        [
            "// Written by `python -m tools.protocol_ts` from the server's protocol. Do not edit.",
            "",
            "/** Reserved names of frames that a client sends. */",
            _list("CLIENT_STATES", sorted(words.CLIENT_STATES)),
            "",
            "/** Reserved names of frames that the server sends. */",
            _list("SERVER_STATES", sorted(words.SERVER_STATES)),
            "",
            _list("ERROR_CODES", get_args(words.ErrorCode)),
            "export type ErrorCode = (typeof ERROR_CODES)[number];",
            "",
            "/** How a stream ended. */",
            f"export type StreamEnd = {' | '.join(map(json.dumps, get_args(words.StreamEnd)))};",
            "",
            "/** 44xx end a session; after 45xx, 1001 and 1012 the page reconnects and resumes. */",
            "export const CLOSE = {",
            *(f"  {_camel(name)}: {code}," for name, code in closes.items()),
            "} as const;",
            "",
            "/** The session has ended with any of these, and with 1000. */",
            f"export const FINAL_CODES = {{ first: {final[0]}, last: {final[-1]} }} as const;",
            "",
            "/** Reported for a connection that ended without a close frame or never came up. */",
            f"export const LOST = {words.LOST};",
            "",
            "/** Session and participant ids, as a regular expression. */",
            f"export const SESSION_ID = {json.dumps(_pattern(words.ID.pattern))};",
            "",
            "/** The longest id of a session or participant, in characters. */",
            f"export const ID_LENGTH = {words.ID_MAX};",
            "",
            "/** The longest name of a participant, in characters. */",
            f"export const NAME_LENGTH = {words.NAME_MAX};",
            "",
            "/** The most combining marks on one character of a name. */",
            f"export const NAME_MARKS = {words.NAME_MARKS_MAX};",
            "",
            "/** Requests that the server takes at once by default (setting `SESSION_RATE`). */",
            f"export const SESSION_RATE = {rate.count};",
            "",
        ]
    )


def _list(name: str, values: Iterable[str]) -> str:
    """A list as Prettier would write it."""
    quoted = [json.dumps(value) for value in values]
    line = f"export const {name} = [{', '.join(quoted)}] as const;"
    if len(line) <= WIDTH:
        return line
    lines = "".join(f"  {value},\n" for value in quoted)
    return f"export const {name} = [\n{lines}] as const;"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _pattern(python: str) -> str:
    return python.removesuffix(r"\Z")


def main() -> None:
    """Write the file."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text(), encoding="utf-8", newline="\n")
    print(f"Wrote {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
