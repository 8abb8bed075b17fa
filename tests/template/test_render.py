"""Every combination renders: the tree is as expected, nothing is left over."""

import ast
import html
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.combos import ALL, Combo
from tests.node import BIN, npm_package
from tests.rendering import Render
from tests.repository import commit
from tests.template.test_zones import MOST_FILES
from tools.source import ROOT, committable, copy_source

TEXT = {
    ".ini",
    ".mako",
    ".yaml",
    ".yml",
    "",
    ".css",
    ".html",
    ".js",
    ".json",
    ".md",
    ".py",
    ".svg",
    ".toml",
    ".ts",
    ".tsx",
    ".vue",
}
JINJA = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}")
JINJA_STATEMENT = re.compile(r"\{%|%\}|\{#|#\}")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
COMMENTED_OUT = re.compile(
    r"^\s*//\s*(?:(?:const|let|import|export|return|await|if|for) .*[;{]|[\w.]+\(.*\);)\s*$",
    re.MULTILINE,
)
REGISTRIES = re.compile(
    r"registry\.npmjs|registry\.yarnpkg|pypi\.org/simple|files\.pythonhosted|"
    r"index-url\s*=|\"resolved\":|source = \{ registry"
)
AUTH_WORDS = re.compile(r"argon2|\bjwt\b|refresh[_ ]token|sign[-_ ]?up", re.IGNORECASE)


def texts(render: Render) -> dict[str, str]:
    """The text files of a render, by path."""
    return {
        name: content.decode("utf-8")
        for name, content in render.files().items()
        if Path(name).suffix in TEXT
    }


def test_each_state_has_a_module_on_both_sides(combo: Combo, render: Callable[..., Render]) -> None:
    done = render(combo.answers)
    names = combo.answers.get("states") or ["startThings", "somethingHappened", "save"]
    python = {file.stem for file in (done.root / "backend/app/states").glob("*.py")}
    watchers = {file.stem for file in (done.root / "frontend/src/states").glob("*.ts")}
    assert watchers == {*names, "index"}
    assert len(python - {"__init__"}) == len(names)
    index = (done.root / "frontend/src/states/index.ts").read_text(encoding="utf-8")
    for name in names:
        assert re.search(rf"\bimport \{{ {name} \}} from ['\"]\./{name}['\"]", index), name


def test_browser_tests_of_the_example_name_its_states_and_never_skip_themselves(
    render: Callable[..., Render],
) -> None:
    """A project whose states leave nothing to test has no such test."""
    for states, closing, adds, saves in [
        (["ask", "keep"], ["keep"], True, True),
        (["ask"], [], True, False),
        (["keep"], ["keep"], False, False),
    ]:
        e2e = render({"states": states, "closing_states": closing}).root / "frontend/e2e"
        names = ("notes.spec.ts", "saved.spec.ts", "support/notes.ts")
        notes, saved, support = ((e2e / name).read_text(encoding="utf-8") for name in names)
        assert "skip(" not in notes + saved
        assert ("test(" in notes, "a saved session is listed" in saved) == (adds, saves)
        assert ('noteState: StateName = "ask"' in support) == adds
        assert ('saveState: StateName = "keep"' in support) == ("keep" in closing)


def test_a_render_has_only_the_chosen_frontend(combo: Combo, render: Callable[..., Render]) -> None:
    names = render(combo.answers).files()
    package = json.loads(names["frontend/package.json"])
    other = {"vue": "react", "react": "vue"}[combo.frontend]
    assert combo.frontend in package["dependencies"]
    assert not [name for name in package["dependencies"] if other in name]
    assert not [
        name for name in names if name.endswith({"vue": ".tsx", "react": ".vue"}[combo.frontend])
    ]


def test_a_render_has_sign_in_only_if_it_was_chosen(
    combo: Combo, render: Callable[..., Render]
) -> None:
    done = render(combo.answers)
    chosen = combo.auth != "anonymous"
    assert (done.root / "backend/app/users").is_dir() == chosen
    assert (done.root / "docs/authentication.md").is_file() == chosen
    if not chosen:
        mentions = {
            name
            for name, text in texts(done).items()
            if name.startswith(("backend/app/", "frontend/src/")) and AUTH_WORDS.search(text)
        }
        assert mentions == set()


def test_a_render_contains_no_template_syntax(
    combo: Combo, render: Callable[..., Render], source: Path
) -> None:
    done = render(combo.answers)
    templated = {
        re.sub(r"\{% if [\w ]+ %\}(\w+)\{% endif %\}", r"\1", name).removesuffix(".jinja")
        for name in (
            file.relative_to(source / "template").as_posix()
            for file in (source / "template").rglob("*.jinja")
        )
    }
    for name, text in texts(done).items():
        assert not JINJA.search(name), name
        assert not name.endswith(".jinja"), name
        if name in templated or re.search(r"/states/\w+\.(py|ts)$", name):
            # A document may show code of a page, which has braces of its own.
            leftover = JINJA_STATEMENT if name.endswith(".md") else JINJA
            assert not leftover.search(text), name
            assert "Undefined" not in text, name
            shows_python = name.endswith(".py") or name.startswith("docs/product/")
            assert shows_python or not re.search(r"\bNone\b", text), name
        assert not UNFINISHED.search(text), name
        assert not COMMENTED_OUT.search(text), name
        assert text == "" or text.endswith("\n"), f"{name}: no line end at its end"
        assert "\r" not in text, name
        assert not re.search(r"[ \t]+$", text, re.MULTILINE), f"{name}: trailing spaces"


