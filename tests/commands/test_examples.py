"""The code in docs/websockets.md runs: its states answer, its page's side compiles."""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from app import document as snapshot
from duplex import Engine, Registry
from duplex_dev.paths import FRONTEND, ROOT

from tests.commands.compiling import errors_of, generate, registry_of
from tests.engine.support import Client, make_engine, serving

TEXT = (ROOT / "docs" / "websockets.md").read_text(encoding="utf-8")
CODE = re.compile(r"^```(python|ts)\n(?:#|//) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(
    not hasattr(snapshot, "Entry"), reason="the examples are about the first shared document"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A block of code and the file it would be in."""

    path: str
    code: str

    @property
    def module(self) -> str:
        """Its name for `import`."""
        return self.path.removeprefix("backend/").removesuffix(".py").replace("/", ".")


def examples(language: str) -> list[Example]:
    return [Example(path, code) for name, path, code in CODE.findall(TEXT) if name == language]


PYTHON = examples("python")
TYPESCRIPT = examples("ts")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[ModuleType]]:
    """Every Python example as a module, by path: each sees those before it, as in the text."""
    made: dict[str, list[ModuleType]] = {}
    for example in PYTHON:
        module = ModuleType(example.module)
        monkeypatch.setitem(sys.modules, example.module, module)
        exec(compile(example.code, example.path, "exec"), module.__dict__)
        made.setdefault(Path(example.path).stem, []).append(module)
    return made


@pytest.fixture
def last(modules: dict[str, list[ModuleType]]) -> Registry:
    """All the states as the text leaves them."""
    return registry_of(*(made[-1] for made in modules.values()))


def engine_of(states: Registry, **options: Any) -> Engine:
    return make_engine(states, snapshot=snapshot.Snapshot, **options)


def test_every_block_of_code_says_where_it_belongs() -> None:
    assert len(CODE.findall(TEXT)) == len(re.findall(r"^```(?:python|ts)$", TEXT, re.MULTILINE))


async def test_the_first_state_adds_to_the_shared_document(last: Registry) -> None:
    async with serving(engine_of(last)) as server, await server.client(session="s") as ada:
        reply = await ada.reply("startThings", {"text": "hello"})
        async with await server.client(session="s") as bob:
            assert bob.initialised["snapshot"]["entries"] == [reply["data"]["entry"]]


async def test_who_is_alone_is_refused_in_words(last: Registry) -> None:
    async with serving(engine_of(last)) as server, await server.client(session="s") as ada:
        refused = await ada.reply("ringBell")
        assert (refused["code"], refused["error"]) == ("refused", "Nobody else is here to hear it.")
        async with await server.client(session="s"):
            assert (await ada.reply("ringBell"))["data"] is None


async def test_the_state_with_fields_answers(modules: dict[str, list[ModuleType]]) -> None:
    first = registry_of(modules["roll_dice"][0])
    async with serving(engine_of(first)) as server, await server.client() as ada:
        assert 1 <= (await ada.reply("rollDice", {"sides": 2}))["data"]["points"] <= 2
        assert (await ada.reply("rollDice", {"sides": 1}))["code"] == "invalid_data"


async def test_the_stream_answers_many_times_and_tells_everybody(last: Registry) -> None:
    async with (
        serving(engine_of(last)) as server,
        await server.client(session="s") as ada,
        await server.client(session="s") as bob,
    ):
        points = await rolled(ada, times=2)
        assert len(points) == 2
        assert (await bob.until("diceRolled"))["data"] == {"total": sum(points)}
        assert (await ada.reply("diceRolled"))["code"] == "refused"


async def rolled(ada: Client, times: int) -> list[int]:
    await ada.ask("rollDice", {"times": times}, id="1")
    points: list[int] = []
    while (reply := await ada.until("rollDice")).get("more"):
        points.append(reply["data"]["points"])
    return points


async def test_only_whose_session_it_is_may_join(modules: dict[str, list[ModuleType]]) -> None:
    allowed = modules["may_join"][0].may_join
    async with serving(engine_of(registry_of(), may_join=allowed)) as server:
        async with await server.client(token="ada", session="ada-1") as ada:
            assert ada.initialised["session"] == "ada-1"
        async with await server.socket() as other:
            await other.send({"token": "ada", "session": "bob-1"})
            assert (await other.receive())["code"] == "forbidden"


def test_the_pages_side_compiles(packages: None, last: Registry, tmp_path: Path) -> None:
    source = tmp_path / "src"
    shutil.copytree(FRONTEND / "src", source, ignore=shutil.ignore_patterns("states"))
    for example in TYPESCRIPT:
        file = tmp_path / example.path.removeprefix("frontend/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(example.code, encoding="utf-8")
    watched = sorted(file.stem for file in (source / "states").glob("*.ts"))
    assert len(watched) >= 3
    imports = "".join(f'import {{ {name} }} from "./{name}";\n' for name in watched)
    (source / "states" / "index.ts").write_text(
        'import type { Watchers } from "../session/watchers";\n'
        f"{imports}export const watchers = {{ {', '.join(watched)} }} satisfies Watchers;\n",
        encoding="utf-8",
    )
    states = Registry(last[name] for name in watched)
    contract = generate(states, snapshot.Snapshot)
    (source / "api" / "contract.ts").write_text(contract, encoding="utf-8")
    files = [example.path.removeprefix("frontend/") for example in TYPESCRIPT]
    assert errors_of(tmp_path, "src/states/index.ts", *files) == ""
