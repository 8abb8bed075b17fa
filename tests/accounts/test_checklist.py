"""The ASVS table in docs/authentication.md names tests that exist."""

import re

import pytest

from tools.source import ROOT

DOCUMENT = ROOT / "template" / "docs" / "authentication.md"
NAMED = re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT.read_text(encoding="utf-8"))


def test_the_document_has_a_checklist() -> None:
    assert len(NAMED) > 40


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_each_line_names_an_existing_test(file: str, test: str) -> None:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"def {test}\(", text) is not None
