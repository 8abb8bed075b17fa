"""A rolling deploy: workers of a newer version share the store with older ones."""

import json

import pytest
from duplex.brokers.base import Claim, Commit
from duplex.wire.entries import VERSION, Entry
from duplex_dev.testing.servers import Valkey

from tests.engine.brokers.processes import Open
from tests.engine.brokers.promises import joined, resumed, say
from tests.engine.brokers.support import message


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Entry:
    """A message that its worker stores in a form this version cannot read."""
    entry = message("from the future", request_id="1")
    dump = Entry.dump

    def dumped(self: Entry) -> bytes:
        if self is not entry:
            return dump(self)
        fields, _, head = dump(self).partition(b"\n")
        return json.dumps(json.loads(fields) | {"v": VERSION + 1}).encode() + b"\n" + head

    monkeypatch.setattr(Entry, "dump", dumped)
    return entry


async def test_members_of_an_older_worker_resume_when_a_newer_one_writes(
    valkey: Valkey, process: Open, room: str, newer: Entry, caplog: pytest.LogCaptureFixture
) -> None:
    older, writer = await process(valkey.url), await process(valkey.url)
    ada = await joined(older, room, "ada")
    await joined(writer, room, "bob")
    await writer.broker.commit(Commit(room, [newer]))
    await older.record.until(lambda: ("lost", room) in older.record.events)
    assert f"its entries are stored with version {VERSION + 1}" in caplog.text
    # They are given the document instead of the messages, and go on from there.
    back = await resumed(older, room, "ada", ada.epoch, ada.seq)
    assert (back.resumed, back.replay, back.seq) == (True, None, 3)
    await say(writer, room, "plain")
    await older.record.until(lambda: older.record.seqs(room)[-1:] == [4])
    assert [one[0] for one in older.record.events] == ["lost", "taken_over"]


async def test_a_reply_in_a_newer_format_counts_as_no_longer_kept(
    valkey: Valkey, process: Open, room: str, newer: Entry
) -> None:
    older, writer = await process(valkey.url), await process(valkey.url)
    await joined(writer, room, "ada")
    await writer.broker.claim(room, "ada", "1", 0)
    await writer.broker.commit(Commit(room, [newer], claim=("ada", "1"), reply=newer))
    assert await older.broker.claim(room, "ada", "1", 0) == Claim("done", None)


async def test_a_room_with_entries_of_a_newer_worker_can_be_watched(
    valkey: Valkey, process: Open, room: str, newer: Entry
) -> None:
    writer = await process(valkey.url)
    await joined(writer, room, "bob")
    await writer.broker.commit(Commit(room, [newer]))
    older = await process(valkey.url)
    ada = await joined(older, room, "ada")
    assert ada.seq == 3
    await older.record.until(lambda: older.record.seqs(room) == [3])
