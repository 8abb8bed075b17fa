"""A project's `poe lint` knows the engine's files as they are here."""

from pathlib import Path

import pytest
from duplex_dev.update import engine_files

from tools.hashes import LIST, hashes_of, path_in_project
from tools.source import ROOT, committable


def test_the_list_of_hashes_is_up_to_date() -> None:
    text = (ROOT / LIST).read_text(encoding="utf-8")
    assert text == hashes_of(ROOT, committable()), "run `uv run poe engine-files`"


def test_the_folders_are_those_of_the_command() -> None:
    files = [Path("template") / folder / "file" for folder in engine_files.ENGINE]
    assert [path_in_project(file) for file in files] == [
        f"{folder}/file" for folder in engine_files.ENGINE
    ]


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("template/{% if vue %}frontend{% endif %}/src/duplex/a.ts", "frontend/src/duplex/a.ts"),
        ("template/frontend/src/pages/a.ts", None),
        ("template/backend/app/main.py", None),
        ("template/pyproject.toml.jinja", None),
        ("copier.yml", None),
    ],
)
def test_a_file_of_the_template_has_its_path_in_a_project(file: str, path: str | None) -> None:
    assert path_in_project(Path(file)) == path
