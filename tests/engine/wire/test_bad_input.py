"""Invalid input gets a clear error, and the session continues where possible."""

from typing import Any

import pytest
from duplex import sanitize_data_request

from tests.engine.support import Server

LONE = '{"state":"say","data":{"text":"\\ud800"}}'
DEEP = '{"state":"say","data":' + "[" * 5000 + "]" * 5000 + "}"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_frame"),
        ("{", "bad_frame"),
        ("null", "bad_frame"),
        ("[1]", "bad_frame"),
        ("{}", "bad_frame"),
        ('{"state":1}', "bad_frame"),
        ('{"state":"say","data":{"text":"a"},"id":7}', "bad_frame"),
        ('{"state":"say","id":""}', "bad_frame"),
        ('{"state":"say","id":"%s"}' % ("x" * 129), "bad_frame"),
        ('{"state":"say","state":"whisper"}', "bad_frame"),
        (b"\x00\x01", "bad_frame"),
        (LONE, "bad_frame"),
        (DEEP, "bad_frame"),
        ('{"state":"count","data":{"upto":NaN}}', "bad_frame"),
        ('{"state":"nothing","data":{"a":Infinity}}', "bad_frame"),
        ('{"state":"nope"}', "unknown_state"),
        ('{"state":"initialised","data":{}}', "unknown_state"),
        ('{"state":"say","data":"text"}', "invalid_data"),
        ('{"state":"say","data":{"text":1}}', "invalid_data"),
        ('{"state":"say","data":{"text":"a","more":1}}', "invalid_data"),
        ('{"state":"count"}', "invalid_data"),
        ('{"state":"count","data":{"upto":"many"}}', "invalid_data"),
        ('{"state":"cancel"}', "bad_frame"),
        ('{"state":"ping","id":[]}', "bad_frame"),
    ],
)
async def test_a_bad_frame_gets_an_error_and_the_session_continues(
    server: Server, frame: str | bytes, code: str
) -> None:
    async with await server.client() as ada:
        await ada.send(frame)
        error = await ada.receive()
        assert (error["state"], error["code"]) == ("error", code), error
        assert len(error["error"]) > 10
        assert "Traceback" not in error["error"]
        assert (await ada.reply("say", {"text": "on"}))["data"] == {"text": "on"}


async def test_an_error_names_the_request_and_the_field(server: Server) -> None:
    async with await server.client() as ada:
        error = await ada.reply("count", {"upto": "many"}, id="7")
        assert error["id"] == "7"
        assert error["details"]["state"] == "count"
        assert error["details"]["problems"][0]["field"] == "upto"
        assert "upto" in error["error"]
        assert "many" not in error["error"]
        assert (await ada.reply("nope", id="8"))["id"] == "8"
        many = await ada.reply("count", {f"field{number}": 1 for number in range(20)})
        assert len(many["details"]["problems"]) == 10


@pytest.mark.parametrize(
    "frame",
    [
        '{"state":"say","data":{"text":"\\ud800"},"id":"9"}',
        '{"state":"say","data":{"text":"a"},"state":"whisper","id":"9"}',
        '{"id":"9","data":{"text":"a"}}',
        '{"state":"count","data":{"upto":NaN},"id":"9"}',
        '{"state":"ping","id":"9","data":Infinity}',
        '{"state":"say","id":"9","data":{"text":%s}}' % ("1" * 6000),
        '{"state":"say","id":"9","data":{"text":"a"}} {}',
        '{"state":"say","data":"\x00","id":"9"}',
        '{"state":"say","data":' + "[" * 5000 + "]" * 5000 + ',"id":"9"}',
    ],
)
async def test_the_error_of_a_frame_that_cannot_be_read_names_its_request(
    server: Server, frame: str
) -> None:
    async with await server.client() as ada:
        await ada.send(frame)
        error = await ada.receive()
        assert (error["code"], error.get("id")) == ("bad_frame", "9")


@pytest.mark.parametrize(
    "frame",
    ['{"state":"say","id":"\\ud800"}', '["id", "9"]', '{"id":"9"', '{"id":{"id":"9"}}', '{"id":9}'],
)
async def test_an_error_has_no_id_when_the_frame_has_no_valid_one(
    server: Server, frame: str
) -> None:
    async with await server.client() as ada:
        await ada.send(frame)
        assert "id" not in await ada.receive()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "5",
        '{"state":"say","data":{}}',
        '{"token":5}',
        '{"session":"not an id!"}',
        '{"session":""}',
        '{"resume":{}}',
        '{"resume":{"token":"a","epoch":"b","seq":"x"}}',
        '{"name":"%s"}' % ("n" * 81),
        b"binary",
    ],
)
async def test_a_wrong_first_frame_gets_an_error_and_closes_the_connection(
    server: Server, frame: str | bytes
) -> None:
    async with await server.socket() as ada:
        await ada.send(frame)
        error = await ada.receive()
        assert (error["state"], error["code"]) == ("error", "bad_hello")
        assert await ada.closed() == 4400


async def test_unknown_fields_in_a_hello_are_ignored(server: Server) -> None:
    async with await server.socket() as ada:
        assert (await ada.hello(token=None, colour="blue", contract="x"))["recovered"] is False


async def test_empty_values_of_a_form_take_their_defaults(server: Server) -> None:
    async with await server.client() as ada:
        assert (await ada.reply("say", {"text": None}))["data"] == {"text": ""}
        assert (await ada.reply("say", None))["data"] == {"text": ""}


def test_sanitising_keeps_zero_and_false() -> None:
    data: Any = {
        "a": 0,
        "b": False,
        "c": None,
        "d": "",
        "e": [0, None, ""],
        "f": {"g": {}},
        "h": 0.0,
    }
    assert sanitize_data_request(data) == {"a": 0, "b": False, "e": [0], "h": 0.0}


async def test_a_client_that_disconnects_during_the_handshake_leaves_nothing_behind(
    server: Server,
) -> None:
    for first in (None, "{", '{"token":null}'):
        client = await server.socket()
        if first is not None:
            await client.send(first)
        client.lose()
    async with await server.client() as ada:
        await ada.quiet()
        while len(server.engine.sockets) > 1:
            await ada.quiet()
    assert server.engine.sockets.limits.unauthenticated == 0
