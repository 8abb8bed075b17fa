"""The arguments and answers of the scripts of rooms: joins and commits are sent as JSON."""

import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from duplex.brokers.base import Commit, Join, Joined, Presence, PresencePage
from duplex.brokers.redis.follower import read_rows
from duplex.brokers.redis.link import Answer
from duplex.wire import announcements
from duplex.wire.entries import Entry, UnknownVersion


def pack_join(request: Join, worker: str) -> bytes:
    """The arguments of the script `join`."""
    return to_json(
        {
            "participant": request.participant,
            "name": request.name,
            "data": Presence(request.participant, request.name).data().decode(),
            "user": "" if request.user is None else f"u{request.user}",
            "connection": request.connection,
            "token": request.token_hash,
            "resume_token": request.resume_hash or "",
            "resume_epoch": request.resume_epoch or "",
            "resume_seq": request.resume_seq,
            "seeded": request.seed is not None,
            "epoch": secrets.token_hex(8),
            "worker": worker,
            "owner": request.owner if request.allowed else "",
            "allowed": request.allowed,
        }
    )


def read_joined(answer: Answer) -> tuple[Joined, int]:
    """The answer of the script `join`: the joined participant, and in how many milliseconds the
    room's next deadline is due (-1: none).
    """
    _, participant, name, epoch, seq, document, held, *more = answer
    page, total, resumed, rows, due = more
    joined = Joined(
        participant=participant.decode(),
        name=name.decode(),
        epoch=epoch.decode(),
        seq=seq,
        document=announcements.merge_held(document, read_held(held)),
        present=PresencePage([Presence.read(data) for data in page], total),
        resumed=resumed == 1,
        replay=_read_replay(rows),
    )
    return joined, due


def read_present(answer: Answer) -> list[Presence]:
    """The answer of the script `present`: everybody in a room, with their accounts."""
    return [
        Presence.read(data, user.decode()[1:] or None)
        for data, user in zip(answer[::2], answer[1::2], strict=True)
    ]


def read_page(rows: Answer, total: int, limit: int) -> PresencePage:
    """A page of at most `limit` participants, of rows and their numbers, as ZRANGEBYSCORE gives
    them: one row more than `limit` if there is a following page.
    """
    data, numbers = rows[::2], rows[1::2]
    following = numbers[limit - 1].decode() if len(data) > limit else None
    return PresencePage([Presence.read(one) for one in data[:limit]], total, following)


def pack_commit(commit: Commit, nonce: str) -> dict[str, Any]:
    """The arguments of the script `commit`. `nonce`: of the claim that this process holds."""
    entries, reply = commit.entries, commit.reply
    locked = commit.lock is not None and commit.document is not None
    packed: dict[str, Any] = {
        "fence": str(commit.lock.token) if commit.lock is not None and locked else "",
        "epoch": commit.epoch,
        "ends": commit.ends,
        "entries": _sizes(entries),
    }
    if commit.claim is not None:
        packed["participant"], packed["request"] = commit.claim
        packed["nonce"] = nonce
    if commit.claim is not None and reply is not None:
        packed["reply"] = next((i for i, one in enumerate(entries, 1) if one is reply), 0)
        packed["reply_size"] = reply.size()
        packed["settles"] = commit.settles
        packed["endings"] = _sizes(commit.endings)
    if commit.within is not None:
        packed["within"] = " ".join(commit.within)
        packed["nonce"] = nonce
    if commit.holds:
        packed["holds"] = [
            {"name": to_json(field).decode(), "value": value.decode()}
            for field, value in commit.holds.items()
        ]
    return packed


def _sizes(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Facts about entries that the scripts need beside their stored form."""
    return [{"size": one.size(), "retain": one.retain, "state": one.state} for one in entries]


def read_held(packed: bytes | None) -> dict[str, bytes]:
    """The held fields of a room's document, from one JSON object."""
    held: dict[str, JsonValue] = from_json(packed) if packed else {}
    return {field: to_json(value) for field, value in held.items()}


def read_reply(kept: bytes) -> Entry | None:
    """A handled request's reply, kept as `<seq> <dump>`; empty where it was too big to keep."""
    seq, _, dump = kept.partition(b" ")
    try:
        return Entry.load(dump, seq=int(seq)) if dump else None
    except UnknownVersion:
        return None


def _read_replay(rows: Sequence[Sequence[Answer]] | None) -> list[Entry] | None:
    """The entries a resumed participant missed; None if one is no longer kept or cannot be read."""
    try:
        return None if rows is None else read_rows(rows)
    except UnknownVersion:
        return None
