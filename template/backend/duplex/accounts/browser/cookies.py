"""The cookies of sign-in: out of reach for scripts, other sites, and neighbours on a domain."""

from collections.abc import Iterable, Mapping

from fastapi import Response

REFRESH = "refresh"
"""The refresh token."""

BROWSER = "browser"
"""Recognises a browser that an account was used in before."""

PATH = "/api/v1/auth"


def kept(purpose: str) -> str:
    """The kind of cookie that holds the browser's token of a mailed challenge."""
    return f"kept-{purpose}"


def parse(headers: Iterable[str]) -> dict[str, str]:
    """The cookies in the `Cookie` headers of a request.

    Names are taken exactly: a parser that strips all spaces of Unicode would take a cookie that a
    neighbour has set as `\xa0__Host-…` for ours. If a name occurs twice, the first one counts:
    browsers send the cookie with the longest path first.
    """
    found: dict[str, str] = {}
    for header in headers:
        for pair in header.split(";"):
            name, _, value = pair.partition("=")
            found.setdefault(name.strip(" \t"), value.strip(" \t"))
    return found


class Cookies:
    """Names and attributes of the cookies of one application.

    In production their names begin with `__Host-`: no other sub-domain can set them. Elsewhere
    (`http://127.0.0.1`) that is impossible; cookies there are shared by all ports of a host, so
    the project's slug keeps two projects apart.
    """

    def __init__(self, slug: str, *, production: bool) -> None:
        self._prefix = f"__Host-{slug}-" if production else f"{slug}-"
        self._secure = production
        # `__Host-` demands this path.
        self._path = "/" if production else PATH

    def name(self, kind: str) -> str:
        """The name of the cookie."""
        return f"{self._prefix}{kind}"

    def read(self, cookies: Mapping[str, str], kind: str) -> str | None:
        """The value that a request carries."""
        return cookies.get(self.name(kind)) or None

    def any_in(self, cookies: Mapping[str, str]) -> bool:
        """Whether a request carries a cookie of ours."""
        return any(name.startswith(self._prefix) for name in cookies)

    def set(self, response: Response, kind: str, value: str, seconds: float) -> None:
        """Make the browser keep a value for so long."""
        response.set_cookie(
            self.name(kind),
            value,
            max_age=int(seconds),
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )

    def clear(self, response: Response, kind: str) -> None:
        """Make the browser forget it."""
        response.delete_cookie(
            self.name(kind),
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )
