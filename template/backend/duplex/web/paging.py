"""How long lists are asked for: a part of them at a time."""

from typing import Annotated

from fastapi import Query

Limit = Annotated[int, Query(ge=1, le=200)]
"""The maximum number of results; 50 by default."""

Offset = Annotated[int, Query(ge=0, le=2**31 - 1)]
"""How many to leave out at the start."""
