"""Drops messages that a slow consumer need not receive."""

from collections.abc import Sequence

from duplex.wire.frames import Frame, skipped


def thinned(outbox: Sequence[Frame]) -> list[Frame]:
    """`outbox` without unretained messages and all but the latest of a kind.

    A `skipped` notice with the number of the last dropped message replaces dropped room messages,
    so that the client does not take the gap for a loss. The notice itself is unretained: when the
    outbox is thinned again, it becomes part of the next one.
    """
    newest = {frame.state: frame for frame in outbox if frame.retain == "latest"}
    kept: list[Frame] = []
    through = 0
    for frame in outbox:
        if frame.retain == "all" or newest.get(frame.state) is frame:
            if through and frame.seq:
                kept.append(skipped(through))
                through = 0
            kept.append(frame)
        elif frame.seq:
            through = frame.seq
    if through:
        kept.append(skipped(through))
    return kept
