"""`poe demo`: render the template into build/demo, set the project up and serve it.

Every question is an option (`--frontend react`, `--states '[ask, answer]'`) with its default. A
rerun writes only files whose render changed and deletes those that are no longer rendered, so
packages, the database and your edits to other files are kept.
"""

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import yaml
from copier import run_copy
from copier.errors import CopierError

from tools.source import ROOT, copy_source

DEMO = ROOT / "build" / "demo"
MANIFEST = ROOT / "build" / "demo.json"
"""The files of the last render: path -> SHA-256 of the content."""


class DemoError(Exception):
    """Ends the command; its text is printed for the user in one line."""


def questions() -> dict[str, dict[str, Any]]:
    """The questions of copier.yml that a person is asked, by name."""
    settings = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return {
        name: details
        for name, details in settings.items()
        if not name.startswith("_") and details.get("when", True) and details.get("ask", True)
    }


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options; answers that were not given are None."""
    parser = argparse.ArgumentParser(
        prog="poe demo",
        description="Render the template into build/demo, set it up and serve it.",
        allow_abbrev=False,
    )
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--no-serve", action="store_true", help="render and set up, then stop")
    parser.add_argument("--render-only", action="store_true", help="render, then stop")
    group = parser.add_argument_group("answers (see copier.yml)")
    for name, details in questions().items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            f"--{name}",
            dest=name,
            metavar="VALUE",
            help=str(details["help"]).replace("%", "%%"),
        )
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        parser.error(f"--port: {options.port} is not a port; expected a number from 1 to 65535")
    return options


def answers_of(options: argparse.Namespace) -> dict[str, str]:
    """The given answers in Copier's form; a single name stands for a list."""
    given = {name: getattr(options, name) for name in questions()}
    answers = {name: value for name, value in given.items() if value is not None}
    for name in ("auth", "states", "closing_states"):
        if name in answers and not answers[name].lstrip().startswith("["):
            answers[name] = f"[{answers[name]}]"
    return answers


def render(answers: Mapping[str, str], target: Path) -> None:
    """Render the working tree into the new folder `target`. Raises DemoError."""
    with tempfile.TemporaryDirectory() as scratch, plain_settings(Path(scratch)):
        source = copy_source(Path(scratch) / "template")
        try:
            run_copy(str(source), target, data=dict(answers), defaults=True, quiet=True)
        except (ValueError, TypeError, CopierError) as error:
            line = " ".join(str(error).removeprefix("Validation error for ").split())
            raise DemoError(f"An answer cannot be used: {line}") from error


@contextmanager
def plain_settings(folder: Path) -> Generator[None]:
    """Copier without the defaults of this user's own settings file."""
    empty = folder / "settings.yml"
    empty.write_text("{}\n", encoding="utf-8")
    before = os.environ.get("COPIER_SETTINGS_PATH")
    os.environ["COPIER_SETTINGS_PATH"] = str(empty)
    try:
        yield
    finally:
        if before is None:
            del os.environ["COPIER_SETTINGS_PATH"]
        else:
            os.environ["COPIER_SETTINGS_PATH"] = before


def refresh(fresh: Path, demo: Path = DEMO, manifest: Path = MANIFEST) -> bool:
    """Bring `demo` up to the render in `fresh`; whether anything changed."""
    rendered = {
        file.relative_to(fresh).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in fresh.rglob("*")
        if file.is_file()
    }
    before: dict[str, str] = {}
    if demo.is_dir() and manifest.is_file():
        before = json.loads(manifest.read_text(encoding="utf-8"))
    changed = {
        name
        for name, digest in rendered.items()
        if before.get(name) != digest or not (demo / name).is_file()
    }
    for name in changed:
        (demo / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(fresh / name, demo / name)
    gone = before.keys() - rendered.keys()
    for name in gone:
        (demo / name).unlink(missing_ok=True)
        remove_empty(demo / name, demo)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    manifest.write_text(json.dumps(rendered, indent=1, sort_keys=True), encoding="utf-8")
    return bool(changed or gone)


def own_repository() -> None:
    """Make the demo a git repository of its own.

    Ruff and Tailwind skip what git ignores, and this repository ignores build/.
    """
    if shutil.which("git") and not (DEMO / ".git").exists():
        subprocess.run(["git", "init", "--quiet"], cwd=DEMO, env=project_environment(), check=True)


def remove_empty(file: Path, top: Path) -> None:
    """Remove the folders above a deleted file that hold nothing any more."""
    for folder in file.parents:
        if folder == top or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()


def project_environment(**extra: str) -> dict[str, str]:
    """This environment without the variables of uv and poe for the template's project."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("POE_", "GIT_"))
        and name not in {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"}
    }
    return {**kept, **extra}


def uv() -> str:
    """The uv that started this command, else the one on the PATH."""
    found = os.environ.get("UV") or shutil.which("uv")
    if found is None:
        raise DemoError("uv is needed: pip install uv")
    return found


def poe(task: str, **environment: str) -> int:
    """Run a poe task of the demo and pass Ctrl-C and SIGTERM on; its exit code."""
    child = subprocess.Popen(
        [uv(), "run", "--quiet", "poe", "--quiet", task],
        cwd=DEMO,
        env=project_environment(**environment),
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, stop)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the terminal has interrupted the child too; it ends by itself
            continue


def must_be_free(port: int) -> None:
    """Fail before the setup, which takes minutes, when another process listens on the port."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise DemoError(f"Port {port} is in use: end what listens there or give another --port")


def main(arguments: list[str]) -> int:
    """Run the command; returns the exit code."""
    options = parse(arguments)
    try:
        if not (options.no_serve or options.render_only):
            must_be_free(options.port)
        with tempfile.TemporaryDirectory() as scratch:
            fresh = Path(scratch) / "demo"
            render(answers_of(options), fresh)
            changed = refresh(fresh)
        own_repository()
        say(f"{'Rendered into' if changed else 'Nothing new for'} {DEMO.relative_to(ROOT)}")
        if options.render_only:
            return 0
        if changed or options.no_serve:
            say("Setting it up (a first time takes a minute or two) …")
            if (code := poe("contract")) != 0:
                return code
        if options.no_serve:
            return 0
        say(f"Serving on http://127.0.0.1:{options.port} - end it with Ctrl-C")
        return poe("serve", HOST="127.0.0.1", PORT=str(options.port))
    except DemoError as error:
        print(f"poe demo: {error}", file=sys.stderr)
        return 2


def say(line: str) -> None:
    """Print a line of progress; it is flushed, so that a pipe gets it at once."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
