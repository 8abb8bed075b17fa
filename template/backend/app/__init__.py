"""The backend: a session over one WebSocket, its REST API and the page."""
