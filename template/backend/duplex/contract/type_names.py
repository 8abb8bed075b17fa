"""Python's names of models -> names that are short, and can be written in any language."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping


def type_key(name: str) -> str:
    """`app.states.a.Pair[str, list[Leaf]]` -> `app__states__a__Pair_str_list_Leaf`, all ASCII.

    Like Pydantic's keys, in which `__` also replaces brackets.
    """
    path, _, arguments = name.partition("[")
    folder, _, last = path.rpartition(".")
    words = [*folder.split("."), f"{last}_{arguments}"] if folder else [f"{last}_{arguments}"]
    return "__".join(re.sub(r"[^A-Za-z0-9-]+", "_", _ascii(word)).strip("_") for word in words)


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def type_names(
    keys: Iterable[str], fixed: Mapping[str, str], taken: frozenset[str]
) -> dict[str, str]:
    """Pydantic's names of definitions -> names for TypeScript, the shortest distinct ones.

    `Item` and `Item-Output` become `Item`, `Item-Input` becomes `ItemInput`; models of the same
    name in different modules get the distinguishing part of the module's path as a prefix.
    `fixed` names are given, and no other type gets a name that is `taken`.
    """
    depths = {key: 1 for key in sorted(keys) if key not in fixed}
    while True:
        names = {key: _spelled(key, depth) for key, depth in depths.items()}
        uses = Counter(names.values())
        clashing = [
            key
            for key, name in names.items()
            if (uses[name] > 1 or name in taken or not name[:1].isalpha())
            and depths[key] < len(_segments(key))
        ]
        if not clashing:
            return _told_apart(names, taken) | dict(fixed)
        for key in clashing:
            depths[key] += 1


def _segments(key: str) -> list[str]:
    return key.removesuffix("-Input").removesuffix("-Output").split("__")


def _spelled(key: str, depth: int) -> str:
    words = re.split(r"[^A-Za-z0-9]+", "_".join(_segments(key)[-depth:]))
    name = "".join(word[:1].upper() + word[1:] for word in words)
    # json-schema-to-typescript makes a letter behind a digit a capital: so does the contract.
    name = re.sub(r"\d[a-z]", lambda found: found[0].upper(), name)
    return name + ("Input" if key.endswith("-Input") else "")


def _told_apart(names: Mapping[str, str], taken: frozenset[str]) -> dict[str, str]:
    """Number types with the same module path, such as two classes created in one function."""
    used = set(taken)
    kept: dict[str, str] = {}
    for key, name in names.items():
        spelled = name if name[:1].isalpha() else f"Type{name}"
        free, number = spelled, 2
        while free in used:
            free, number = f"{spelled}{number}", number + 1
        used.add(free)
        kept[key] = free
    return kept