def test_data_files_and_python_parse(combo: Combo, render: Callable[..., Render]) -> None:
    for name, text in texts(render(combo.answers)).items():
        match Path(name).suffix:
            case ".json":
                json.loads(text)
            case ".toml":
                tomllib.loads(text)
            case ".yml" | ".yaml":
                list(yaml.safe_load_all(text))
            case ".py":
                ast.parse(text, name)
            case _:
                pass


def test_names_arrive_unchanged_in_every_file(combo: Combo, render: Callable[..., Render]) -> None:
    done = texts(render(combo.answers))
    answers = yaml.safe_load(done[".copier-answers.yml"])
    name, description = answers["project_name"], answers["description"]
    assert tomllib.loads(done["pyproject.toml"])["project"]["description"] == description
    page = done["frontend/index.html"]
    title = re.search(r"<title>(.*)</title>", page)
    summary = re.search(r'<meta name="description" content="([^"]*)"', page)
    assert title is not None
    assert html.unescape(title[1]) == name
    assert summary is not None
    assert html.unescape(summary[1]) == description
    values = re.findall(
        r'^\s+(?:name|description): (".*"),$', done["frontend/src/app.ts"], re.MULTILINE
    )
    assert [json.loads(value) for value in values] == [name, description]
    heading, _, lead = done["README.md"].splitlines()[:3]
    assert re.sub(r"\\(?=\W)", "", heading) == f"# {name}"
    assert re.sub(r"\\(?=\W)", "", lead) == f"{description}."
    assert not re.search(r"(?<!\\)[\[\]*_|#~]", heading.removeprefix("# ") + lead)


def test_copiers_own_command_renders_the_project_and_prints_no_warning(tmp_path: Path) -> None:
    """As a user types it, without what `quick_copier` changes."""
    template, project = copy_source(tmp_path / "template"), tmp_path / "my-app"
    commit(template, tag="1.0.0", force=True)
    command = [str(BIN / "copier"), "copy", "--quiet", "--defaults", str(template), str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    files = Render(project).files()
    assert "backend/app/document.py" in files
    assert len(files) <= MOST_FILES


def test_the_oldest_supported_copier_renders_the_same(
    render: Callable[..., Render], source: Path, tmp_path: Path
) -> None:
    settings = yaml.safe_load((source / "copier.yml").read_text(encoding="utf-8"))
    oldest = f"copier=={settings['_min_copier_version']}"
    target = tmp_path / "project"
    copier = ["uv", "run", "--isolated", "--no-project", "--with", oldest, "copier"]
    run([*copier, "copy", "--quiet", "--defaults", str(source), str(target)])
    assert Render(target).files() == render().files()


def test_getting_started_changes_lines_that_a_new_state_has(render: Callable[..., Render]) -> None:
    """Its code blocks, without the added parts, are in the modules that `add-state` writes."""
    done = texts(render({"example": "none"}))
    state = ("app/states/start_things.py", "tests/states/test_start_things.py")
    files = [*(f"backend/{name}" for name in state), "frontend/src/states/startThings.ts"]
    text = done["docs/getting-started.md"]
    text = text.replace("pauseThings", "startThings").replace("PauseThings", "StartThings")
    blocks = re.findall(r"^```(?:python|ts)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        added = r"^ *minutes: int.*\n|^    text = f.*\n|, minutes: 10| \(5 min\)"
        old = re.sub(added, "", block, flags=re.MULTILINE).replace("text=text", "text=data.text")
        assert old != block
        assert any(old in done[name] for name in files), block


def test_no_file_names_a_package_registry(combo: Combo, render: Callable[..., Render]) -> None:
    for name, text in texts(render(combo.answers)).items():
        assert not REGISTRIES.search(text), name
        assert Path(name).name not in {"uv.lock", "package-lock.json"}


def test_no_committed_file_names_a_package_registry() -> None:
    for file in committable():
        if file == Path(__file__).relative_to(ROOT):
            continue
        assert file.name not in {"uv.lock", "package-lock.json"}
        assert not REGISTRIES.search((ROOT / file).read_bytes().decode("utf-8", "replace")), file


def test_every_render_is_formatted(render: Callable[..., Render], tmp_path: Path) -> None:
    """Files that are the same in several renders are looked at once."""
    seen: set[tuple[str, bytes]] = set()
    for combo in ALL:
        for name, content in render(combo.answers).files().items():
            if (name, content) not in seen:
                seen.add((name, content))
                target = tmp_path / combo.name / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    config = render().root
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--config", str(config / "pyproject.toml"), "--no-cache", str(tmp_path)]
    run([*ruff, "format", "--check", *options])
    run([*ruff, "check", "--select", "ERA", *options])
    prettier = npm_package("prettier", pinned(config / "frontend/package.json", "prettier"))
    folders = [str(folder) for folder in tmp_path.glob("*/frontend")]
    style = ["--config", str(config / "frontend/package.json"), "--ignore-unknown"]
    run([*prettier, "--check", *style, *folders])


def pinned(package_json: Path, name: str) -> str:
    """The version range of a development dependency."""
    return json.loads(package_json.read_text(encoding="utf-8"))["devDependencies"][name]


def run(command: list[str]) -> None:
    """Run a checker; its whole output is the failure."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
