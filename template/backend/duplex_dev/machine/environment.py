"""The environment of the commands, without variables by which other tools would change them.

A git hook sets GIT_DIR, npm sets NODE, a shell may set NODE_ENV or HTTP_PROXY. Each of them is
meant for another program, and each breaks a command in its own way.
"""

import os
from collections.abc import Mapping

from duplex_dev.machine.network import LOOPBACK

GIT_CONNECTION = (
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_HTTP_",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSL_",
    "GIT_TERMINAL_PROMPT",
)
"""Prefixes of git's variables about remote servers, which are kept; the others name repositories,
work trees and commits.
"""

NPM_OMITS = {"npm_config_omit", "npm_config_only", "npm_config_production"}
"""npm's variables that leave packages out, in lower case."""

PROXIES = {"http_proxy", "https_proxy", "all_proxy"}
"""In lower case; the upper case is as common."""


def clean(given: Mapping[str, str]) -> dict[str, str]:
    """The environment for every process that a command starts, and for the command itself."""
    made = {name: value for name, value in given.items() if not _is_foreign(name, given)}
    if any(name.lower() in PROXIES for name in made):
        for name in ("NO_PROXY", "no_proxy"):
            made[name] = _with_loopback(made.get(name) or made.get(name.swapcase(), ""))
    return made


def clean_process() -> None:
    """Clean the environment of this process, and with it that of all its children."""
    made = clean(os.environ)
    for name in os.environ.keys() - made.keys():
        del os.environ[name]
    os.environ.update(made)


def without_git(given: Mapping[str, str]) -> dict[str, str]:
    """The environment without git's variables: git then works on the folder that it is given."""
    return {name: value for name, value in given.items() if not _is_git_place(name)}


def _is_foreign(name: str, given: Mapping[str, str]) -> bool:
    if name == "NODE":
        # npm exports the Node that it runs on itself; that is not a choice of the user.
        return given[name] == given.get("npm_node_execpath")
    return name == "NODE_ENV" or name.lower() in NPM_OMITS or _is_git_place(name)


def _is_git_place(name: str) -> bool:
    return name.startswith("GIT_") and not name.startswith(GIT_CONNECTION)


def _with_loopback(hosts: str) -> str:
    known = [host.strip() for host in hosts.split(",") if host.strip()]
    return ",".join([*known, *(host for host in LOOPBACK if host not in known)])
