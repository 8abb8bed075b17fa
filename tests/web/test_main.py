"""Errors, headers, health and API description of the whole application, with any answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from app.main import create_app
from app.settings import Settings
from duplex.web.middleware import CONTENT_SECURITY_POLICY, MOST
from duplex_dev.testing import new_client
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send


async def test_health_is_reported(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "version": "1.2.3",
        "database": True,
        "broker": True,
    }


async def test_an_unreachable_database_is_reported(
    client: httpx.AsyncClient, app: FastAPI, tmp_path: Path
) -> None:
    await app.state.lifespan["database"].dispose()
    (tmp_path / "app.db").unlink()
    (tmp_path / "app.db").mkdir()
    response = await client.get("/api/v1/health")
    assert response.status_code == 503
    assert response.json()["status"] == "failing"
    assert response.json()["database"] is False


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/nothing", "/", "/assets/gone.js"])
async def test_every_response_has_the_security_headers(
    client: httpx.AsyncClient, path: str
) -> None:
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert (headers.get("cache-control") == "no-store") is path.startswith("/api/")


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_no_other_origin_may_read_a_response(client: httpx.AsyncClient, method: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = await client.request(method, "/api/v1/health", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_errors_have_one_shape(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/nothing")
    assert response.status_code == 404
    assert response.json() == {
        "error": "Not Found: GET /api/v1/nothing",
        "code": "not_found",
        "details": [],
    }


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_long_is_refused(client: httpx.AsyncClient, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MOST // 1024 + 1):
            yield b" " * 1024

    content = pieces() if chunked else b" " * (MOST + 1)
    headers = {"Content-Type": "application/json"}
    response = await client.patch("/api/v1/notebooks/any", content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "too_big")
    short = await client.patch("/api/v1/notebooks/any", content=b" " * MOST, headers=headers)
    assert short.status_code == 422


@pytest.mark.parametrize("number", ["1e999", "-1" + "0" * 400 + ".0", "NaN", "-Infinity"])
@pytest.mark.parametrize("kind", ["application/json", "application/x+json; charset=utf-8"])
async def test_a_number_that_is_not_finite_is_refused(
    client: httpx.AsyncClient, number: str, kind: str
) -> None:
    content = f'{{"title":["1e999",{number}]}}'
    path, headers = "/api/v1/notebooks/any", {"Content-Type": kind}
    response = await client.patch(path, content=content, headers=headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_data")
    assert response.json()["error"].startswith(f"Body: {number[:20]}")
    assert response.json()["error"].endswith("is not a finite number.")
    accepted = await client.patch(path, content='{"title":"NaN 1e999"}', headers=headers)
    assert accepted.status_code == 404


async def test_the_response_to_a_bug_reveals_no_details(app: FastAPI) -> None:
    @app.get("/api/v1/bug")
    async def bug() -> None:  # pyright: ignore[reportUnusedFunction]
        raise RuntimeError("the inside")

    app.router.routes.insert(0, app.router.routes.pop())
    async with new_client(app) as client:
        transport = cast("httpx.ASGITransport", client._transport)  # pyright: ignore[reportPrivateUsage]
        transport.raise_app_exceptions = False
        response = await client.get("/api/v1/bug")
    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert "inside" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["cache-control"] == "no-store"


def test_the_api_is_described_without_starting_anything(tmp_path: Path) -> None:
    file = tmp_path / "data" / "app.db"
    settings = Settings.given(database_url=f"sqlite+aiosqlite:///{file}")
    paths: dict[str, dict[str, Any]] = create_app(settings).openapi()["paths"]
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert "rename_notebook" in names
    assert len(names) == len(set(names))
    assert not file.parent.exists()


async def test_readable_docs_are_for_development_only(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    response = await client.get("/api/v1/docs")
    assert response.status_code == 200
    assert "cdn.jsdelivr.net" in response.headers["content-security-policy"]
    secret = settings.secret_keys[0]
    production = create_app(Settings.given(secret_key=secret, environment="production"))

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        await production({**scope, "state": {"engine": None}}, receive, send)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(started), base_url="https://test"
    ) as client:
        response = await client.get("/api/v1/docs")
    assert response.status_code == 404
    assert response.headers["strict-transport-security"] == "max-age=31536000"


async def test_https_for_all_sub_domains_is_a_setting(settings: Settings) -> None:
    secret = settings.secret_keys[0]
    values = {"secret_key": secret, "environment": "production", "hsts_include_subdomains": True}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(Settings.given(**values))),
        base_url="https://test",
    ) as client:
        response = await client.get("/api/v1/docs")
    policy = response.headers["strict-transport-security"]
    assert policy == "max-age=31536000; includeSubDomains"
    assert "base-uri 'none'" in response.headers["content-security-policy"]


async def test_an_application_that_was_not_started_answers_503(
    caplog: pytest.LogCaptureFixture,
) -> None:
    transport = httpx.ASGITransport(create_app(Settings.given()))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/api/v1/health")
    assert (response.status_code, response.json()["code"]) == (503, "not_started")
    (record,) = [one for one in caplog.records if one.name == "duplex"]
    assert "lifespan" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8000", 200), ("127.0.0.1", 200), ("evil.example", 421), ("[::1", 421)],
)
async def test_only_requests_for_this_server_are_answered(
    client: httpx.AsyncClient, host: str, status: int
) -> None:
    """A foreign domain that was pointed here must not make its pages the server's own."""
    response = await client.get("/api/v1/health", headers={"Host": host})
    assert response.status_code == status
    if status == 421:
        assert response.json()["code"] == "misdirected_request"


ODD = [b"\x00", b"\xff\xfe", b"\xc3\x28", b"%", b",;=", b"[", b"bytes=9-1", b"-1", b"a" * 5000]


@pytest.mark.parametrize("value", ODD)
async def test_malformed_headers_cause_no_server_error(
    client: httpx.AsyncClient, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    names = [
        "Host", "Origin", "Cookie", "Authorization", "Content-Type", "Content-Length", "Accept",
        "Accept-Encoding", "Accept-Language", "If-None-Match", "If-Modified-Since", "Range",
        "If-Range", "X-Forwarded-For", "X-Forwarded-Proto", "Referer", "User-Agent",
    ]  # fmt: skip
    for path in ("/", "/api/v1/health", "/api/v1/saved", "/api/v1/socket", "/favicon.svg"):
        for name in names:
            for method in ("GET", "POST"):
                response = await client.request(
                    method, path, headers=[(name.encode(), value)], content=b"{"
                )
                # 503: the page is not built here.
                assert response.status_code != 500, (method, path, name)
    assert [one for one in caplog.records if one.exc_info] == []
