"""`poe replay` reports exactly the frames that differ from the recorded ones."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from duplex.contract.describe import describe
from duplex_dev.commands import replay
from duplex_dev.replay import player
from duplex_dev.replay.recording import HIDDEN, Expect, Recording, script_of

from tests.commands.replay.conversation import changed, received
from tests.engine.states import Gates, states
from tests.engine.support import Frame, Notes


async def test_a_recorded_conversation_is_repeated(url: str, recorded: dict[str, Any]) -> None:
    outcome = await replay.replay(Recording.model_validate(recorded), url)
    assert outcome.differences == [], outcome.report()
    assert [title for title, _ in outcome.lines] == [
        "initialised",
        "note",
        *["count (part)"] * 2,
        "count",
        "kinds",
        "bag",
        "error invalid_data",
        "error internal",
        "say",
        "announce",
        "say",
        "tick (part)",
        "error cancelled",
        "feed (part)",
        "error cancelled",
        "notes",
        "save",
    ]


def other_value(frames: list[Frame]) -> None:
    received(frames, "1")["data"]["text"] = "goodbye"


def field_more(frames: list[Frame]) -> None:
    received(frames, "1")["data"]["colour"] = "red"


def field_less(frames: list[Frame]) -> None:
    del received(frames, "3")["data"]["zero"]


def zero_for_false(frames: list[Frame]) -> None:
    received(frames, "3")["data"]["no"] = 0


def other_code(frames: list[Frame]) -> None:
    received(frames, "4")["code"] = "refused"


def error_for_reply(frames: list[Frame]) -> None:
    frame = received(frames, "6")
    frame.update(state="error", error="No.", code="refused")


def part_missing(frames: list[Frame]) -> None:
    parts = [one for one in frames if one["frame"].get("more") and one["frame"]["id"] == "2"]
    frames.remove(parts[0])


def part_more(frames: list[Frame]) -> None:
    parts = [one for one in frames if one["frame"].get("more") and one["frame"]["id"] == "2"]
    more = json.loads(json.dumps(parts[-1]))
    del more["frame"]["seq"]
    frames.insert(frames.index(parts[-1]), more)


def reply_more(frames: list[Frame]) -> None:
    frame = {"state": "say", "data": {"text": "never said"}, "seq": 1000}
    frames.append({"direction": "received", "at": 0, "frame": frame})


def other_document(frames: list[Frame]) -> None:
    frames[1]["frame"]["data"]["snapshot"] = {"lines": ["from before"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_value, 'note.data.text: recorded "goodbye", now "hello"'),
        (field_more, 'note.data.colour: recorded "red", now nothing'),
        (field_less, "kinds.data.zero: recorded nothing, now 0"),
        (zero_for_false, "kinds.data.no: recorded 0, now false"),
        (other_code, 'error.code: recorded "refused", now "invalid_data"'),
        (error_for_reply, 'frame: recorded error refused: No., now announce {"text": "done"}'),
        (part_missing, "count.data.number: recorded 1, now 0"),
        (part_more, "no such frame arrived: the last reply to this request has already arrived"),
        (reply_more, "no such frame arrived: The server closed the connection with 1000"),
        (other_document, 'snapshot.lines.0: recorded "from before", now nothing'),
    ],
)
async def test_differences_are_reported(
    url: str, recorded: dict[str, Any], change: Callable[[list[Frame]], None], said: str
) -> None:
    outcome = await replay.replay(changed(recorded, change), url)
    assert any(said in one for one in outcome.differences), outcome.report()


async def test_additional_frames_of_the_server_are_reported(
    url: str, recorded: dict[str, Any]
) -> None:
    def without_news(frames: list[Frame]) -> None:
        del frames[next(i for i, one in enumerate(frames) if one["frame"].get("id") == "8") :]
        frames[:] = [one for one in frames if one["frame"].get("data") != {"text": "news"}]
        said = {"state": "say", "data": {"text": "without an id"}}
        assert any(one["frame"] == said for one in frames)

    # The request stays; what it announces is not in the file any more.
    copy = json.loads(json.dumps(recorded))
    request = next(one for one in copy["frames"] if one["frame"].get("id") == "6")
    request["frame"]["data"] = {"text": "other news"}
    outcome = await replay.replay(changed(copy, without_news), url)
    assert any("other news" in one for one in outcome.differences), outcome.report()


async def test_a_missing_frame_ends_the_replay_after_a_time_limit(
    url: str, recorded: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(frames: list[Frame]) -> None:
        del frames[4:]
        frame = {"state": "note", "data": {"text": "twice"}, "seq": 999}
        frames.append({"direction": "received", "at": 0, "frame": frame})

    monkeypatch.setattr(player, "PATIENCE", 0.05)
    outcome = await replay.replay(changed(recorded, never), url)
    assert outcome.differences == ["no such frame arrived: waited 0.05 s"]


def test_frames_of_the_connection_and_of_others_are_left_out(recorded: dict[str, Any]) -> None:
    """After a lost connection the page says hello and its request again; the answer comes twice."""

    def disturbed(frames: list[Frame]) -> None:
        del frames[4:]
        request, reply = frames[2]["frame"], frames[3]["frame"]
        mine = frames[1]["frame"]["data"]["participant"]
        again = {"name": "Ada", "resume": {"token": HIDDEN, "epoch": "e", "seq": 1}}
        note = {"state": "note", "data": {"text": "theirs"}}
        frames += [
            {"direction": "sent", "frame": again},
            {"direction": "received", "frame": frames[1]["frame"]},
            {"direction": "sent", "frame": request},
            {"direction": "received", "frame": reply},
            {"direction": "received", "frame": {**reply, "from": mine}},
            {"direction": "received", "frame": {**note, "from": "p-2", "seq": 90}},
            {"direction": "received", "frame": {"state": "joined", "data": {}, "seq": 91}},
            {"direction": "sent", "frame": {"state": "leave"}},
        ]

    script = script_of(changed(recorded, disturbed))
    assert [type(step) is Expect for step in script.steps] == [False, True]
    assert script.others == 1


async def test_a_set_matches_in_any_order(url: str, recorded: dict[str, Any]) -> None:
    def turned(frames: list[Frame]) -> None:
        received(frames, "b")["data"]["letters"].reverse()

    recording = changed(recorded, turned)
    contract = describe(states(Gates()), Notes)
    outcome = await replay.replay(recording, url, contract=contract)
    assert outcome.differences == [], outcome.report()
    # This project's own contract does not know that state.
    assert (await replay.replay(recording, url)).differences


async def test_the_recorded_pauses_can_be_kept(url: str, recorded: dict[str, Any]) -> None:
    def early(frames: list[Frame]) -> None:
        del frames[4:]
        frames[2]["at"] = 200

    clock = asyncio.get_running_loop().time
    began = clock()
    await replay.replay(changed(recorded, early), url)
    quick = clock() - began
    await replay.replay(changed(recorded, early), url, speed=0.5)
    assert clock() - began - quick >= 0.4


async def test_a_newer_server_may_open_a_session_with_more_fields(
    url: str, recorded: dict[str, Any]
) -> None:
    def older(frames: list[Frame]) -> None:
        del frames[1]["frame"]["data"]["heartbeat"]

    def newer(frames: list[Frame]) -> None:
        frames[1]["frame"]["data"]["later"] = 1

    assert (await replay.replay(changed(recorded, older), url)).differences == []
    assert (await replay.replay(changed(recorded, newer), url)).differences == [
        "initialised.data.later: recorded there, now missing"
    ]
