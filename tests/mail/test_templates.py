"""The template's own mails: each in HTML and text, and without a trap in its values."""

from pathlib import Path

import pytest
from duplex.mail import Templates

from tests.accounts.people import MAILS

VALUES: dict[str, object] = {
    "project": "A & B <App>",
    "email": "ada@example.org",
    "origin": "https://app.example.org",
    "link": "https://app.example.org/x#token=abc",
    "code": "ABCD-EFGH",
    "minutes": 15,
    "hours": 72,
    "by": "<b>Bob</b>",
    "at": "2026-01-01 12:00 UTC",
    "browser": "Firefox on <Linux>",
    "address": "203.0.113.7",
    "before": "old@example.org",
    "after": "new@example.org",
    "what": "A passkey was added: <Laptop>.",
}
NAMES = sorted(Templates(MAILS).names())


def test_the_folder_contains_mails() -> None:
    assert {"sign_up", "invitation", "new_device"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_mail_has_html_and_text_in_the_name_of_the_project(name: str) -> None:
    mail = Templates(MAILS).render(name, "ada@example.org", VALUES)
    assert "\n" not in mail.subject
    assert "A & B <App>" in mail.subject
    assert mail.text.strip()
    assert "A &amp; B &lt;App&gt;" in mail.html
    for raw in ("<b>Bob", "<Linux>", "<Laptop>", "{{", "{%"):
        assert raw not in mail.html
    # The same link and code in both.
    assert ("ABCD-EFGH" in mail.text) is ("ABCD-EFGH" in mail.html)
    assert ("#token=abc" in mail.text) is ("#token=abc" in mail.html)


def test_html_and_text_come_in_pairs() -> None:
    html = {file.stem for file in (MAILS / "html").glob("*.html")}
    assert html == set(NAMES)


def test_a_subject_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "html").mkdir()
    (tmp_path / "text" / "hello.txt").write_text("Hello {{ name }}\n\nText\n", encoding="utf-8")
    (tmp_path / "html" / "hello.html").write_text("{{ subject }}", encoding="utf-8")
    mail = Templates(tmp_path).render("hello", "ada@example.org", {"name": "a\tb" + "c" * 400})
    assert mail.subject.startswith("Hello a b")
    assert len(mail.subject) <= 255
