"""A conversation that is written by hand, whose record the checker accepts."""

import copy

from duplex_dev.testing.promises.record import Closed, Frame, Got, Opened, Record, Sent


class Play:
    """Ada and Bob in one session, played by hand: a good conversation, to be falsified."""

    def __init__(self) -> None:
        self.ada, self.bob = Record("ada", "s"), Record("bob", "s")
        self._time = 0.0
        self._seq = 0
        self._lines: list[str] = []
        self._here: list[str] = []

    def now(self) -> float:
        self._time += 1
        return self._time

    def open(self, who: Record, asked: int | None = None, *, recovered: bool = False) -> None:
        """`initialised`: newly, or resumed from `asked`."""
        hello_at = self.now()
        if who.name not in self._here:
            self._seq += 1
            self._here.append(who.name)
            joined = {"participant": who.name, "name": who.name}
            self._tell({"state": "joined", "data": joined, "seq": self._seq}, but=who)
        data: Frame = {
            "participant": who.name,
            "participants": [{"participant": one} for one in self._here],
            "epoch": "e",
            "seq": self._seq,
            "recovered": recovered,
            "snapshot": {"lines": list(self._lines)},
        }
        resume = None if asked is None else {"token": "t", "epoch": "e", "seq": asked}
        who.events.append(Opened(self.now(), hello_at, resume, data))

    def send(self, who: Record, request_id: str, state: str, **data: object) -> None:
        fields = {"text": f"{request_id} {state}"} | data
        who.events.append(Sent(self.now(), request_id, state, fields))

    def message(self, who: Record, request_id: str, state: str) -> None:
        """A request is handled, and everybody who is connected hears it."""
        self._seq += 1
        text = f"{request_id} {state}"
        if state == "note":
            self._lines.append(text)
        frame = {"state": state, "data": {"text": text}, "seq": self._seq}
        self._tell(frame, who, request_id)

    def jot(self, who: Record, request_id: str) -> None:
        self._lines.append(f"{request_id} jot")
        data = {"text": f"{request_id} jot", "place": len(self._lines) - 1}
        who.events.append(Got(self.now(), {"state": "jot", "data": data, "id": request_id}))

    def piece(self, who: Record, request_id: str, number: int | None) -> None:
        """One message of a stream; None for its end."""
        self._seq += 1
        data = None if number is None else {"text": f"{request_id} count", "number": number}
        frame: Frame = {"state": "count", "data": data, "seq": self._seq}
        if number is not None:
            frame["more"] = True
        self._tell(frame, who, request_id)

    def error(self, who: Record, request_id: str, code: str) -> None:
        frame = {"state": "error", "error": "A sentence.", "code": code, "id": request_id}
        who.events.append(Got(self.now(), frame))

    def announce(self, *joined: str) -> None:
        """Several participants came, and it is announced at once."""
        self._seq += 1
        self._here += joined
        people = [{"participant": name, "name": name} for name in joined]
        data = {"joined": people, "left": [], "total": len(self._here)}
        self._tell({"state": "presence", "data": data, "seq": self._seq})

    def hold(self, value: object) -> None:
        """A request holds a field of the document; who sent it is not part of the message."""
        self._seq += 1
        self._tell({"state": "held", "data": {"round": value}, "seq": self._seq})

    def close(self, who: Record) -> None:
        who.events.append(Closed(self.now(), 1006))

    def _tell(
        self,
        frame: Frame,
        sender: Record | None = None,
        request_id: str = "",
        *,
        but: Record | None = None,
    ) -> None:
        for one in (self.ada, self.bob):
            if not one.openings or one is but:
                continue
            extra = {"id": request_id} if one is sender else {}
            if sender is not None and one is not sender:
                extra = {"from": sender.name}
            one.events.append(Got(self.now(), copy.deepcopy(frame) | extra))


def good() -> Play:
    """Ada loses her connection after 5 and gets 6 and 7 when she is back, as 7 again."""
    play = Play()
    ada, bob = play.ada, play.bob
    play.open(ada)
    play.open(bob)
    play.send(ada, "ada-1", "say")
    play.send(ada, "ada-2", "note")
    play.message(ada, "ada-1", "say")
    play.message(ada, "ada-2", "note")
    play.send(bob, "bob-1", "jot")
    play.jot(bob, "bob-1")
    play.send(ada, "ada-3", "note")
    play.error(ada, "ada-3", "broker_unavailable")
    play.send(ada, "ada-4", "say")
    play.message(ada, "ada-4", "say")
    play.close(ada)
    play.open(ada, 5, recovered=True)
    play.send(ada, "ada-3", "note")
    play.message(ada, "ada-3", "note")
    play.send(bob, "bob-2", "count", upto=2)
    play.piece(bob, "bob-2", 0)
    play.piece(bob, "bob-2", 1)
    play.piece(bob, "bob-2", None)
    play.open(bob, 9, recovered=True)
    return play
