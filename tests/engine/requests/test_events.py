"""Messages that only the server sends."""

import pytest
from duplex import BadState, Registry, event, state
from duplex.contract.asyncapi.document import build
from duplex.contract.asyncapi.page import render
from duplex.contract.describe import describe
from duplex_dev.contract.typescript import blocks_of

from tests.engine.states import Fallen, Gates, Session, states
from tests.engine.support import Notes, Server


async def test_an_event_reaches_everybody_before_the_reply(server: Server) -> None:
    async with (
        await server.client(session="dice") as ada,
        await server.client(session="dice") as bob,
    ):
        await ada.until("joined")
        await ada.ask("rollDice", {"upto": 1}, id="r")
        frames = [await ada.receive() for _ in range(3)]
        assert [frame["state"] for frame in frames] == ["diceRolled", "lightChanged", "rollDice"]
        assert frames[0]["data"] == {"points": 0}
        assert "id" not in frames[0]
        received = await bob.quiet()
        assert [(f["state"], f["from"]) for f in received] == [
            ("diceRolled", ada.participant),
            ("lightChanged", ada.participant),
        ]


async def test_an_event_for_the_sender_comes_before_the_reply_and_is_private(
    server: Server,
) -> None:
    async with (
        await server.client(session="cards") as ada,
        await server.client(session="cards") as bob,
    ):
        await ada.until("joined")
        await ada.ask("deal", {"text": "go"}, id="d")
        frames = [await ada.receive() for _ in range(3)]
        assert [frame["state"] for frame in frames] == ["diceRolled", "lightChanged", "deal"]
        assert all("id" not in frame and "from" not in frame for frame in frames[:2])
        assert [frame["seq"] for frame in frames] == list(
            range(frames[0]["seq"], frames[0]["seq"] + 3)
        )
        received = await bob.quiet()
        assert [frame["state"] for frame in received] == ["skipped", "deal"]


async def test_events_for_the_sender_are_not_missed(server: Server) -> None:
    """Also the latest one of several participants."""
    ada, bob = await server.client(session="lost"), await server.client(session="lost")
    seqs = [one.initialised["seq"] for one in (ada, bob)]
    for one in (ada, bob):
        await one.reply("deal", {"text": one.participant})
    ada.lose()
    bob.lose()
    for former, seq in zip((ada, bob), seqs, strict=True):
        async with await server.client(**former.resume(seq)) as again:
            own = [
                frame["state"]
                for frame in await again.quiet()
                if "from" not in frame and frame["state"] not in ("joined", "left")
            ]
            assert own == ["diceRolled", "lightChanged", "deal"]


async def test_a_request_with_the_name_of_an_event_is_refused(server: Server) -> None:
    async with await server.client() as ada:
        error = await ada.reply("diceRolled", {"points": 6}, id="d")
        assert (error["code"], error["id"]) == ("unknown_state", "d")
        assert error["error"] == "diceRolled is an event: only the server sends it."


async def test_an_event_accepts_only_its_own_model(server: Server) -> None:
    async with await server.client() as ada:
        assert (await ada.reply("rollWrong"))["code"] == "internal"


async def test_the_latest_of_an_event_is_replayed_as_it_declares(server: Server) -> None:
    ada = await server.client()
    await ada.reply("rollDice", {"upto": 3})
    seq = ada.initialised["seq"]
    ada.lose()
    async with await server.client(**ada.resume(seq)) as again:
        replayed = await again.quiet()
        assert [frame["state"] for frame in replayed] == ["diceRolled"] * 3 + ["lightChanged"]
        assert replayed[-1]["data"] == {"points": 2}


def test_events_are_part_of_the_contract_without_a_request() -> None:
    contract = describe(states(Gates()), Notes)
    assert contract.events["diceRolled"].data == {"$ref": "#/$defs/Fallen"}
    assert contract.events["lightChanged"].options == {"retain": "latest"}
    assert "diceRolled" not in contract.states
    other = describe(Registry([event("diceRolled", Fallen, retain="none")]), Notes)
    same = describe(Registry([event("diceRolled", Fallen)]), Notes)
    assert other.fingerprint != same.fingerprint


def test_the_pages_types_distinguish_events_from_states() -> None:
    blocks = blocks_of(describe(Registry([event("diceRolled", Fallen, retain="none")]), Notes))
    text = "\n".join(block for block in blocks if isinstance(block, str))
    assert "export type StateName = never;" in text
    assert 'export type EventName = "diceRolled";' in text
    compiled = {block["name"]: block["schema"] for block in blocks if isinstance(block, dict)}
    assert "diceRolled" not in compiled["Responses"].get("properties", {})
    assert compiled["Events"]["properties"] == {"diceRolled": {"tsType": "Fallen"}}


def test_events_are_in_the_asyncapi_document_and_its_page() -> None:
    document = build(
        states(Gates()), Notes, address="/", title="Dice", version="1", description="Dice."
    )
    operation = document["operations"]["send-diceRolled"]
    assert (operation["action"], operation["x-retain"]) == ("send", "all")
    assert "receive-diceRolled" not in document["operations"]
    payload = document["components"]["messages"]["diceRolled.event"]["payload"]
    assert payload["required"] == ["state", "data"]
    assert '<h2 id="Events">Events</h2>' in render(document)


@pytest.mark.parametrize("name", ["ping", "Dice", "joined", ""])
def test_an_event_with_a_reserved_or_invalid_name_is_refused(name: str) -> None:
    with pytest.raises(BadState, match="Fallen"):
        Registry([event(name, Fallen)])


def test_a_state_and_an_event_have_different_names() -> None:
    @state("diceRolled")
    async def handler(session: Session) -> None:
        """Never called."""

    with pytest.raises(BadState, match="both named"):
        Registry([handler, event("diceRolled", Fallen)])
