"""Words for people and for chat models, loaded strictly from `prompts/`: templates with `$names`.

Unknown keys and missing names are errors, so a template and the code that fills it cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import Template

from assistant.errors import KnowledgeError
from assistant.strict import content_version, read_yaml


@dataclass(frozen=True)
class Prompts:
    """Templates by `file.key`, and the version of them all."""

    templates: dict[str, str]
    version: str

    def say(self, key: str, **names: str) -> str:
        """The template filled in. Raises KeyError for an unknown key or a missing name: both are bugs."""
        return Template(self.templates[key]).substitute(names).strip()

    def keys(self, prefix: str) -> list[str]:
        return [k for k in self.templates if k.startswith(prefix)]


def load_prompts(folder: Path) -> Prompts:
    """Every `*.yaml` in `folder`, each a mapping of key to text. Raises KnowledgeError listing every slip."""
    slips: list[str] = []
    templates: dict[str, str] = {}
    files = sorted(folder.glob("*.yaml"))
    if not files:
        slips.append(f"prompts: {folder} holds no template")
    for path in files:
        try:
            data = read_yaml(path.read_text("utf-8"), f"prompts/{path.name}")
        except KnowledgeError as error:
            slips.extend(error.slips)
            continue
        if not isinstance(data, dict):
            slips.append(f"prompts/{path.name}: the whole file: it is a mapping of key to text")
            continue
        for key, text in data.items():
            if not isinstance(text, str) or not text.strip():
                slips.append(f"prompts/{path.name}: {key}: it is not a text")
            elif not Template(text).is_valid():
                slips.append(f"prompts/{path.name}: {key}: a $ that starts no name is written $$")
            else:
                templates[f"{path.stem}.{key}"] = text
    if slips:
        raise KnowledgeError(slips)
    return Prompts(templates, content_version(folder.glob("*.yaml"), folder))
