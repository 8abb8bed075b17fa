"""YOURS: one module per table. Modules are discovered; there is no list to keep."""
