"""The starter code, which `_skip_if_exists` and `_exclude` of copier.yml list."""

from functools import partial

from duplex_dev.update import releases

STARTER = (
    "/backend/app/document.py",
    "/backend/app/sessions.py",
    "/backend/app/states",
    "/backend/app/models/saved.py",
    "/backend/app/routes/saved.py",
    "/backend/migrations/versions",
    "/backend/tests/conversations",
    "/backend/tests/test_saved.py",
    "/backend/tests/states",
    "/frontend/src/app.ts",
    "/frontend/src/states",
    "/frontend/src/api/saved.ts",
    "/frontend/src/notes.ts",
    "/frontend/src/components/session/SessionContent.*",
    "/frontend/src/pages/HomePage.*",
    "/frontend/src/pages/SavedPage.*",
    "/frontend/src/stores/saved.ts",
    "/frontend/tests/SavedPage.test.*",
    "/frontend/tests/notes.test.*",
    "/frontend/e2e/notes.spec.ts",
    "/frontend/e2e/saved.spec.ts",
    "/frontend/e2e/support/notes.ts",
)


is_starter = partial(releases.is_starter, patterns=STARTER)
"""Whether a rendered file is starter code."""
