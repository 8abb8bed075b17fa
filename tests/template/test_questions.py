"""Every bad answer is refused with one clear line, and nothing is written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from copier import run_copy
from copier.errors import CopierError
from pytest_copie.plugin import Copie, Result

KEYWORDS_OF_PYTHON = ["async", "await", "class", "def", "from", "global", "import", "is", "lambda"]
KEYWORDS_OF_TYPESCRIPT = ["const", "delete", "enum", "function", "new", "this", "typeof", "void"]
PROTOCOL = [
    "ping",
    "pong",
    "authenticate",
    "cancel",
    "leave",
    "initialised",
    "error",
    "joined",
    "left",
    "expiring",
    "draining",
    "skipped",
    "held",
    "state",
]

ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"

BAD: list[tuple[str, Any, str]] = [
    # name of the question, answer, expected part of the message
    *[("states", [name], "reserved by the session protocol") for name in PROTOCOL],
    *[("states", [name], "Python keyword") for name in KEYWORDS_OF_PYTHON],
    *[("states", [name], "TypeScript keyword") for name in KEYWORDS_OF_TYPESCRIPT],
    ("states", ["undefined"], "TypeScript keyword"),
    ("states", ["constructor"], "every JavaScript object"),
    ("states", ["toString"], "every JavaScript object"),
    ("states", ["prototype"], "every JavaScript object"),
    ("states", ["index"], "a file that every project has"),
    ("states", ["conftest"], "a file that every project has"),
    ("states", ["watchers"], "the modules of every state use"),
    ("states", ["con"], "device on Windows"),
    ("states", ["lpt1"], "device on Windows"),
    ("states", ["COM1"], "not camelCase"),
    ("states", ["com1"], "device on Windows"),
    ("states", ["StartThings"], '"StartThings" is not camelCase'),
    ("states", ["start_things"], '"start_things" is not camelCase'),
    ("states", ["start-things"], "not camelCase"),
    ("states", ["start things"], "not camelCase"),
    ("states", ["2fast"], "not camelCase"),
    ("states", ["größe"], '"größe" is not camelCase'),
    ("states", [""], '"" is not camelCase'),
    ("states", ["ok\n"], '"ok\\n" is not camelCase'),
    ("states", ["../../etc"], "not camelCase"),
    ("states", ["{{ 7 * 7 }}"], '"{{ 7 * 7 }}" is not camelCase'),
    ("states", ["a" * 41], "41 characters: at most 40"),
    ("states", ["ok", "ok"], '"ok" is listed twice'),
    ("states", ["startThings", "startthings"], "differ only in case"),
    ("states", ["getUrl", "getURL"], '"getUrl" and "getURL" differ only in case'),
    ("states", [], "the list is empty"),
    ("states", [f"s{number}" for number in range(101)], "101 names: at most 100"),
    (
        "states",
        "startThings",
        'expected a list such as [startThings, somethingHappened], not "startThings"',
    ),
    ("states", 5, "expected a list"),
    ("states", None, "expected a list such as [startThings, somethingHappened], not nothing"),
    ("states", {"a": "b"}, "expected a list"),
    ("states", "!!set {a, b}", "expected a list"),
    ("states", ["ok", True], "item 2 is the boolean true"),
    ("states", ["ok", None], "item 2 is empty"),
    ("states", [7], "item 1 is the number 7"),
    ("states", [["nested"]], "item 1 is"),
    ("states", [{"a": "b"}], "item 1 is"),
    ("closing_states", ["finish"], '"finish" is not one of the states (startThings,'),
    ("closing_states", ["save", "save"], '"save" is listed twice'),
    ("closing_states", "save", "expected a list such as [save], or [] for none"),
    ("closing_states", [False], "item 1 is the boolean false"),
    ("closing_states", None, "not nothing"),
    ("project_name", "", "empty"),
    ("project_name", "   ", "empty"),
    ("project_name", " App", "starts or ends with a space"),
    ("project_name", "a\nb", "line break"),
    ("project_name", "a\x00b", "control character"),
    ("project_name", "a\u2028b", "line break"),
    ("project_name", "\u200b", r'"\u200b" contains an invisible character'),
    ("project_name", "a\u202eb", r'"a\u202eb" contains an invisible character'),
    ("project_name", "x" * 61, "61 characters: at most 60"),
    ("project_name", "</script>", '"</script>" contains one of'),
    ("project_name", "{{ 7 }}", "contains one of"),
    ("project_name", "back\\slash", "contains one of"),
    ("project_name", "$HOME", "contains one of"),
    ("description", "", "empty"),
    ("description", "two\nlines", "line break"),
    ("description", "x" * 201, "at most 200"),
    ("project_slug", "", "not a folder and package name"),
    ("project_slug", "My-App", '"My-App" is not a folder and package name'),
    ("project_slug", "my_app", "not a folder and package name"),
    ("project_slug", "my--app", "not a folder and package name"),
    ("project_slug", "-app", "not a folder and package name"),
    ("project_slug", "app-", "not a folder and package name"),
    ("project_slug", "../app", "not a folder and package name"),
    ("project_slug", "3app", "not a folder and package name"),
    ("project_slug", "a" * 51, "at most 50"),
    ("project_slug", "nul", "device on Windows"),
    ("project_slug", "fastapi", '"fastapi" is the name of a package'),
    ("project_slug", "pydantic", "the name of a package"),
    ("project_slug", "starlette", "the name of a package"),
    ("frontend", "svelte", "'svelte' is not in ['vue', 'react']"),
    ("frontend", "", "is not in ['vue', 'react']"),
    ("auth", ["password", "oauth"], "'oauth' is not in ['password', "),
    ("auth", "password", "Not a YAML list: 'password'"),
    ("auth", ["totp"], "totp is a second step: choose password or magic_link with it"),
    ("auth", ["totp", "passkey"], "totp is a second step: choose password or magic_link with it"),
]


@pytest.fixture(scope="module")
def questions(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The questions with a template that is nothing but the answers file."""
    folder = tmp_path_factory.mktemp("questions")
    shutil.copy2(source / "copier.yml", folder)
    shutil.copytree(source / "hooks", folder / "hooks")
    (folder / "template").mkdir()
    shutil.copy2(source / "template" / ANSWERS_FILE, folder / "template")
    return folder


