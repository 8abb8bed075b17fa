"""Getting in without a passkey, by mail: to add a new one after the old one was lost."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from duplex.accounts import mailed
from duplex.accounts.browser.visit import OwnPage, VisitDep
from duplex.accounts.emails import Email
from duplex.accounts.mailed import Mailed, MailedProof
from duplex.accounts.services import ServicesDep
from duplex.accounts.sign_in.granting import SecondStep, SignedIn, SignInRequestDep
from duplex.web.errors import Problem

PATH = "/recover-account/confirm"
"""The page that the mail links to."""

router = APIRouter(
    prefix="/api/v1/auth/passkeys/recover",
    tags=["passkeys"],
    dependencies=[OwnPage],
    responses={403: {"model": Problem}, 429: {"model": Problem}},
)


class AccountRecovery(BaseModel):
    """The address of the account."""

    email: Email


@router.post("", status_code=202)
async def recover_account(
    form: AccountRecovery, response: Response, services: ServicesDep, visit: VisitDep
) -> Mailed:
    """Ask for a mail that signs in without a passkey."""
    return await mailed.send_to_owner(
        services,
        visit,
        response,
        "recover-account",
        "recover_account",
        form.email,
        PATH,
        detail="recover account",
    )


@router.post("/confirm", responses={409: {"model": Problem}, 410: {"model": Problem}})
async def confirm_recovery(
    proof: MailedProof, signing_in: SignInRequestDep
) -> SignedIn | SecondStep:
    """Sign in with the mail's token or code; afterwards the user adds a passkey."""
    return await mailed.sign_in(signing_in, "recover-account", proof)
