"""The documents name the settings and commands that there are, and link to files that exist."""

import re
from pathlib import Path

import pytest
from duplex.settings.base import Settings
from duplex_dev.__main__ import COMMANDS
from duplex_dev.paths import ROOT

SETTINGS = {name.upper() for name in Settings.model_fields}
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOOK, CI = ROOT / ".pre-commit-config.yaml", ROOT / ".github" / "workflows" / "ci.yml"


def test_the_readme_lists_every_setting_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("## Settings")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == SETTINGS


def test_hook_and_ci_fail_when_the_contract_is_stale_and_ci_says_what_breaks() -> None:
    hook, ci = HOOK.read_text(encoding="utf-8"), CI.read_text(encoding="utf-8")
    assert "entry: uv run poe contract --check" in hook
    assert re.search(r"matrix:\n +command: \[.*\btest\b.*\]", ci)
    assert "run: uv run poe contract --against" in ci


def test_the_example_lists_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:# )?([A-Z_]+)=", text, flags=re.MULTILINE)) == SETTINGS


def test_the_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `uv run poe ([a-z0-9-]+)", text, flags=re.MULTILINE)) == set(
        COMMANDS
    )


@pytest.mark.parametrize("document", [*DOCUMENTS, HOOK, CI], ids=lambda path: path.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert set(re.findall(r"\bpoe ([a-z][a-z0-9-]+)\b(?= |`|$)", text)) <= {*COMMANDS, "command"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"(?<!\\)\]\((?!https?://|#)([^)#]+)", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []
