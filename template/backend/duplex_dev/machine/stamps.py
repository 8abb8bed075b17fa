"""Stamps: what a result was made from, so that it is made again only when that changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from duplex_dev.paths import STAMPS


def digest(files: Iterable[Path], base: Path, *extra: str) -> str:
    """One fingerprint of the files' names (relative to `base`) and contents, and of `extra`."""
    total = hashlib.sha256()
    for text in extra:
        total.update(text.encode() + b"\0")
    for file in sorted(files):
        content = file.read_bytes()
        total.update(f"{file.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def is_fresh(name: str, fingerprint: str) -> bool:
    """Whether the stamp was last written with this fingerprint."""
    try:
        return (STAMPS / name).read_text(encoding="utf-8") == fingerprint
    except FileNotFoundError:
        return False


def write(name: str, fingerprint: str) -> None:
    """Remember what the result was made from."""
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(fingerprint, encoding="utf-8")


def clear(name: str) -> None:
    """Forget it: until the next `write` the result counts as stale."""
    (STAMPS / name).unlink(missing_ok=True)
