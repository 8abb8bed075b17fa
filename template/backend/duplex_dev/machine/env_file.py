"""`.env`: made from `.env.example` with a random secret where it is missing."""

import os
import secrets
from pathlib import Path

from duplex_dev.console import TaskError

SECRET_LINE = "SECRET_KEY="


def write_env(example: Path, target: Path) -> bool:
    """Make `target`, readable by its owner alone, unless it exists; returns whether it was made."""
    if target.exists():
        return False
    lines = example.read_text(encoding="utf-8").splitlines()
    if SECRET_LINE not in lines:
        raise TaskError(
            f"{example.name} has no line {SECRET_LINE!r}, which the random secret is added to."
        )
    secret = secrets.token_hex(32)
    filled = [line + secret if line == SECRET_LINE else line for line in lines]
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(target, flags, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(filled) + "\n")
    return True
