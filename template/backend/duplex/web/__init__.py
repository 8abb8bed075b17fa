"""The HTTP side: errors, headers, health, the database and the built page."""
