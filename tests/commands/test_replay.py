"""`poe replay` finds what a server says otherwise than recorded, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duplex
import pytest
from duplex import Model, Registry, state
from duplex.contract.describe import describe
from duplex_dev.commands import replay
from duplex_dev.console import TaskError
from duplex_dev.machine.temporary import Server, running
from duplex_dev.project import BACKEND
from duplex_dev.replay import player
from duplex_dev.replay.match import Matcher, Sets
from duplex_dev.replay.recording import HIDDEN, Expect, Recording, read, script_of

from tests.engine.states import Gates, states
from tests.engine.support import Client, Frame, Notes, make_engine, serving

Session = duplex.Session[Any]

HELLO = BACKEND / "tests" / "conversations" / "hello.json"

KINDS = {
    "uuid": "3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10",
    "at": "2026-01-31T12:00:00Z",
    "price": "1.50",
    "colour": "red",
    "raw": "AAE=",
    "zero": 0,
    "no": False,
}


class Recorder:
    """A page with an inspector: everything that goes over its wire is kept."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._frames: list[Frame] = []

    async def send(self, frame: Frame) -> None:
        self._note("sent", frame)
        await self._client.send(frame)

    async def until(self, last: Callable[[Frame], bool]) -> None:
        while True:
            frame = await self._client.receive()
            self._note("received", frame)
            if last(frame):
                return

    async def ask(self, state: str, data: object, request: str) -> None:
        """A request and its answers, up to the last."""
        await self.send({"state": state, "data": data, "id": request})
        await self.until(lambda frame: frame.get("id") == request and not frame.get("more"))

    def _note(self, direction: str, frame: Frame) -> None:
        at = len(self._frames)
        self._frames.append({"direction": direction, "at": at, "size": 1, "frame": frame})

    def file(self) -> dict[str, Any]:
        return {"format": "session-conversation", "version": 1, "frames": self._frames}


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """A real server with the session tests' states."""
    async with serving(make_engine(states(Gates()))) as server:
        yield server.url.replace("ws://", "http://").removesuffix("/api/v1/socket")


@pytest.fixture(scope="module")
async def recorded() -> dict[str, Any]:
    """What somebody said to another server: replies, streams, errors, a cancel, a save."""
    async with serving(make_engine(states(Gates()))) as server:
        recorder = Recorder(await server.socket())
        await recorder.send({"name": "Ada"})
        await recorder.until(lambda frame: frame["state"] == "initialised")
        await recorder.ask("note", {"text": "hello"}, "1")
        await recorder.ask("count", {"upto": 2}, "2")
        await recorder.ask("kinds", KINDS, "3")
        await recorder.ask("bag", {"text": "abc"}, "b")
        await recorder.ask("count", {"upto": "many"}, "4")
        await recorder.ask("spoil", {"text": ""}, "5")
        await recorder.ask("announce", {"text": "news"}, "6")
        await recorder.send({"state": "say", "data": {"text": "without an id"}})
        await recorder.until(lambda frame: frame["state"] == "say")
        await recorder.send({"state": "tick", "data": {"text": "t"}, "id": "7"})
        await recorder.until(lambda frame: frame.get("id") == "7")
        await recorder.send({"state": "cancel", "data": {"id": "7"}})
        await recorder.until(lambda frame: frame.get("id") == "7" and not frame.get("more"))
        # To everybody: the others get its end, and so does who asked.
        await recorder.send({"state": "feed", "data": {"text": "f"}, "id": "f"})
        await recorder.until(lambda frame: frame.get("id") == "f")
        await recorder.send({"state": "cancel", "data": {"id": "f"}})
        await recorder.until(lambda frame: frame.get("id") == "f" and not frame.get("more"))
        await recorder.ask("notes", None, "8")
        await recorder.ask("save", {"title": "The end"}, "9")
        return recorder.file()


def changed(file: dict[str, Any], change: Callable[[list[Frame]], None]) -> Recording:
    """The file after a change of its frames."""
    copy = json.loads(json.dumps(file))
    change(copy["frames"])
    return Recording.model_validate(copy)


def received(frames: list[Frame], request: str) -> Frame:
    """The last frame that answered the request."""
    found = [one["frame"] for one in frames if one["direction"] == "received"]
    return next(frame for frame in reversed(found) if frame.get("id") == request)


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


def test_new_ids_and_times_match_and_ids_match_one_to_one() -> None:
    old, new = "3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10", "9a1b2c3d-6f6a-4c1e-9a53-0d1b7c2e4f99"
    third = "11112222-3333-4444-a555-b66666c77777"
    before = {"id": old, "at": "2026-01-31T12:00:00Z", "text": f"made {old}"}
    after = {"id": new, "at": "2027-05-05T01:02:03.4+02:00", "text": f"made {new}"}
    assert Matcher().values(before, after, "x") == []
    assert Matcher().values(before, {**after, "text": f"made {third}"}, "x") != []
    assert Matcher().values([old, third], [new, new], "x") != []
    assert Matcher().values(before, {**after, "at": "tomorrow"}, "x") != []
    assert Matcher().values("a quite long sentence", "a quite wrong sentence", "x") != []
    assert Matcher().values("monday-stand-up-notes", "tuesday-stand-up-notes", "x") != []


