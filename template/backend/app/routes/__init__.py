"""YOURS: REST routes, one module per subject; `main.py` lists the routers."""
