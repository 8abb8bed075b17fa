"""The handled requests of a participant, as the memory broker keeps them."""

from duplex.brokers.memory.history import Handled
from duplex.brokers.values import Retention
from duplex.wire.entries import Entry


def reply(request_id: str, text: str) -> Entry:
    return Entry("echo", text.encode(), request_id=request_id, private=True)


def settled(handled: Handled, request_id: str, text: str, now: float) -> None:
    assert handled.claim(request_id, now).outcome == "new"
    handled.settle(request_id, reply(request_id, text), now)


def test_a_handled_request_is_forgotten_after_its_time_and_its_reply_with_it() -> None:
    handled = Handled(Retention(seconds=10.0))
    settled(handled, "a", "first", 0.0)
    settled(handled, "b", "second", 5.0)
    assert handled.claim("a", 10.0).reply == reply("a", "first")
    assert handled.claim("b", 12.0).reply == reply("b", "second")
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
    assert handled.claim("last", 20.0).reply == reply("last", "x" * 200)


def test_a_request_that_is_settled_again_has_its_new_reply_and_age() -> None:
    handled = Handled(Retention(seconds=10.0))
    settled(handled, "a", "first", 0.0)
    settled(handled, "b", "second", 1.0)
    handled.settle("a", reply("a", "third"), 5.0)
    assert handled.claim("a", 14.0).reply == reply("a", "third")
    assert handled.claim("b", 14.0).outcome == "new"
    assert len(handled) == 2


def test_a_kept_reply_to_everybody_is_sent_again_as_its_sender_received_it() -> None:
    handled = Handled(Retention())
    handled.claim("a", 0.0)
    sent = Entry("echo", b'{"state":"echo","data":1', "p1", "a", retain="latest", seq=7)
    handled.settle("a", sent, 0.0)
    kept = handled.claim("a", 1.0).reply
    assert kept is not None
    assert (kept.for_sender(), kept.seq, kept.state) == (sent.for_sender(), 7, "echo")
