"""A small template with the parts that updates touch: states, an engine, wiring."""

import shutil
from pathlib import Path

import pytest
from copier import run_copy
from duplex_dev.commands import states, update
from duplex_dev.update import changing

from tests.repository import commit
from tools.source import ROOT

COPIER = """\
_subdirectory: template
_answers_file: .copier-answers.yml
_skip_if_exists:
  - "{% if not _copier_conf.data %}/backend/app{% endif %}"
states:
  type: yaml
  default: [startThings, pauseThings, save]
closing_states:
  type: yaml
  default: [save]
frontend:
  type: str
  default: vue
  choices: [vue, react]
title:
  type: str
  default: A title
rows:
  type: yaml
  default: "{% import 'hooks/names.jinja' as names %}{{ names.rows(states, closing_states, []) }}"
  when: false
"""
HANDLER = '''\
@state("{{ row.camel }}"{{ ", closes=True" if row.closing }})
async def {{ row.snake }}(data: {{ row.pascal }}Request) -> None:
    """Do it."""
    first()
    second()
    third()
'''
INDEX = """\
{% for row in rows %}
import { {{ row.camel }} } from "./{{ row.camel }}";
{% endfor %}

export const watchers = {
{% for row in rows %}
  {{ row.camel }},
{% endfor %}
} satisfies Watchers;
"""
FILES = {
    "backend/app/states/{% yield row from rows %}{{ row.snake }}{% endyield %}.py.jinja": HANDLER,
    "frontend/src/states/{% yield row from rows %}{{ row.camel }}{% endyield %}.ts.jinja": (
        'export const {{ row.camel }} = {\n  label: "{{ row.label }}",\n};\n'
    ),
    "frontend/src/states/index.ts.jinja": INDEX,
    "frontend/src/{% if frontend == 'vue' %}Page.vue{% endif %}": "<template />\n",
    "frontend/src/{% if frontend == 'react' %}Page.tsx{% endif %}": "export {};\n",
    "backend/duplex/engine.py": "ENGINE = 1\n",
    "backend/duplex/{% if frontend == 'vue' %}vue.py{% endif %}": "VUE = 1\n",
    "title.txt.jinja": "{{ title }}\n",
    "Caddyfile": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n",
    "compose.yml": "first: 1\n",
    "{{ _copier_conf.answers_file }}.jinja": (
        "{{ _copier_answers | to_nice_yaml(sort_keys=False) }}"
    ),
}
COMMANDS = (states, update)


def write(file: Path, text: str) -> None:
    """Write a file in folders that need not exist."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def edit(file: Path, old: str, new: str) -> None:
    """Replace a piece of text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def make_template(folder: Path) -> Path:
    """The template, released as 1.0.0."""
    write(folder / "copier.yml", "_envops: {trim_blocks: true, lstrip_blocks: true}\n" + COPIER)
    shutil.copytree(ROOT / "hooks", folder / "hooks")
    for name, text in FILES.items():
        write(folder / "template" / name, text)
    commit(folder, tag="1.0.0")
    return folder


def make_project(template: Path, root: Path, patch: pytest.MonkeyPatch) -> Path:
    """Render the template, and let the commands work there."""
    run_copy(str(template), root, vcs_ref="1.0.0", defaults=True, quiet=True)
    patch.setattr(states.setup, "prepare", lambda: None)
    patch.setattr(changing.files, "write", lambda: None)
    for command in COMMANDS:
        patch.setattr(command, "ROOT", root)
    return root
