"""Fingerprints of what a result was made from, so that it is made again only when that changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from duplex_dev.paths import FINGERPRINTS


def fingerprint(files: Iterable[Path], base: Path, *extra: str) -> str:
    """One hash of the files' names (relative to `base`) and contents, and of `extra`."""
    total = hashlib.sha256()
    for text in extra:
        total.update(text.encode() + b"\0")
    for file in sorted(files):
        content = file.read_bytes()
        total.update(f"{file.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def is_fresh(name: str, current: str) -> bool:
    """Whether the result was made from this fingerprint."""
    try:
        return (FINGERPRINTS / name).read_text(encoding="utf-8") == current
    except FileNotFoundError:
        return False


def save(name: str, current: str) -> None:
    """Remember what the result was made from."""
    FINGERPRINTS.mkdir(parents=True, exist_ok=True)
    (FINGERPRINTS / name).write_text(current, encoding="utf-8")


def clear(name: str) -> None:
    """Forget it: until the next `save` the result counts as stale."""
    (FINGERPRINTS / name).unlink(missing_ok=True)
