"""Conversations that the inspector exported go as they were recorded (docs/development.md)."""

from pathlib import Path

import pytest

from duplex_dev.commands.replay import replay
from duplex_dev.replay.recording import read
from duplex_dev.testing import Admit, NewSessionId, SignIn

FOLDER = Path(__file__).parent / "conversations"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
async def test_goes_as_recorded(
    server: str, sign_in: SignIn, admit: Admit, new_session_id: NewSessionId, file: Path
) -> None:
    ada, session = await sign_in("ada"), new_session_id()
    await admit(session, ada)
    outcome = await replay(read(file), f"http://{server}", ada.token, session=session)
    assert not outcome.differences, outcome.report()
