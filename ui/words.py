"""The words of the page, read strictly from `text/<language>.yaml`. A missing or doubled key, or a missing $name, is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "text"


class WordsError(ValueError):
    """A language file is wrong; the message names file and key."""


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [k.value for k, _ in node.value]
        twice = sorted({k for k in keys if keys.count(k) > 1})
        if twice:
            raise WordsError(f"{twice[0]}: the key stands twice")
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Words:
    language: str
    _texts: Mapping[str, str]

    def __call__(self, key: str, **names: object) -> str:
        """The text under a dotted key, with its $names put in."""
        return Template(self._texts[key]).substitute({k: str(v) for k, v in names.items()})

    def under(self, prefix: str) -> dict[str, str]:
        """The texts one level below a key, in the order of the file."""
        start = prefix + "."
        return {k[len(start) :]: v for k, v in self._texts.items() if k.startswith(start)}

    def names(self, key: str) -> set[str]:
        return set(Template(self._texts[key]).get_identifiers())

    def keys(self) -> set[str]:
        return set(self._texts)


def read_words(path: Path) -> Words:
    """Raises WordsError naming file and key."""
    try:
        data = yaml.load(path.read_text("utf-8"), Loader=_Strict)  # noqa: S506  a subclass of the safe loader
        texts = dict(_flat(data))
    except (WordsError, yaml.YAMLError, OSError) as error:
        raise WordsError(f"{path.name}: {error}") from None
    return Words(path.stem, texts)


def _flat(data: Any, above: str = "") -> list[tuple[str, str]]:
    if not isinstance(data, dict) or not data:
        raise WordsError(f"{above or 'file'}: it holds no texts")
    found: list[tuple[str, str]] = []
    for key, value in data.items():
        name = f"{above}.{key}" if above else str(key)
        if not re.fullmatch(r"[a-z][a-z0-9_-]*", str(key)):
            raise WordsError(f"{name}: a key is lower case letters, digits, _ and -")
        if isinstance(value, dict):
            found += _flat(value, name)
        elif isinstance(value, str) and value.strip():
            found.append((name, value.strip()))
        else:
            raise WordsError(f"{name}: it is empty, or not a text")
    return found


def load_words(language: str = "en", folder: Path = FOLDER) -> Words:
    """A language, held against English: the same keys, with the same $names. Its file stands in `folder`, or is named by a path."""
    english = read_words(folder / "en.yaml")
    if language == "en":
        return english
    path = Path(language).expanduser() if language.endswith(".yaml") else folder / f"{language}.yaml"
    if not path.is_file():
        here = ", ".join(languages(folder))
        raise WordsError(f"ASSISTANT_LANGUAGE is {language}, and there is no file {path}. Languages here: {here}.")
    words = read_words(path)
    odd = sorted(english.keys() ^ words.keys())
    if odd:
        raise WordsError(f"{path.name}: {odd[0]}: stands in one language only")
    for key in sorted(words.keys()):
        if words.names(key) != english.names(key):
            raise WordsError(f"{path.name}: {key}: its $names are not those of en.yaml")
    return words


def languages(folder: Path = FOLDER) -> list[str]:
    return sorted(p.stem for p in folder.glob("*.yaml"))
