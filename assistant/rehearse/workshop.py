"""Scenarios people write themselves: duplicated, edited, checked while they are written, carried about as one file.

They live beside the person's other data and never change those that were shipped.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from assistant.errors import KnowledgeError, StoreError, UsageError
from assistant.rehearse.lint import inspect, look
from assistant.rehearse.load import load_scenario
from assistant.rehearse.types import Scenario, Shared

FILES = ("scenario.yaml", "lines.yaml", "rubric.yaml", "tests.yaml")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NAME = re.compile(rf"scenario\.yaml|lines\.yaml|rubric\.yaml|tests\.yaml|moves\.yaml|personas/{_ID.pattern}\.yaml")
_HEAD = re.compile(r"^--- # file: (.+?)\s*$", re.MULTILINE)
_SCENARIO = re.compile(r"^# scenario: (\S+)\s*$", re.MULTILINE)
_LARGEST = 400_000  # characters of one scenario; ours have some 30,000

Files = dict[str, str]  # "personas/parent.yaml" to its text


def _as_one_file(identity: str, files: Mapping[str, str]) -> str:
    parts = [f"# scenario: {identity}\n", *(f"--- # file: {name}\n{text.rstrip()}\n" for name, text in files.items())]
    return "".join(parts)


def _from_one_file(text: str) -> tuple[str, Files]:
    named, heads = _SCENARIO.search(text), list(_HEAD.finditer(text))
    if not named or not heads or len(text) > _LARGEST:
        raise UsageError("This file is not a scenario exported here.")
    files: Files = {}
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        if not _NAME.fullmatch(head[1]):
            raise UsageError(f"A scenario has no file {head[1]!r}.")
        files[head[1]] = text[head.end() : after.start() if after else None].strip("\n") + "\n"
    return _identity(named[1]), files


class Workshop:
    """A person's own scenarios in `folder`; those that were shipped are there to copy."""

    def __init__(self, folder: Path, shipped: Path, shared: Shared, passages: Collection[str]) -> None:
        self._folder = folder
        self._shipped = shipped
        self._shared = shared
        self._passages = passages  # ids a coach's source may name
        self.scenarios: dict[str, Scenario] = {}
        self.slips: dict[str, list[str]] = {}  # of those that do not load, after an update perhaps
        for path in sorted(folder.glob("*/scenario.yaml")):
            self._load(path.parent)

    def files(self, identity: str) -> Files:
        """The files of a scenario, one's own or shipped, in reading order."""
        folder = next((f / _identity(identity) for f in (self._folder, self._shipped) if (f / identity / "scenario.yaml").is_file()), None)
        if folder is None:
            raise UsageError(f"There is no scenario {identity!r}.")
        people = sorted(f"personas/{p.name}" for p in (folder / "personas").glob("*.yaml"))
        names = [FILES[0], *people, *FILES[1:], "moves.yaml"]
        return {n: (folder / n).read_text("utf-8") for n in names if (folder / n).is_file()}

    def check(self, identity: str, files: Mapping[str, str]) -> Scenario:
        """The scenario these files make. Raises KnowledgeError with every slip, each naming file and field."""
        if sum(map(len, files.values())) > _LARGEST:
            raise KnowledgeError([f"scenarios/{identity}: it is longer than {_LARGEST:,} characters"])
        with TemporaryDirectory() as folder:
            return load_scenario(self._write(Path(folder) / _identity(identity), files), self._shared)

    def look(self, scenario: Scenario) -> list[str]:
        """What reading finds worth mending, at once."""
        return look(scenario, self._passages)

    def play(self, scenario: Scenario) -> list[str]:
        """The same, and what simulated learners find. It takes some seconds."""
        return inspect(scenario, self._passages, count=100)

    def as_one_file(self, identity: str, files: Mapping[str, str]) -> str:
        """All files of a scenario as one text, itself YAML, comments and all."""
        return _as_one_file(identity, files)

    def from_one_file(self, text: str) -> tuple[str, Files]:
        """The id and files in a text made by `as_one_file`. Raises UsageError for any other."""
        return _from_one_file(text)

    def keep(self, identity: str, files: Mapping[str, str]) -> Scenario:
        """Saves one's own scenario once it loads. Raises UsageError where the name belongs to a shipped one."""
        if (self._shipped / _identity(identity)).exists():
            raise UsageError(f"{identity!r} came with the program. Give yours another short name.")
        self.check(identity, files)
        new, place = self._folder / f".{identity}.new", self._folder / identity
        try:
            shutil.rmtree(new, ignore_errors=True)
            self._write(new, files)
            shutil.rmtree(place, ignore_errors=True)
            new.rename(place)
        except OSError as error:
            raise StoreError(f"The scenario could not be saved in {self._folder}: {error.strerror or error}.") from None
        self._load(place)
        return self.scenarios[identity]

    def remove(self, identity: str) -> None:
        """Deletes one's own scenario for good. A shipped one stays."""
        shutil.rmtree(self._folder / _identity(identity), ignore_errors=True)
        self.scenarios.pop(identity, None)
        self.slips.pop(identity, None)

    def owns(self, identity: str) -> bool:
        return identity in self.scenarios or identity in self.slips

    def _load(self, folder: Path) -> None:
        self.slips.pop(folder.name, None)
        try:
            self.scenarios[folder.name] = load_scenario(folder, self._shared)
        except KnowledgeError as error:
            self.scenarios.pop(folder.name, None)
            self.slips[folder.name] = list(error.slips)

    @staticmethod
    def _write(folder: Path, files: Mapping[str, str]) -> Path:
        (folder / "personas").mkdir(parents=True)
        for name, text in files.items():
            if not _NAME.fullmatch(name):
                raise UsageError(f"A scenario has no file {name!r}.")
            (folder / name).write_text(text, "utf-8")
        return folder


def _identity(name: str) -> str:
    if not _ID.fullmatch(name) or len(name) > 60:
        raise UsageError("A scenario's short name is lower-case words joined by hyphens, such as first-week.")
    return name
