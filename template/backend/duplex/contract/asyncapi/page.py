"""The contract for people: `/asyncapi`, one page, no script, nothing from elsewhere.

It is made on the server from the AsyncAPI document, so the content security policy needs no
exception for it, and it can stay in production, unlike the REST API's page in `docs.py`.
"""

import json
from collections.abc import Callable
from functools import cache
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from duplex.contract.asyncapi.document import Document, text_of
from duplex.contract.asyncapi.sections import Reader, anchor
from duplex.contract.asyncapi.style import STYLE

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
