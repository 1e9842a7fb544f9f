"""Reading data files strictly: a key that stands twice is an error, and a version says when a byte changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from assistant.errors import KnowledgeError


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader is ten times as fast
    """Refuses a key that stands twice, which plain YAML lets pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [k.value for k, _ in node.value]
        twice = {k for k in keys if keys.count(k) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{sorted(twice)[0]!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]


# YAML 1.2's booleans: `on`, `off`, `yes` and `no` are words, as a person who writes `reviewed: {on: …}` expects.
_Strict.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:bool"]
    for first, rows in _Strict.yaml_implicit_resolvers.items()
}
_Strict.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|false|False)$"), list("tTfF"))


def read_yaml(text: str, name: str) -> Any:
    """Parsed YAML; raises KnowledgeError naming file and line."""
    try:
        return yaml.load(text, Loader=_Strict)  # noqa: S506  a subclass of the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise KnowledgeError([f"{name}{where}: {getattr(error, 'problem', None) or 'not readable as YAML'}"]) from None


def content_version(files: Iterable[Path], root: Path) -> str:
    """First 12 hex digits of a hash over the names and bytes of the files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
