"""The stored form of entries, as other versions of the code write and read it."""

import json

import pytest
from duplex.wire.entries import VERSION, Entry, UnknownVersion

ENTRY = Entry(
    "say",
    '{"state":"say","data":"ünï\\n\\u2028 \\"x\\""'.encode(),
    sender="ada",
    request_id="1\n2",
    more=True,
    retain="latest",
    closes=True,
    private=True,
    departed=("bob", "eve"),
)


def stored(entry: Entry) -> tuple[dict[str, object], bytes]:
    """The fields of a stored entry, and its head."""
    fields, _, head = entry.dump().partition(b"\n")
    return json.loads(fields), head


def test_an_entry_is_read_as_it_was_stored() -> None:
    assert Entry.load(ENTRY.dump()) == ENTRY
    plain = Entry("say", b'{"state":"say","data":1')
    assert Entry.load(plain.dump(), seq=7, at=2.5) == Entry("say", plain.head, seq=7, at=2.5)


def test_fields_are_stored_by_name_so_their_order_means_nothing() -> None:
    fields, head = stored(ENTRY)
    assert fields["v"] == VERSION
    reordered = json.dumps(dict(reversed(fields.items()))).encode() + b"\n" + head
    assert Entry.load(reordered) == ENTRY


def test_an_entry_of_an_older_worker_without_a_field_is_read() -> None:
    fields, head = stored(ENTRY)
    del fields["departed"], fields["closes"]
    entry = Entry.load(json.dumps(fields).encode() + b"\n" + head)
    assert (entry.departed, entry.closes, entry.sender) == ((), False, "ada")


def test_a_field_that_a_newer_worker_added_is_ignored() -> None:
    fields, head = stored(ENTRY)
    fields["colour"] = "red"
    assert Entry.load(json.dumps(fields).encode() + b"\n" + head) == ENTRY


def test_an_entry_of_a_newer_version_is_refused() -> None:
    fields, head = stored(ENTRY)
    fields["v"] = VERSION + 1
    with pytest.raises(UnknownVersion, match=f"version {VERSION + 1}; this code reads {VERSION}"):
        Entry.load(json.dumps(fields).encode() + b"\n" + head)
