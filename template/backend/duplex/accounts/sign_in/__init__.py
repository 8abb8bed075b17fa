"""Sign-ins with their tokens and cookies, and the user of a request, for all methods."""
