"""The messages on the socket: constants, models, errors, frames and log entries."""
