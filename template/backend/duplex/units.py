"""Small values that people write with a unit: `50/s`, `64KiB`."""

import re
from dataclasses import dataclass
from typing import Self

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_BYTES = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many events in so many seconds."""

    count: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `50/s`, `600/m` or `1000/h`; raises ValueError for anything else, and for zero."""
        found = re.fullmatch(r"(\d{1,9})\s*/\s*([smh])", text.strip())
        if found is None or int(found[1]) == 0:
            raise ValueError("a rate such as 50/s, 600/m or 1000/h")
        return cls(int(found[1]), _SECONDS[found[2]])

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.count / self.seconds


def parse_size(text: str) -> int:
    """Bytes from `65536`, `64KiB`, `1 MiB` or `2 MB`; raises ValueError for anything else."""
    found = re.fullmatch(r"(\d{1,15})\s*([A-Za-z]*)", text.strip())
    if found is None or found[2].upper() not in _BYTES:
        raise ValueError("a size such as 65536, 64KiB or 1MiB")
    return int(found[1]) * _BYTES[found[2].upper()]
