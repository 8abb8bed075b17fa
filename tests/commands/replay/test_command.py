"""The files and options of `poe replay`, and its exit code."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from duplex_dev.commands import replay
from duplex_dev.console import TaskError
from duplex_dev.machine.temporary import Server, running
from duplex_dev.project import BACKEND
from duplex_dev.replay.recording import Recording, read, script_of

HELLO = BACKEND / "tests" / "conversations" / "hello.json"


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
