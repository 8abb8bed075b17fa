"""Every conversation in tests/conversations goes as it was recorded (docs/inspector.md)."""

from pathlib import Path

import pytest

from duplex_dev.commands.replay import replay
from duplex_dev.replay.file import read

FOLDER = Path(__file__).parent / "conversations"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
async def test_goes_as_recorded(anybody: None, server: str, file: Path) -> None:
    outcome = await replay(read(file), f"http://{server}")
    assert not outcome.differences, outcome.report()
