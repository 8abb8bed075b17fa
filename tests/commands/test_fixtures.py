"""The fixtures of `duplex_dev.testing`, in a project that overrides them."""

import pytest
from duplex_dev.testing import Admit, Join, NewSessionId, Person


@pytest.fixture
def new_session_id() -> NewSessionId:
    return lambda: "queue"


@pytest.fixture
def admitted() -> list[tuple[str, str | None]]:
    return []


@pytest.fixture
def admit(admitted: list[tuple[str, str | None]]) -> Admit:
    async def remember(session: str, person: Person) -> None:
        admitted.append((session, person.identity.user))

    return remember


async def test_join_opens_the_session_that_the_rule_of_the_project_admits_to(
    join: Join, admitted: list[tuple[str, str | None]]
) -> None:
    async with join() as ada, join(session="other") as bob:
        assert (ada.session, bob.session) == ("queue", "other")
    assert [session for session, _ in admitted] == ["queue", "other"]