async def test_a_set_matches_in_any_order(url: str, recorded: dict[str, Any]) -> None:
    def turned(frames: list[Frame]) -> None:
        received(frames, "b")["data"]["letters"].reverse()

    recording = changed(recorded, turned)
    contract = describe(states(Gates()), Notes)
    outcome = await replay.replay(recording, url, contract=contract)
    assert outcome.differences == [], outcome.report()
    # This project's own contract does not know that state.
    assert (await replay.replay(recording, url)).differences


def test_the_values_of_a_set_match_in_any_order() -> None:
    matcher = Matcher(is_set=lambda path: path.endswith(".words"))
    recorded = {"words": ["a", "b", 1], "list": ["a", "b"], "k": {"words": [True, "x"]}}

    def found(**now: object) -> list[str]:
        return [str(one) for one in matcher.values(recorded, {**recorded, **now}, "say.data")]

    assert found(words=["b", 1, "a"], k={"words": ["x", True]}) == []
    assert found(list=["b", "a"]) != []
    assert found(words=["b", "c", "a"]) == ['say.data.words.2: recorded 1, now "c"']
    assert found(words=["b", "a"]) == ["say.data.words.2: recorded 1, now nothing"]
    assert found(words=["b", 1, "a", "c"]) == ['say.data.words.3: recorded nothing, now "c"']
    assert found(k={"words": ["x", 1]}) == ["say.data.k.words.0: recorded true, now 1"]


def test_new_ids_in_a_set_are_matched_by_earlier_frames() -> None:
    old = ["3f0e8a52-6f6a-4c1e-9a53-6d1b7c2e4f10", "11112222-3333-4444-a555-b66666c77777"]
    new = ["9a1b2c3d-6f6a-4c1e-9a53-0d1b7c2e4f99", "0a0b0c0d-1e1f-4a4b-8c8d-9e9f0a1b2c3d"]
    matcher = Matcher(is_set=lambda path: path == "x.keys")
    assert matcher.values({"one": old[0]}, {"one": new[0]}, "x") == []
    assert matcher.values({"keys": old}, {"keys": [new[1], new[0]]}, "x") == []
    assert matcher.values({"two": old[1]}, {"two": new[0]}, "x") != []


class Leaf(Model):
    words: set[str]
    below: "list[Leaf]" = []


class Several(Model):
    plain: list[str] = []
    own: set[int] | None = None
    by_name: dict[str, frozenset[str]] = {}
    pair: tuple[int, set[str]] = (0, set())
    leaf: Leaf | None = None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("several.data.plain", False),
        ("several.data.own", True),
        ("several.data.by_name.some key", True),
        ("several.data.pair", False),
        ("several.data.pair.1", True),
        ("several.data.leaf.below.0.below.12.words", True),
        ("several.data.leaf.below", False),
        ("several.data.nowhere.at.all", False),
        ("several.details.own", False),
        ("unknown.data.own", False),
        ("initialised.data.snapshot.words", True),
    ],
)
def test_sets_are_found_in_the_contract(path: str, expected: bool) -> None:
    @state("several")
    async def several(session: Session) -> Several:
        return Several()

    assert Sets(describe(Registry([several]), Leaf)).has(path) == expected


def test_hidden_and_ignored_values_are_not_compared() -> None:
    recorded, now = {"secret": HIDDEN, "took": 1, "n": 1}, {"secret": "s", "took": 2, "n": 2}
    found = Matcher(["say.data.took"]).values(recorded, now, "say.data")
    assert [one.path for one in found] == ["say.data.n"]
    assert Matcher(["say.data.*"]).values(recorded, now, "say.data") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a conversation"),
        ('{"format": "har", "version": 1, "frames": []}', "format"),
        ('{"format": "session-conversation", "version": 2, "frames": []}', "version"),
        ('{"format": "session-conversation", "version": 1, "frames": [{}]}', r"frames\.0"),
    ],
)
def test_an_invalid_file_is_refused_with_an_explanation(
    tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "file.json"
    file.write_text(text)
    with pytest.raises(TaskError, match=reason):
        read(file)


def test_a_file_without_its_first_frames_is_refused_with_an_explanation() -> None:
    empty: dict[str, Any] = {"format": "session-conversation", "version": 1, "frames": []}
    with pytest.raises(TaskError, match="no first frame"):
        script_of(Recording.model_validate(empty))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["f", "--email", "ada@example.com"], "needs --url"),
        (["f", "--speed", "0"], "expected 0.1"),
        (["f", "--url", "127.0.0.1:8000"], "expected http"),
    ],
)
def test_contradictory_options_are_refused(arguments: list[str], reason: str) -> None:
    with pytest.raises(TaskError, match=reason):
        replay.options_of(arguments)


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """The real application, as the command starts it."""
    with running({}) as server:
        yield server


@pytest.mark.parametrize(("code", "expected"), [("unknown_state", 0), ("forbidden", 1)])
def test_the_exit_code_reports_differences(
    own_server: Server,
    code: str,
    expected: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @contextmanager
    def started(overrides: dict[str, str]) -> Generator[Server]:
        yield own_server

    monkeypatch.setattr(replay, "running", started)
    file = tmp_path / "file.json"
    file.write_text(HELLO.read_text(encoding="utf-8").replace("unknown_state", code))
    assert replay.main([str(file)]) == expected
    assert (f'recorded "{code}"' in capsys.readouterr().out) == bool(expected)


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
