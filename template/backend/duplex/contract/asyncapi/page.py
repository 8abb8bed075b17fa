"""The contract for people: `/asyncapi`, one page, no script, nothing from elsewhere.

It is made on the server from the AsyncAPI document, so the content security policy needs no
exception for it, and it can stay in production, unlike the REST API's page in `web/pages.py`. It is
small, light and dark, and readable from a phone's width on.
"""

import json
from collections.abc import Callable
from functools import cache
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from duplex.contract.asyncapi.document import Document, text_of
from duplex.contract.asyncapi.sections import Reader, anchor

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff;
  --raised: #f3f4f6;
  --text: #1f2937;
  --faint: #4b5563;
  --line: #d1d5db;
  --link: #1d4ed8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15191e;
    --raised: #20262d;
    --text: #e5e7eb;
    --faint: #a8b0bb;
    --line: #3b434d;
    --link: #93b4ff;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 1rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.6 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { position: static; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.375rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1.125rem; margin: 0 0 0.5rem; }
h4 { font-size: 1rem; margin: 1rem 0 0.25rem; color: var(--faint); }
p { margin: 0.5rem 0; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
h3 code { font-size: 1em; }
pre {
  margin: 0.5rem 0;
  padding: 0.75rem;
  border-radius: 0.5rem;
  background: var(--raised);
  overflow-x: auto;
}
article {
  margin: 1rem 0;
  padding: 1rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
}
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; text-align: left; }
th, td { padding: 0.375rem 0.5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { min-width: 5.5rem; font-weight: 600; }
td { min-width: 7rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.5rem; }
dt { color: var(--faint); font-size: 0.875rem; }
dd { margin: 0; }
nav h2 { margin-top: 0; }
nav h3 { margin: 0.75rem 0 0; font-size: 1rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li { padding: 0.125rem 0; }
@media (min-width: 60rem) {
  .columns { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 2rem; }
  nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; align-self: start; }
}
@media (max-width: 59.99rem) {
  nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
}
"""


ASYNCAPI = "/api/v1/asyncapi.json"
PAGE = "/asyncapi"
STYLESHEET = "/asyncapi/style.css"


def router(build: Callable[[], Document]) -> APIRouter:
    """The routes of the document, its page and the page's style, made when first asked for."""
    made = APIRouter(include_in_schema=False)
    document = cache(build)
    text = cache(lambda: text_of(document()))
    page = cache(lambda: render(document()))

    @made.get(ASYNCAPI)
    async def get_asyncapi() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(text(), media_type="application/json")

    @made.get(PAGE)
    async def get_asyncapi_page() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse(page(), headers={"Cache-Control": "no-cache"})

    @made.get(STYLESHEET)
    async def get_asyncapi_style() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(STYLE, media_type="text/css", headers={"Cache-Control": "no-cache"})

    return made


def render(document: Document) -> str:
    """The whole page as HTML; every text of the document is escaped."""
    read = Reader(document)
    info = document["info"]
    title = f"{info['title']}: session contract"
    has_events = bool(read.events())
    chapters = [
        ("States", read.states(), [read.state(name) for name in read.states()]),
        *([("Events", read.events(), [read.event(name) for name in read.events()])] * has_events),
        ("Frames of the client", read.frames("client"), _frames(read, "client")),
        ("Frames of the server", read.frames("server"), _frames(read, "server")),
        ("Types", read.types(), [read.type(name) for name in read.types()]),
    ]
    contents = "".join(
        f'<h3><a href="#{anchor(heading)}">{heading}</a></h3><ul>{_links(heading, names)}</ul>'
        for heading, names, _ in chapters
    )
    body = "".join(
        f'<section aria-labelledby="{anchor(heading)}">'
        f'<h2 id="{anchor(heading)}">{heading}</h2>'
        f"{''.join(parts) or '<p>There are none.</p>'}</section>"
        for heading, _, parts in chapters
    )
    address = document["channels"]["socket"]["address"]
    about = document["channels"]["socket"]["description"]
    first = json.dumps(document["components"]["messages"]["hello"]["examples"][0]["payload"])
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" type="image/svg+xml" href="/favicon.svg">
<link rel="stylesheet" href="{STYLESHEET}">
</head>
<body>
<a class="skip" href="#content">Skip to the contract</a>
<header>
<h1>{escape(title)}</h1>
<p>{escape(info["description"])}</p>
<p>Version {escape(info["version"])} · <a href="{ASYNCAPI}">AsyncAPI document</a></p>
</header>
<div class="columns">
<nav aria-labelledby="contents"><h2 id="contents">Contents</h2>{contents}</nav>
<main id="content">
<p>The socket is <code>{escape(address)}</code>. {escape(about).replace("`", "")}</p>
<pre tabindex="0" aria-label="Example of the first frame"><code>{escape(first)}</code></pre>
{body}
</main>
</div>
</body>
</html>
"""


def _frames(read: Reader, by: str) -> list[str]:
    return [read.reserved(name) for name in read.frames(by)]


def _links(heading: str, names: list[str]) -> str:
    return "".join(
        f'<li><a href="#{anchor(heading, name)}"><code>{escape(name)}</code></a></li>'
        for name in names
    )
