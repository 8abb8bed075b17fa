from app.snapshot import ENTRIES_KEPT, Entry, Snapshot


def test_old_entries_make_room() -> None:
    snapshot = Snapshot()
    for number in range(ENTRIES_KEPT + 3):
        snapshot.add(Entry(state="a", text=str(number), by="Ada"))
    assert len(snapshot.entries) == ENTRIES_KEPT
    assert [snapshot.entries[0].text, snapshot.entries[-1].text] == ["3", str(ENTRIES_KEPT + 2)]


def test_a_stored_snapshot_can_be_read_again() -> None:
    snapshot = Snapshot()
    snapshot.add(Entry(state="a", text="0", by="Ada"))
    assert Snapshot.model_validate_json(snapshot.model_dump_json()) == snapshot
