"""What the template's own commands and tests share; nothing of it is rendered."""
