"""The end of every way of signing in: a second step, or tokens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from duplex.accounts import challenges
from duplex.accounts.browser import cookies
from duplex.accounts.browser.visit import Visit, VisitDep
from duplex.accounts.events import record
from duplex.accounts.hashes import new_token, token_hash
from duplex.accounts.notices import notify
from duplex.accounts.profile import Profile
from duplex.accounts.services import Services, ServicesDep
from duplex.accounts.sign_in import refresh_tokens, tokens
from duplex.accounts.sign_in.current import Active, PresentDep
from duplex.accounts.tables.account import Account
from duplex.accounts.tables.sign_ins import KnownBrowser, SignIn
from duplex.web.database import now

SECOND_STEP = timedelta(minutes=5)
"""Time between the first factor and the second one."""

BROWSER_KEPT = timedelta(days=400)
"""The longest time that browsers keep a cookie."""


class SignedIn(BaseModel):
    """Kept in the page's memory; the refresh token travels in a cookie that no script can read."""

    status: Literal["signed_in"] = "signed_in"
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    """Seconds."""
    user: Profile


class SecondStep(BaseModel):
    """The first factor was right; another one has to be shown before anything else."""

    status: Literal["second_step"] = "second_step"
    method: str
    """Such as `totp`."""
    challenge: str
    """Valid only for this step."""
    expires_in: int
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision of `SignInRequest.grant`; its `answer` makes the response after the commit."""

    user: Account
    sign_in: SignIn | None = None
    refresh: refresh_tokens.Granted | None = None
    browser: str | None = None
    ended: refresh_tokens.Ended | None = None
    second_step: SecondStep | None = None


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """A request that may sign a user in."""

    services: Services
    visit: Visit
    response: Response
    present: Active | None
    """The user who is signed in already, by the access token of the request."""

    async def grant(
        self, db: AsyncSession, user: Account, method: str, *, all_factors: bool = False
    ) -> Outcome:
        """Sign in a user who has shown a factor, in the transaction that consumes the factor.

        `all_factors`: no other factor is required. With a valid access token of the same user,
        that sign-in is confirmed and no new one is started.
        """
        if not all_factors:
            name = await self.services.second_factor(db, user.id)
            if name is not None:
                return Outcome(user, second_step=self._second_step(db, user, method, name))
        if self.present is not None and self.present.user.id == user.id:
            sign_in = await db.get_one(SignIn, self.present.sign_in.id)
            if refresh_tokens.is_alive(sign_in):
                return await self._confirm(db, user, sign_in, method)
        shown = self.visit.cookie(cookies.REFRESH)
        ended = await refresh_tokens.revoke(db, shown) if shown else None
        granted = await refresh_tokens.start(
            db,
            user,
            methods=method,
            address=self.visit.address,
            user_agent=self.visit.user_agent,
        )
        record(db, self.visit, "signed_in", user_id=user.id, detail=method)
        browser = await self._remember_browser(db, user)
        return Outcome(user, granted.sign_in, granted, browser, ended)

    async def answer(self, outcome: Outcome) -> SignedIn | SecondStep:
        """The response, its cookies included; after the transaction was committed."""
        if outcome.second_step is not None:
            return outcome.second_step
        if outcome.ended is not None:
            await self.services.engine.revoke(outcome.ended.user_id, outcome.ended.sign_in_id)
        jar = self.visit.cookies
        if outcome.browser is not None:
            seconds = BROWSER_KEPT.total_seconds()
            jar.set(self.response, cookies.BROWSER, outcome.browser, seconds)
        assert outcome.sign_in is not None, "an outcome without a second step is a sign-in"
        return self.signed_in(outcome.user, outcome.sign_in, outcome.refresh)

    def signed_in(
        self, user: Account, sign_in: SignIn, refresh: refresh_tokens.Granted | None
    ) -> SignedIn:
        """The tokens: the refresh token as a cookie, the rest as the body."""
        if refresh is not None:
            self.visit.cookies.set(self.response, cookies.REFRESH, refresh.token, refresh.seconds)
        keys, slug = self.services.settings.secret_keys, self.services.project.slug
        return SignedIn(
            access_token=tokens.sign(keys, slug, user.id, sign_in.id),
            expires_in=tokens.LIFETIME,
            user=Profile.of(user),
        )

    def _second_step(self, db: AsyncSession, user: Account, method: str, name: str) -> SecondStep:
        issued = challenges.issue(
            db,
            "second-step",
            user_id=user.id,
            data={"first": method},
            lifetime=SECOND_STEP,
            mailed=False,
        )
        seconds = int(SECOND_STEP.total_seconds())
        return SecondStep(method=name, challenge=issued.kept, expires_in=seconds)

    async def _confirm(
        self, db: AsyncSession, user: Account, sign_in: SignIn, method: str
    ) -> Outcome:
        sign_in.confirmed_at = now()
        sign_in.methods = method
        record(db, self.visit, "confirmed", user_id=user.id, detail=method)
        return Outcome(user, sign_in, await refresh_tokens.renew(db, sign_in))

    async def _remember_browser(self, db: AsyncSession, user: Account) -> str:
        """Recognise this browser, or remember it and notify the user of a new device."""
        token = self.visit.cookie(cookies.BROWSER) or new_token()
        known = await db.scalar(
            update(KnownBrowser)
            .where(KnownBrowser.user_id == user.id, KnownBrowser.token_hash == token_hash(token))
            .values(seen_at=now())
            .returning(KnownBrowser.id)
            .execution_options(synchronize_session=False)
        )
        if known is None:
            others = await db.scalar(
                select(func.count(KnownBrowser.id)).where(KnownBrowser.user_id == user.id)
            )
            db.add(KnownBrowser(user_id=user.id, token_hash=token_hash(token)))
            if others:
                notify(self.services, db, self.visit, "new_device", user.email)
        return token


def get_sign_in_request(
    services: ServicesDep, visit: VisitDep, response: Response, present: PresentDep
) -> SignInRequest:
    """The request that may sign a user in."""
    return SignInRequest(services, visit, response, present)


SignInRequestDep = Annotated[SignInRequest, Depends(get_sign_in_request)]
