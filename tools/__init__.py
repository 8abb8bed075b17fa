"""Code shared by the template's commands and tests; it is not rendered."""
