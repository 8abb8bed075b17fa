"""The time of a health check while sockets flood the server, for each kind of frame.

`python benchmarks/floods.py [--seconds 3] [--sockets 4]`. Each kind of frame is sent before and
after the hello; a socket that the server drops reconnects at once. A kind takes some seconds.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from servers import Server, duplex, serving
from websockets.frames import Frame, Opcode

PIECE = 16 * 1024
KINDS = {
    "pings": (Opcode.PING, b"", True),
    "pings with content": (Opcode.PING, b"x" * 125, True),
    "pongs": (Opcode.PONG, b"", True),
    "empty fragments": (Opcode.CONT, b"", False),
    "small fragments": (Opcode.CONT, b"x", False),
    "empty text": (Opcode.TEXT, b"", True),
    "tiny text": (Opcode.TEXT, b"{}", True),
    "tiny binary": (Opcode.BINARY, b"x", True),
}
PREPARED = duplex()


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


def connect(port: int) -> socket.socket:
    """A socket whose handshake was answered; raises OSError when it was refused."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=5)
    peer.sendall(
        f"GET /socket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    if b" 101 " not in peer.recv(4096):
        raise ConnectionRefusedError
    return peer


def flood(port: int, kind: str, hello: bool, rate: int, reads: bool) -> None:
    """Send one kind of frame at `rate` bytes a second, for ever; connect again when dropped."""
    opcode, data, fin = KINDS[kind]
    frame = masked(opcode, data, fin=fin)
    block = frame * (PIECE // len(frame))
    while True:
        with suppress(OSError), connect(port) as peer:
            if hello:
                peer.sendall(masked(Opcode.TEXT, b"{}"))
                peer.recv(4096)
            if opcode == Opcode.CONT:
                peer.sendall(masked(Opcode.TEXT, b"", fin=False))
            begun, sent = time.monotonic(), 0
            while True:
                peer.sendall(block)
                sent += len(block)
                if reads:
                    with suppress(BlockingIOError):
                        peer.recv(65536, socket.MSG_DONTWAIT)
                time.sleep(max(0.0, sent / rate - (time.monotonic() - begun)))
        time.sleep(0.05)


@contextmanager
def flooding(port: int, kind: str, hello: bool, options: argparse.Namespace) -> Iterator[None]:
    """So many processes that flood, until the end of the `with`."""
    command = [sys.executable, __file__, "--flood", str(port), kind, str(int(hello))]
    command += ["--rate", str(options.rate), *(["--reads"] if options.reads else [])]
    floods = [subprocess.Popen(command) for _ in range(options.sockets)]
    try:
        yield
    finally:
        for each in floods:
            each.kill()
            each.wait()


async def health(port: int, seconds: float) -> list[float]:
    """Milliseconds of each health check, one after another."""
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        assert b" 200 " in answer, answer
        writer.close()
        times.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.01)
    return times


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98] if len(times) > 1 else times[0]


def measure(server: Server, options: argparse.Namespace) -> None:
    port = server.ports[0]
    asyncio.run(health(port, 0.5))
    alone = p99(asyncio.run(health(port, options.seconds)))
    print(f"{'without a flood':36} p99 {alone:7.2f} ms", flush=True)
    for kind in KINDS:
        for hello in (False, True):
            before = server.rss()
            with flooding(port, kind, hello, options):
                time.sleep(0.5)
                times = asyncio.run(health(port, options.seconds))
            grown = (server.rss() - before) / 2**20
            name = f"{kind}, {'after' if hello else 'before'} the hello"
            print(
                f"{name:36} p99 {p99(times):7.2f} ms ({p99(times) / alone:4.1f}x),"
                f" worst {max(times):7.2f} ms, memory +{grown:.1f} MiB",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--sockets", type=int, default=4)
    parser.add_argument("--rate", type=int, default=2 * 2**20, help="bytes a second of a socket")
    parser.add_argument("--reads", action="store_true", help="read what the server answers")
    parser.add_argument(
        "--flood", nargs=3, metavar=("PORT", "KIND", "HELLO"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    # The server has core 0 for itself.
    os.sched_setaffinity(0, {1})
    if options.flood:
        port, kind, hello = options.flood
        flood(int(port), kind, hello == "1", options.rate, options.reads)
    with serving(PREPARED, env={"BENCH_LIMITS": "default"}) as server:
        measure(server, options)


if __name__ == "__main__":
    main()
