"""Mails from templates: each is two files of the team's, one for HTML and one for plain text."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to be sent."""

    to: str
    subject: str
    text: str
    html: str


def isolate(text: str) -> str:
    """Text of a user inside a sentence: a name in Arabic does not reorder the words around it."""
    return f"\u2068{text}\u2069"


class Templates:
    """The folder of templates. `html/NAME.html` and `text/NAME.txt` make the mail NAME.

    The first line of the text is the subject, the second one is empty. Names and addresses in a
    sentence are isolated: `{{ name | isolate }}` in plain text, `<bdi>` in HTML.
    """

    def __init__(self, folder: Path) -> None:
        loader = FileSystemLoader(folder)
        self._html = Environment(
            loader=loader, undefined=StrictUndefined, autoescape=True, trim_blocks=True
        )
        self._text = Environment(
            loader=loader, undefined=StrictUndefined, autoescape=False, trim_blocks=True
        )
        self._text.filters["isolate"] = isolate

    def names(self) -> set[str]:
        """Every mail that has a text."""
        files = self._text.list_templates(extensions=["txt"])
        return {Path(name).stem for name in files}

    def render(self, name: str, to: str, values: dict[str, object]) -> Mail:
        """Make one mail. Raises jinja2.TemplateError for a template that cannot be rendered."""
        text = self._text.get_template(f"text/{name}.txt").render(values).strip()
        subject, _, body = text.partition("\n")
        subject = " ".join(subject.removeprefix("Subject:").split())
        html = self._html.get_template(f"html/{name}.html").render(values | {"subject": subject})
        return Mail(to=to, subject=subject[:255], text=body.strip() + "\n", html=html)
