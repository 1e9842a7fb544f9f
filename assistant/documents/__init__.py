"""People's own documents as paragraphs with where they stood. Each file is read in a process of its own that can be killed.

The reader (`reader.py`) runs with limits on memory, time and size, knows nothing of the assistant and writes nothing to disk.
Whatever is wrong with a file is one sentence from `prompts/document.yaml`, raised as UsageError.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from assistant.errors import UsageError
from assistant.prompts import Prompts

READER = Path(__file__).with_name("reader.py")
KINDS = ("pdf", "docx", "odt", "html", "htm", "md", "txt", "xlsx", "pptx")


@dataclass(frozen=True)
class Limits:
    """What is too much of one file."""

    megabytes: int = 20
    pages: int = 300  # of a PDF; slides and sheets count too
    entries: int = 2000  # of an archive, which is what Word and its kin are
    expanded_megabytes: int = 200  # of an archive, unpacked
    characters: int = 600_000
    seconds: int = 20


@dataclass(frozen=True)
class Reading:
    """What a file says."""

    identity: str  # first 12 of the sha256 of the file
    name: str
    parts: tuple[tuple[str, str | None], ...]  # (text, "p. 3" or a heading)
    masked: int = 0  # personal details
    left_out: int = 0  # passages that give orders to the assistant


def read(name: str, data: bytes, limits: Limits, prompts: Prompts) -> Reading:
    """Raises UsageError in one sentence where the file cannot be used."""
    name = plain_name(name)

    def refuse(problem: str) -> UsageError:
        names = {"name": name, "kinds": ", ".join(k.upper() for k in KINDS if k != "htm"), **{k: str(v) for k, v in asdict(limits).items()}}
        return UsageError(prompts.say(f"document.{problem}", **names))

    if not data:
        raise refuse("empty")
    if len(data) > limits.megabytes * 1_000_000:
        raise refuse("large")
    result = _in_a_process(name, data, limits)
    if "problem" in result:
        raise refuse(result["problem"])
    parts = tuple((str(text), where and str(where)) for text, where in result["parts"])
    return Reading(identity(data), name, parts)


def identity(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def plain_name(name: str) -> str:
    """A file's name without folders, control characters or excess length."""
    bare = PurePath(name.replace("\\", "/")).name
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]", "", bare).strip()[:120] or "document"


def _in_a_process(name: str, data: bytes, limits: Limits) -> dict[str, Any]:
    head = json.dumps({"name": name, **asdict(limits)}).encode() + b"\n"
    environment = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")}
    command = [sys.executable, "-I", "-B", str(READER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        try:
            out, _ = process.communicate(head + data, timeout=limits.seconds + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            return {"problem": "slow"}
    try:
        found = json.loads(out)
    except ValueError:
        # Killed by its limits, or by a fault in a library: either way there is nothing to use.
        return {"problem": "slow" if process.returncode in (-9, -24) else "corrupt"}
    return found if isinstance(found, dict) and ("problem" in found or found.get("parts")) else {"problem": "no_text"}
