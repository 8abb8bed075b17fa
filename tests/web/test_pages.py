from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from duplex.web.pages import Pages
from starlette.applications import Starlette
from starlette.routing import Mount


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/", Pages(tmp_path))])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>the page</title>", encoding="utf-8")
    (tmp_path / "assets" / "main-abc123.js").write_text("run()", encoding="utf-8")
    (tmp_path / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path.parent / "outside.txt").write_text("outside", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/session/abc", "/sign-in?next=/saved", "/index.html"])
async def test_the_page_is_served_for_all_of_its_routes(
    built: Path, browser: httpx.AsyncClient, path: str
) -> None:
    response = await browser.get(path)
    assert (response.status_code, response.text) == (200, "<title>the page</title>")
    assert response.headers["cache-control"] == "no-cache"


async def test_hashed_files_are_cached_permanently(built: Path, browser: httpx.AsyncClient) -> None:
    response = await browser.get("/assets/main-abc123.js")
    assert response.text == "run()"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in response.headers["content-type"]


async def test_other_files_are_revalidated(built: Path, browser: httpx.AsyncClient) -> None:
    first = await browser.get("/favicon.svg")
    assert first.headers["cache-control"] == "no-cache"
    again = await browser.get("/favicon.svg", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api", "/dev/mailbox", "/assets/gone.js", "/assets/gone", "/robots.txt"],
)
async def test_paths_that_are_no_pages_are_not_found(
    built: Path, browser: httpx.AsyncClient, path: str
) -> None:
    assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt"])
async def test_no_file_outside_the_folder_is_served(
    built: Path, browser: httpx.AsyncClient, path: str
) -> None:
    assert "outside" not in (await browser.get(path)).text


async def test_a_page_that_is_not_built_explains_what_to_do(browser: httpx.AsyncClient) -> None:
    response = await browser.get("/session")
    assert response.status_code == 503
    assert "uv run poe serve" in response.text
    assert response.headers["content-type"].startswith("text/html")


async def test_pages_refuse_post(built: Path, browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/session")).status_code == 405
