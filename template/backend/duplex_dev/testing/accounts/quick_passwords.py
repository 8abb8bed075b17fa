"""`python -m duplex_dev.testing.accounts.quick_passwords`: serves with passwords that hash quickly.

`poe e2e` uses it: hashing as in production would be a third of the work of the browser tests, which
sign up and sign in all the time. The memory and time of the real hashes have tests of their own.
"""

from unittest.mock import patch

from argon2 import PasswordHasher

from duplex import server
from duplex.accounts.methods.password import hashing
from duplex_dev.project import load_settings

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

if __name__ == "__main__":
    with patch.object(hashing, "_hasher", QUICK):
        server.run("app.main:create_app", load_settings())
