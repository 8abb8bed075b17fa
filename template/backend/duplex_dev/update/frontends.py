"""Another framework for the page: the team's files that are still written for the former one."""

import re
from pathlib import Path

from duplex_dev.machine import git
from duplex_dev.project import ENGINE

FRAMEWORKS = {
    "vue": (".vue", r"vue|vue-router|pinia|@vue/[\w-]+"),
    "react": (".tsx", r"react|react-dom|react-router|zustand|@testing-library/react"),
}
"""The suffix of a framework's components, and the packages that only its code imports."""


def written_for(framework: str, root: Path) -> list[str]:
    """The frontend's components of a framework, and files that import one or its packages.

    The engine's own are not among them: the template exchanges these.
    """
    suffix, packages = FRAMEWORKS[framework]
    imports = re.compile(
        rf"""(from|import)\s*\(?\s*["'](({packages})(/[^"']*)?|[^"']*\{suffix})["']"""
    )
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "frontend")
    found = [
        name
        for name in git.paths(root, *listed)
        if not name.startswith(ENGINE)
        and (root / name).is_file()
        and (name.endswith(suffix) or imports.search(_text(root / name)))
    ]
    return sorted(set(found))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.suffix in SOURCES else ""


SOURCES = {".ts", ".tsx", ".js", ".mjs", ".vue"}
