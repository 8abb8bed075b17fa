"""YOURS: one module per state name. Modules are discovered; there is no list to keep."""
