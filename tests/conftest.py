"""Options of the suite, and the fixtures that render."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.combos import ALL, DEEP, EVERY_DEEP, FULL, Combo
from tests.rendering import Render, Renderer, made_once, quick_copier
from tests.scratch import use_memory
from tests.workshop import Workshop, keep_compiled
from tools.source import ROOT, copy_source

pytest_plugins = ["duplex_dev.testing.fixtures"]
"""With the application in tests/application, which is first on Python's path."""

# A git hook names its repository in the environment, and no test may change it.
for variable in [name for name in os.environ if name.startswith("GIT_")]:
    del os.environ[variable]

NAMES = {combo.name for combo in ALL}
PROJECTS = ROOT / "build" / "projects"
"""Not in pytest's folder: root's PostgreSQL runs as a user who cannot enter that."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("duplex")
    group.addoption("--all", action="store_true", help="run every combination deep")
    group.addoption(
        "--combo",
        action="append",
        default=[],
        choices=sorted(NAMES),
        metavar="NAME",
        help="only the tests of this combination, such as vue-password-guide (may be repeated)",
    )
    group.addoption(
        "--project-python",
        metavar="VERSION",
        help="Python of the rendered projects, such as 3.13 (default: the running one)",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill in the combinations: `combo` is only rendered, `deep_combo` is run."""
    chosen = cast("list[str]", metafunc.config.getoption("--combo"))
    for fixture, combos in {
        "combo": ALL,
        "deep_combo": EVERY_DEEP if metafunc.config.getoption("--all") or chosen else DEEP,
    }.items():
        if fixture in metafunc.fixturenames:
            taken = [combo for combo in combos if not chosen or combo.name in chosen]
            metafunc.parametrize(fixture, taken, ids=str)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--combo`, deselect tests without a combination. Long tests start first."""
    if config.getoption("--combo"):
        kept = [item for item in items if {"combo", "deep_combo"} & set(_fixtures(item))]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept
    items.sort(key=_place)


LONG = (
    "test_keeps_the_promises",
    "test_works_in_a_browser",
    "test_the_product_of_the_chapters_works",
    "test_the_example_is_removed_as_the_document_says",
    "test_own_tests_pass",
    "test_has_no_linter_finding",
    "test_users_and_what_was_saved_outlive_every_change_of_sign_in",
)
"""Long tests, which start first."""

SECONDS = (
    *("tests/template/", "tests/commands/", "tests/client/"),
    *("tests/web/test_migrations.py", "tests/web/test_many_processes.py"),
    *("tests/engine/chaos/", "tests/engine/servers/"),
)
"""Modules whose tests take seconds."""


def _place(item: pytest.Item) -> int:
    """Sort key: long commands inside projects, other tests of projects, then tests that take
    seconds. The others come last, so that all workers end at the same time.
    """
    name = item.name.partition("[")[0]
    if name in LONG:
        return LONG.index(name)
    if "deep_combo" in _fixtures(item):
        return len(LONG)
    return len(LONG) + 1 + (not item.nodeid.startswith(SECONDS))


def pytest_configure(config: pytest.Config) -> None:
    """Before any worker starts: no project of a former run is left."""
    if not hasattr(config, "workerinput"):
        use_memory()
        shutil.rmtree(PROJECTS, ignore_errors=True)
        PROJECTS.mkdir(parents=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        for project in PROJECTS.glob("*"):
            keep_compiled(project)
        shutil.rmtree(PROJECTS, ignore_errors=True)


ON_ONE_WORKER = ("tests/engine/chaos/", "tests/template/test_sign_in_methods.py")
"""Modules whose tests share processes that take long to start."""


class ByRender(LoadScopeScheduling):
    """Tests that read the same render go to one worker, so that no other waits for it. So do those
    of a module that shares costly processes; all others are dealt one by one.
    """

    def _split_scope(self, nodeid: str) -> str:
        name = nodeid.rpartition("[")[2].removesuffix("]")
        if name in NAMES and "tests/template/" in nodeid:
            return name
        return nodeid.partition("::")[0] if nodeid.startswith(ON_ONE_WORKER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByRender:
    """xdist's own groups (`xdist_group`) do nothing with pytest 9.2, so the grouping is ours."""
    return ByRender(config, log)


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Print the duration of each finished test."""
    if report.when == "call" and report.passed:
        return "passed", ".", f"PASSED ({report.duration:.1f} s)"
    return None


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copier must not read defaults from the user's settings file."""
    settings = tmp_path_factory.mktemp("settings") / "settings.yml"
    settings.write_text("{}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(settings))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        # Processes that the tests start import the same source.
        path = [ROOT, ROOT / "tests/application/backend", ROOT / "template/backend"]
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, path)))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Suite")
            patch.setenv(f"GIT_{role}_EMAIL", "suite@example.com")
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_renders() -> Iterator[None]:
    with quick_copier():
        yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of this run that all workers share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def source(shared: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the template without git; pytest-copie renders from it too."""
    folder = made_once(shared / "source", copy_source)
    request.config.option.template = str(folder)
    return folder


@pytest.fixture(scope="session")
def render(source: Path, shared: Path) -> Callable[..., Render]:
    """Render answers; the same answers are rendered once in a run and must not be changed."""
    return Renderer(source, shared).render


@pytest.fixture(scope="session")
def workshop(render: Callable[..., Render], request: pytest.FixtureRequest) -> Workshop:
    return Workshop(render, PROJECTS, request.config.getoption("--project-python"))


@pytest.fixture
def alone(request: pytest.FixtureRequest) -> bool:
    """Whether only chosen combinations are tested (`--combo`)."""
    return bool(request.config.getoption("--combo"))


@pytest.fixture
def every_combination(request: pytest.FixtureRequest) -> bool:
    """Whether each combination runs every test it has (`--all`)."""
    return bool(request.config.getoption("--all"))


@pytest.fixture
def everything(deep_combo: Combo, every_combination: bool, alone: bool) -> bool:
    """Whether this combination runs every test it has."""
    return every_combination or (deep_combo == FULL and not alone)
