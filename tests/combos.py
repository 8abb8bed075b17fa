"""The axes of the answers, and which of their combinations are tried how deeply."""

from dataclasses import dataclass
from itertools import product
from typing import Any

Answers = dict[str, Any]

FRONTENDS = ("vue", "react")

AUTH: dict[str, list[str]] = {"anonymous": [], "password": ["password"]}
EVERY_METHOD = {"every": ["password", "magic_link", "totp", "passkey"]}

LONG = "aRatherLongStateNameOfExactlyFortyLetter"

STATES: dict[str, Answers] = {
    "guide": {},
    # No example: no state saves, nothing closes, and there is nothing to loop over twice.
    "single": {"states": ["ask"], "example": "none"},
    # Twenty: spellings, built-in names of both languages, two that close, text that needs escapes.
    "odd": {
        "project_name": 'Bob\'s "Best" App & Söns: #1, 100% 日本',
        "description": 'It\'s "quoted" & 50% off: a *bold* [link](x) | #tag, ünïcode — yes',
        "states": [
            "a",
            "getURL2Go",
            "classRoom",
            "open",
            "next",
            "list",
            "datetime",
            "session",
            "data",
            "then",
            "snapshot",
            "request",
            "response",
            "participant",
            "match",
            "type",
            "object",
            "array",
            "x1y2Z3",
            LONG,
        ],
        "closing_states": ["open", LONG],
    },
}

RENDER_ONLY_STATES: dict[str, Answers] = {
    "alone": {"states": ["ask"]},
    "hundred": {"states": [f"state{number}" for number in range(100)], "closing_states": []},
}


@dataclass(frozen=True)
class Combo:
    """One set of answers; its name is what `--combo` takes, such as `vue-password-odd`."""

    frontend: str
    auth: str
    states: str

    @property
    def name(self) -> str:
        return f"{self.frontend}-{self.auth}-{self.states}"

    @property
    def answers(self) -> Answers:
        """The answers to give to Copier."""
        more = {**STATES, **RENDER_ONLY_STATES}[self.states]
        return {"frontend": self.frontend, "auth": {**AUTH, **EVERY_METHOD}[self.auth], **more}

    def __str__(self) -> str:
        return self.name


ALL = [
    *(Combo(*row) for row in product(FRONTENDS, AUTH, {**STATES, **RENDER_ONLY_STATES})),
    *(Combo(*row) for row in product(FRONTENDS, EVERY_METHOD, ("guide",))),
]
"""Every combination: rendered and looked at."""

EVERY_DEEP = [
    *(Combo(*row) for row in product(FRONTENDS, AUTH, STATES)),
    *(Combo(*row) for row in product(FRONTENDS, EVERY_METHOD, ("guide",))),
]
"""Every combination that is worth running; `--all` takes these."""

DEEP = [
    Combo("react", "every", "guide"),
    Combo("vue", "anonymous", "guide"),
    Combo("vue", "password", "odd"),
    Combo("react", "anonymous", "single"),
]
"""Installed, linted, tested and opened in a browser by every run of the suite.

Every pair of frontend, sign-in (with or without accounts), and default or awkward states occurs;
each awkward list once. One has every method, whose browser tests run.
"""

FULL = DEEP[0]
"""The one that runs every test it has. The others leave out the engine's promises and, but for the
default states, the browser specs of single pages.
"""
