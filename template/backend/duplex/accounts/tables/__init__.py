"""The tables of sign-in: the same ones whichever methods a project has chosen."""
