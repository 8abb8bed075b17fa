"""One socket: handshake, limits, outbox and the transports it is written to."""
