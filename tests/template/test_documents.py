"""The documents name the settings and commands that there are, and link to files that exist."""

import re
from collections.abc import Callable
from pathlib import Path

import duplex
import pytest
from duplex import Settings
from duplex.wire.protocol import Close
from duplex_dev.__main__ import COMMANDS

from tests.rendering import Render

SETTINGS = {name.upper() for name in Settings.model_fields}
ANSWERS = {"with sign-in": {"auth": ["password"]}, "anonymous": {"example": "none"}}


@pytest.fixture(params=ANSWERS)
def root(request: pytest.FixtureRequest, render: Callable[..., Render]) -> Path:
    """A render with many documents, and one with few."""
    return render(ANSWERS[request.param]).root


def documents(root: Path) -> list[Path]:
    """Everything that is written for people and coding agents, the engine's READMEs too."""
    written = root.rglob("*.md")
    return sorted(file for file in written if "node_modules" not in file.relative_to(root).parts)


def commands(root: Path) -> set[str]:
    """The commands whose modules this render has."""
    return {
        name
        for name, module in COMMANDS.items()
        if (root / "backend" / f"{module.partition(':')[0].replace('.', '/')}.py").is_file()
    }


def test_the_readme_lists_every_setting_and_no_other(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Settings")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == SETTINGS


def test_hook_and_ci_fail_when_the_contract_is_stale_and_ci_says_what_breaks(root: Path) -> None:
    hook = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    ci = (root / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "entry: uv run poe contract --check" in hook
    assert re.search(r"matrix:\n +command: \[.*\btest\b.*\]", ci)
    assert "run: uv run poe contract --against" in ci


def test_the_example_lists_every_setting_and_no_other(root: Path) -> None:
    text = (root / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", text, flags=re.MULTILINE)) == SETTINGS


def test_the_readme_lists_every_command(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `uv run poe ([a-z0-9-]+)", text, flags=re.MULTILINE))
    assert named == commands(root)


def test_every_mentioned_command_exists(root: Path) -> None:
    """Also of files that tell a machine what to run."""
    for file in [
        *documents(root),
        root / ".pre-commit-config.yaml",
        root / ".gitlab-ci.yml",
        *root.glob(".github/**/*.yml"),
    ]:
        text = file.read_text(encoding="utf-8")
        # Prose that names no command: "every poe command", "the `poe` commands".
        named = set(re.findall(r"\bpoe ([a-z][\w-]*)", text)) - {"command", "commands"}
        assert named <= {*COMMANDS}, file


def test_every_link_leads_to_a_file(root: Path) -> None:
    missing = [
        (document.name, link)
        for document in documents(root)
        for link in re.findall(
            r"(?<!\\)\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8")
        )
        if not (document.parent / link).exists()
    ]
    assert missing == []


def test_every_link_to_a_section_leads_to_a_heading(root: Path) -> None:
    missing = [
        (document.name, link, section)
        for document in documents(root)
        for link, section in re.findall(
            r"\]\((?!https?://)([^)#]*)#([\w-]+)\)", document.read_text(encoding="utf-8")
        )
        if section not in sections(document.parent / link if link else document)
    ]
    assert missing == []


def sections(document: Path) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_of_the_engine_lists_every_public_name(root: Path) -> None:
    text = (root / "backend/duplex/README.md").read_text(encoding="utf-8")
    table = text.partition("## Public names")[2].partition("\n## ")[0]
    assert set(duplex.__all__) <= set(re.findall(r"`(\w+)`", table))


def test_the_protocol_explains_every_close_code_and_no_other(root: Path) -> None:
    text = (root / "docs/protocol.md").read_text(encoding="utf-8")
    table = text.partition("## Close codes")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, flags=re.MULTILINE)
    assert sorted(int(code) for row in rows for code in row.split(",")) == sorted(Close)


def test_a_saved_title_has_the_same_limit_everywhere(render: Callable[..., Render]) -> None:
    files = render().files()
    limits = {
        name: re.findall(pattern, files[name].decode())
        for name, pattern in {
            "backend/app/models/saved.py": r"\nTITLE_MAX = (\d+)\n",
            "backend/app/states/save.py": r"title: str = Field\(.*max_length=(\d+)\)",
            "frontend/src/api/saved.ts": r"TITLE_LENGTH = (\d+);",
        }.items()
    }
    assert len({limit for found in limits.values() for limit in found}) == 1, limits
    assert all(limits.values()), limits
