"""The tables of sign-in, which are the same for all methods."""
