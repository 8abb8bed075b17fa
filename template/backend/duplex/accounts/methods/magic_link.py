"""Signing in with a mailed link or code.

The response is the same for an address without an account; only the mail differs.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Response
from pydantic import BaseModel

from duplex.accounts import mailed
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.emails import Email
from duplex.accounts.mailed import Mailed, MailedProof
from duplex.accounts.methods.base import Method
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.web.errors import Problem

PATH = "/sign-in/confirm"
"""The page that the mail links to."""

router = APIRouter(
    prefix="/api/v1/auth/magic-link",
    tags=["magic link"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)


class MagicLink(Method):
    """A mailed link, or the code in the same mail."""

    mails = ("sign_in_link",)
    signs_up = True

    def routers(self) -> Sequence[APIRouter]:
        """Two requests: send a mail, then sign in with it."""
        return (router,)


class MagicLinkForm(BaseModel):
    """The address of the account."""

    email: Email


@router.post("", status_code=202)
async def request_magic_link(
    form: MagicLinkForm, response: Response, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for a mail with a link that signs in."""
    return await mailed.send_to_owner(
        services, visit, response, "sign-in", "sign_in_link", form.email, PATH, detail="magic link"
    )


@router.post("/sign-in", responses={409: {"model": Problem}, 410: {"model": Problem}})
async def sign_in_with_magic_link(
    proof: MailedProof, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Sign in with the mail's token or code, in the browser that requested it."""
    return await mailed.sign_in(signing_in, "sign-in", proof)
