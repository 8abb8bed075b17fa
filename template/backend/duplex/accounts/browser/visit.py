"""Where a request comes from: the address, the browser and its cookies, the page."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from duplex.accounts.browser import cookies
from duplex.accounts.browser.cookies import Cookies
from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.tables.lengths import USER_AGENT_MAX
from duplex.settings import Settings
from duplex.socket.limits import counted_address
from duplex.socket.origins import is_allowed
from duplex.web.errors import ApiError


@dataclass(frozen=True, slots=True)
class Visit:
    """The circumstances of one request."""

    address: str
    """The network address, or the /64 around it with IPv6."""
    user_agent: str
    origin: str
    """The address of the page, for links in mails and for passkeys: never a name that only the
    request itself gives, in production.
    """
    cookies: Cookies = field(repr=False)
    sent: dict[str, str] = field(repr=False)
    """The cookies of the request."""

    def cookie(self, kind: str) -> str | None:
        """The value of one of our cookies."""
        return self.cookies.read(self.sent, kind)

    def kept(self, purpose: str) -> str | None:
        """The browser's token of a mailed challenge."""
        return self.cookie(cookies.kept(purpose))


def get_visit(request: Request, services: ServicesDep) -> Visit:
    """The circumstances of this request."""
    settings = services.settings
    return Visit(
        address=counted_address(request.client),
        user_agent=_printable(request.headers.get("user-agent", ""))[:USER_AGENT_MAX],
        origin=_origin(request, services),
        cookies=Cookies(services.project.slug, production=settings.production),
        sent=cookies.parse(request.headers.getlist("cookie")),
    )


VisitDep = Annotated[Visit, Depends(get_visit)]


def _origin(request: Request, services: Services) -> str:
    settings = services.settings
    if configured := public_origin(settings):
        return configured
    given = request.headers.get("origin", "")
    host = request.headers.get("host", "")
    if is_allowed(given, request.scope["scheme"], host, settings.allowed_origins):
        return given.lower()
    return str(request.base_url).rstrip("/")


def public_origin(settings: Settings) -> str | None:
    """The page's address from the settings; None in development without one."""
    if settings.public_url:
        return settings.public_url
    if settings.production:
        return next((origin for origin in settings.allowed_origins if "*" not in origin), None)
    return None


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


async def require_own_page(request: Request, visit: VisitDep, services: ServicesDep) -> None:
    """A 403 unless the request comes from our page: browsers send cookies for any page.

    A browser names the page in `Origin` with every POST, but not when its own page only reads. A
    request with neither an origin nor one of our cookies comes from a program that acts for itself.
    """
    origin = request.headers.get("origin")
    reads = request.method in ("GET", "HEAD")
    if origin is None and (reads or not visit.cookies.any_in(visit.sent)):
        return
    host, scheme = request.headers.get("host", ""), request.scope["scheme"]
    allowed = services.settings.allowed_origins
    if origin is None or not is_allowed(origin, scheme, host, allowed):
        raise ApiError(403, "forbidden", "This request does not come from the page itself.")


OwnPage = Depends(require_own_page)