@pytest.mark.parametrize(
    ("question", "answer", "line"),
    BAD,
    ids=[f"{question}={json.dumps(answer)[:40]}" for question, answer, _ in BAD],
)
def test_bad_answer_is_refused_in_one_line(
    questions: Path, tmp_path: Path, question: str, answer: Any, line: str
) -> None:
    target = tmp_path / "project"
    with pytest.raises((ValueError, TypeError, CopierError)) as refused:
        run_copy(str(questions), target, data={question: answer}, defaults=True, quiet=True)
    message = str(refused.value)
    assert line in message
    assert "\n" not in message
    assert not target.exists()


@pytest.mark.parametrize("bare", ["yes", "on", "off", "true", "No"])
def test_a_bare_yaml_boolean_in_a_list_is_reported(
    questions: Path, tmp_path: Path, bare: str
) -> None:
    """A shell user writes `-d states=[yes]`, which YAML parses as a boolean."""
    with pytest.raises(ValueError, match="item 1 is the boolean"):
        run_copy(
            str(questions), tmp_path / "p", data={"states": f"[{bare}]"}, defaults=True, quiet=True
        )


def ask(copie: Copie, questions: Path, **answers: Any) -> dict[str, Any]:
    """The stored answers when these are the user's own defaults."""
    copy = cast("Callable[..., Result]", copie.copy)  # its signature is partly untyped
    done = copy(answers, template_dir=questions)
    if done.exception is not None:
        raise done.exception
    assert done.project_dir is not None
    return yaml.safe_load((done.project_dir / ".copier-answers.yml").read_text(encoding="utf-8"))


def test_a_quoted_yes_is_an_ordinary_name(copie: Copie, questions: Path) -> None:
    stored = ask(copie, questions, states=["yes", "on"], closing_states=[])
    assert stored["states"] == ["yes", "on"]


def test_bad_answer_in_a_stored_default_is_refused_too(copie: Copie, questions: Path) -> None:
    with pytest.raises(ValueError, match="not camelCase"):
        ask(copie, questions, states=["Bad"])


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My App", "my-app"),
        ('Bob\'s "Best" App & Söns', "bobs-best-app-and-sons"),
        ("3D Tool", "d-tool"),
        ("日本", "my-app"),
        ("FastAPI", "fastapi-app"),
        ("con", "con-app"),
        ("x" * 60, "x" * 46),
        ("a" * 45 + " b", "a" * 45),
        ("Straße!", "strasse"),
    ],
)
def test_the_proposed_slug_is_derived_from_the_name(
    copie: Copie, questions: Path, name: str, slug: str
) -> None:
    assert ask(copie, questions, project_name=name)["project_slug"] == slug


def test_closing_state_is_save_only_where_there_is_one(copie: Copie, questions: Path) -> None:
    assert ask(copie, questions)["closing_states"] == ["save"]
    assert ask(copie, questions, states=["ask"])["closing_states"] == []


def test_answers_are_stored_in_the_order_of_the_questions_and_nothing_derived(
    copie: Copie, questions: Path
) -> None:
    assert [name for name in ask(copie, questions) if not name.startswith("_")] == [
        "project_name",
        "project_slug",
        "description",
        "frontend",
        "auth",
        "states",
        "closing_states",
        "example",
        "example_states",
    ]
