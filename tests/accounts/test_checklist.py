"""The ASVS table in docs/authentication.md names tests that exist."""

import re

import pytest

from tools.source import ROOT

DOCUMENT = (ROOT / "template/docs/authentication.md.jinja").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", DOCUMENT)))
IN_BROWSERS = sorted(set(re.findall(r"`([\w/]+\.spec\.ts)::([^`]+)`", DOCUMENT)))


def test_the_document_has_a_checklist() -> None:
    assert len(NAMED) > 40
    assert len(IN_BROWSERS) > 3
    # Nothing that looks like a test escapes the patterns.
    assert DOCUMENT.count("::") == len(re.findall(r"\.py::\w+`|\.spec\.ts::[^`]+`", DOCUMENT))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_each_line_names_an_existing_test(file: str, test: str) -> None:
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"def {test}\(", text) is not None


@pytest.mark.parametrize(("file", "test"), IN_BROWSERS)
def test_each_line_names_an_existing_test_of_the_page(file: str, test: str) -> None:
    text = (ROOT / "template" / file).read_text(encoding="utf-8")
    assert f'test("{test}"' in text
