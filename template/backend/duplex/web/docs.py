"""Readable pages of the REST API, in development only: they load Swagger UI from elsewhere."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

OPENAPI = "/api/v1/openapi.json"

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net;"
    " style-src 'self' https://cdn.jsdelivr.net; frame-ancestors 'none';"
    " img-src 'self' data: https://fastapi.tiangolo.com"
)


def router(title: str) -> APIRouter:
    """`GET /api/v1/docs`."""
    made = APIRouter(prefix="/api/v1", include_in_schema=False)

    @made.get("/docs")
    async def get_docs() -> HTMLResponse:
        """Swagger UI, with a less strict content security policy for this page only."""
        page = get_swagger_ui_html(openapi_url=OPENAPI, title=f"{title}: REST API")
        page.headers["Content-Security-Policy"] = _POLICY
        return page

    return made
