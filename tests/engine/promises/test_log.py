"""The replay log is bounded, and always reports missing entries."""

from duplex.brokers.base import Retention
from duplex.brokers.memory.history import Log
from duplex.wire.entries import Entry, Retain
from hypothesis import given, settings
from hypothesis import strategies as st


def entry(retain: Retain = "all", state: str = "s", size: int = 0) -> Entry:
    return Entry(state, b"x" * size, retain=retain)


def numbers(entries: list[Entry] | None) -> list[int] | None:
    return None if entries is None else [one.seq for one in entries]


def test_sequence_numbers_have_no_gaps() -> None:
    log = Log(Retention(count=2))
    made = [entry(retain) for retain in ("all", "none", "latest", "all")]
    for one in made:
        log.append(one, 0.0)
    assert [one.seq for one in made] == [1, 2, 3, 4]


def test_entries_above_the_count_are_missing_from_replays() -> None:
    log = Log(Retention(count=3))
    for _ in range(5):
        log.append(entry(), 0.0)
    assert numbers(log.after(2, 0.0)) == [3, 4, 5]
    assert log.after(1, 0.0) is None


def test_bytes_and_age_limit_the_log_too() -> None:
    by_size = Log(Retention(size=1000))
    for _ in range(10):
        by_size.append(entry(size=236), 0.0)
    assert by_size.size <= 1000
    assert len(by_size) == 3
    by_age = Log(Retention(seconds=10.0))
    by_age.append(entry(), 0.0)
    by_age.append(entry(), 5.0)
    assert numbers(by_age.after(1, 10.5)) == [2]
    assert by_age.after(0, 10.5) is None


def test_messages_that_are_not_retained_do_not_prevent_a_replay() -> None:
    log = Log(Retention(count=2))
    for retain in ("all", "none", "none", "latest", "latest", "none"):
        log.append(entry(retain), 0.0)
    assert numbers(log.after(0, 0.0)) == [1, 5]


def test_a_resume_from_a_future_number_is_refused() -> None:
    assert Log(Retention()).after(1, 0.0) is None


retains: st.SearchStrategy[Retain] = st.sampled_from(["all", "latest", "none"])


@settings(max_examples=200, deadline=None, database=None)
@given(
    made=st.lists(st.tuples(retains, st.sampled_from("ab"), st.integers(0, 300)), max_size=60),
    count=st.integers(0, 20),
    size=st.integers(0, 3000),
    seen=st.integers(0, 61),
)
def test_a_replay_is_complete_or_refused(
    made: list[tuple[Retain, str, int]], count: int, size: int, seen: int
) -> None:
    log = Log(Retention(count=count, size=size))
    entries = [entry(retain, state, bytes_) for retain, state, bytes_ in made]
    for one in entries:
        log.append(one, 0.0)
        assert len(log) <= count
        assert log.size <= size
    replay = log.after(seen, 0.0)
    if seen > len(entries):
        assert replay is None
        return
    latest = {one.state: one.seq for one in entries if one.retain == "latest"}
    needed = [
        one.seq
        for one in entries
        if one.seq > seen
        and (one.retain == "all" or (one.retain == "latest" and latest[one.state] == one.seq))
    ]
    assert replay is None or numbers(replay) == needed
    if count >= len(entries) and size >= sum(one.size() for one in entries):
        assert replay is not None
