"""The handled requests of a participant, as the memory broker keeps them."""

from duplex.brokers.memory.history import Handled
from duplex.brokers.values import Retention
from duplex.wire.entries import Entry


def reply(text: str) -> Entry:
    return Entry("echo", text.encode(), private=True)


def settled(handled: Handled, request_id: str, text: str, now: float) -> None:
    assert handled.claim(request_id, now).outcome == "new"
    handled.settle(request_id, reply(text), now)


def test_a_handled_request_is_forgotten_after_its_time_and_its_reply_with_it() -> None:
    handled = Handled(Retention(seconds=10.0))
    settled(handled, "a", "first", 0.0)
    settled(handled, "b", "second", 5.0)
    assert handled.claim("a", 10.0).reply == reply("first")
    assert handled.claim("b", 12.0).reply == reply("second")
    assert len(handled) == 1
    assert handled.claim("a", 12.0).outcome == "new"


def test_the_oldest_replies_are_dropped_first_but_their_requests_are_not_repeated() -> None:
    handled = Handled(Retention(size=1500, seconds=10.0))
    for number in range(20):
        settled(handled, str(number), "x" * 200, float(number) / 10)
    outcomes = [handled.claim(str(number), 3.0) for number in range(20)]
    assert {outcome.outcome for outcome in outcomes} == {"done"}
    kept = [outcome.reply is not None for outcome in outcomes]
    assert kept == sorted(kept)
    assert 0 < sum(kept) < 10
    # Nothing is left of replies that were dropped before their requests were forgotten.
    settled(handled, "last", "x" * 200, 20.0)
    assert len(handled) == 1
    assert handled.claim("last", 20.0).reply == reply("x" * 200)


def test_a_request_that_is_settled_again_has_its_new_reply_and_age() -> None:
    handled = Handled(Retention(seconds=10.0))
    settled(handled, "a", "first", 0.0)
    settled(handled, "b", "second", 1.0)
    handled.settle("a", reply("third"), 5.0)
    assert handled.claim("a", 14.0).reply == reply("third")
    assert handled.claim("b", 14.0).outcome == "new"
    assert len(handled) == 2
