"""Sittings that someone chose to keep: one file each under a code, nothing else. What is not here was not kept."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from assistant.errors import StoreError, UsageError

_LETTERS = "BCDFGHJKMNPQRSTVWXZ"  # no vowels, so that no code is a word
_CODE = re.compile(rf"[{_LETTERS}]{{5}}")


@dataclass(frozen=True)
class Kept:
    """One saved sitting, as a list shows it."""

    code: str
    scenario: str
    kept: str  # a date, ISO


class Shelf:
    """The folder of saved sittings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, data: Mapping[str, Any], code: str | None = None) -> str:
        """Saves `data`, which holds a `sitting`, under `code` or a new one, and returns the code."""
        code = self._known(code) if code else self._fresh()
        row = {"kept": date.today().isoformat(), **data}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            new = self._folder / f"{code}.new"
            new.touch(mode=0o600)
            new.write_text(json.dumps(row, ensure_ascii=False, indent=1), "utf-8")
            new.replace(self._folder / f"{code}.json")
        except OSError as error:
            raise StoreError(f"The rehearsal could not be saved in {self._folder}: {error.strerror or error}.") from None
        return code

    def open(self, code: str) -> dict[str, Any]:
        """What was saved under `code`. Raises UsageError where there is nothing readable."""
        try:
            row = json.loads((self._folder / f"{self._known(code)}.json").read_text("utf-8"))
            row["sitting"]["scenario"]
        except (OSError, ValueError, TypeError, KeyError):
            raise UsageError(f"No saved rehearsal has the code {code}.") from None
        return dict(row)

    def rows(self) -> list[Kept]:
        """Every saved sitting, newest first; a file that cannot be read is left out."""
        found = []
        for path in self._folder.glob("*.json"):
            try:
                row = self.open(path.stem)
            except UsageError:
                continue
            found.append(Kept(path.stem, str(row["sitting"]["scenario"]), str(row.get("kept", ""))))
        return sorted(found, key=lambda k: (k.kept, k.code), reverse=True)

    def remove(self, code: str) -> None:
        """Deletes it for good."""
        (self._folder / f"{self._known(code)}.json").unlink(missing_ok=True)

    def _known(self, code: str) -> str:
        if not _CODE.fullmatch(code):
            raise UsageError(f"No saved rehearsal has the code {code}.")
        return code

    def _fresh(self) -> str:
        while True:
            code = "".join(secrets.choice(_LETTERS) for _ in range(5))
            if not (self._folder / f"{code}.json").exists():
                return code
