"""The AsyncAPI document of the socket, and its readable page."""
