"""A checkout with `core.autocrlf=true` (the default of Git for Windows) has the same bytes."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.rendering import Render
from tests.repository import commit, git


def test_text_files_have_lf_on_every_machine(render: Callable[..., Render], tmp_path: Path) -> None:
    done = render({})
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(done.root, first)
    commit(first)
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "--quiet", str(first), str(second))
    files = done.files()
    assert {name: (second / name).read_bytes() for name in files} == files
