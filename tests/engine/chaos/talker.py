"""A participant of these tests: every request has a text that no other has."""

import asyncio
from typing import Any

from duplex_dev.testing.promises.participant import ChaosParticipant
from duplex_dev.testing.promises.record import Frame


class Talker(ChaosParticipant):
    """See the module."""

    def ask(self, state: str, **data: Any) -> asyncio.Future[Frame]:
        """Request something; `data` is beside the text, or takes its place."""
        return self.request(state, {"text": f"{self.next_id()} {state}"} | data)
