"""`python -m duplex_server PORT`: serves `duplex_app` on loopback, set up as in production."""

import sys

from duplex.server import ServerConfig
from duplex.socket.uvicorn_protocol import PreparedProtocol
from uvicorn import Server

if __name__ == "__main__":
    config = ServerConfig(
        "duplex_app:create_app",
        factory=True,
        port=int(sys.argv[1]),
        log_level="error",
        loop="uvloop",
        ws=PreparedProtocol,
        ws_per_message_deflate=False,
        access_log=False,
    )
    Server(config).run()
