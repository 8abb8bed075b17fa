"""`poe talk` prints replies as they come, and says in one sentence why there are none."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from app.settings import Settings
from duplex_dev import sign_in
from duplex_dev.client import Client, NeedsSignIn
from duplex_dev.commands import talk
from duplex_dev.commands.talk import options_of, own_url
from duplex_dev.console import TaskError
from duplex_dev.machine.network import free_port
from duplex_dev.sign_in import PASSWORD

from tests.engine.states import Gates, states
from tests.engine.support import Accounts, make_engine, serving


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    """A real server with the session tests' states; nobody has to sign in."""
    async with serving(make_engine(states(Gates()))) as server:
        yield http(server.url)


def http(socket: str) -> str:
    return socket.replace("ws://", "http://").removesuffix("/api/v1/socket")


async def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The output of `poe talk ARGUMENTS`."""
    await talk.talk(options_of(list(arguments)))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


async def test_the_reply_is_printed(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    (frame,) = await said(capsys, "say", '{"text": "hé"}', "--url", url)
    assert (frame["state"], frame["data"]["text"]) == ("say", "hé")


async def test_a_proxy_in_the_environment_is_not_used_for_this_machine(url: str) -> None:
    """The command itself, with a proxy that does not answer and without NO_PROXY."""
    kept = {name: text for name, text in os.environ.items() if name.lower() != "no_proxy"}
    proxy = f"http://127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "duplex_dev", "talk", "say", '{"text": "hello"}', "--url", url),
        env=kept | dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), proxy),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert json.loads(output)["data"] == {"text": "hello"}


async def test_a_stream_is_printed_until_its_last_reply(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = await said(capsys, "count", '{"upto": 3}', "--url", url)
    assert [frame.get("more") for frame in frames] == [True, True, True, None]
    assert frames[-1]["data"] is None


async def test_an_error_ends_the_command_with_its_sentence(url: str) -> None:
    with pytest.raises(TaskError, match=r"^The data of count is not valid: upto: "):
        await talk.talk(options_of(["count", "--url", url]))
    with pytest.raises(TaskError, match="no state 'nonsense'"):
        await talk.talk(options_of(["nonsense", "--url", url]))


async def test_listening_prints_what_others_do_until_the_session_ends(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = await Client.join(url, session="shared", name="Ada")
    async with other:
        arguments = ["--listen", "--session", "shared", "--name", "Bob", "--url", url]
        listener = talk.talk(options_of(arguments))
        await _until_joined_then(other, "save", listener)
    frames = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert frames[0]["state"] == "initialised"
    assert frames[0]["data"]["resume_token"] == "…"
    assert (frames[-1]["state"], "from" in frames[-1]) == ("save", True)


async def _until_joined_then(other: Client, state: str, listener: Any) -> None:
    task = asyncio.ensure_future(listener)
    async with asyncio.timeout(10):
        async for frame in other.listen():
            if frame["state"] == "joined" and frame["data"]["name"] == "Bob":
                break
        async for _ in other.stream(state, {}):
            pass
        await task


async def test_talk_leaves_the_session_at_its_end(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await said(capsys, "say", "--session", "left", "--url", url)
    async with await Client.join(url, session="left", name="Ada") as ada:
        names = [one["name"] for one in ada.initialised["participants"]]
    assert names == ["Ada"]


async def test_without_a_server_the_error_says_how_to_start_one() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(TaskError, match=rf"No server answers at {url}\. .*poe serve"):
        await talk.talk(options_of(["say", "--url", url]))


async def test_credentials_are_requested_only_if_the_server_needs_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = Accounts()

    async def authenticate(token: str | None) -> Any:
        return await accounts.authenticate(token or "bad")

    asked: list[tuple[str, str]] = []

    async def granted(url: str, email: str, password: str) -> str:
        asked.append((email, password))
        return "ada"

    def no_question(question: str) -> str:
        raise AssertionError(question)

    monkeypatch.setattr(sign_in, "sign_in", granted)
    monkeypatch.setattr(sign_in.getpass, "getpass", no_question)
    monkeypatch.setattr(sign_in, "_ask_email", lambda: "ada@example.com")
    monkeypatch.setenv(PASSWORD, "secret")
    async with serving(make_engine(states(Gates()), authenticate=authenticate)) as server:
        (frame,) = await said(capsys, "say", "--url", http(server.url))
        assert frame["state"] == "say"
        with pytest.raises(NeedsSignIn, match="not good any more"):
            await Client.join(http(server.url), name="x")
    assert asked == [("ada@example.com", "secret")]


async def test_an_account_for_a_server_without_sign_in_is_an_error(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, "secret")
    with pytest.raises(TaskError, match="omit --email"):
        await talk.talk(options_of(["say", "--email", "ada@example.com", "--url", url]))


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "Which state"),
        (["say", "{text}"], "not JSON"),
        (["say", "--url", "127.0.0.1:8000"], "expected http"),
    ],
)
def test_invalid_arguments_of_talk_are_refused(arguments: list[str], reason: str) -> None:
    with pytest.raises(TaskError, match=reason):
        options_of(arguments)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:81"),
        ("0.0.0.0", "http://127.0.0.1:81"),
        ("::", "http://[::1]:81"),
    ],
)
def test_the_configured_server_is_found(
    monkeypatch: pytest.MonkeyPatch, host: str, expected: str
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("PORT", "81")
    monkeypatch.setattr(talk, "load_settings", Settings)
    assert own_url() == expected
