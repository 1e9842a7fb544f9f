"""What tests share: the real library opened once, and a small library of their own to break."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from streamlit import config

from assistant import Assistant, Settings

ROOT = Path(__file__).resolve().parent.parent
# As the page is served (ui/.streamlit/config.toml, which AppTest does not read): with magic on, Python 3.11 parses two views at
# once and may crash. Setting it in the environment has no effect here.
config.get_option("runner.magicEnabled")
config.set_option("runner.magicEnabled", False)

CARD = """---
title: Members send a stand-in every time
kind: problem
elements: [leadership]
levels: [co-ordination]
steps: [preparation]
jurisdictions: [any]
status: practice
reviewed: {on: 2026-11-23, by: builder}
asks:
  - Who keeps sending substitutes to our board
  - stand-ins at meetings
  - Another new face from the trust again this month
  - How do we get the same people to attend
---
## In short
Ask each agency for one named member and one named deputy. A seat that changes hands each month cannot decide.

## Signs
- The minutes list a new name for the same agency each month.

## Why it happens
- The seat has no written brief, so nobody knows who should fill it [sloper2004].

## Next steps
- **Do** ask the executive for two names. | owner: Chair | when: this week | progress: Two names arrive [sloper2004]

## Ask yourselves
- Who could decide today?

## Watch for
- A named deputy who is never briefed is a stand-in with a badge.
"""


@pytest.fixture(scope="session")
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder built once and kept between runs: it is only a cache. Each of several workers has a copy of its own."""
    folder = Path(os.environ.get("ASSISTANT_TEST_HOME") or request.config.cache.mkdir("assistant-home"))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        with FileLock(folder / "tests.lock"):  # one builds, the others wait for it
            Assistant(Settings.from_environment({"ASSISTANT_HOME": str(folder)})).adviser  # noqa: B018
            own = tmp_path_factory.mktemp("assistant-home")
            for part in ("index", "models"):
                shutil.copytree(folder / part, own / part)
        return own
    (folder / "assistant.db").unlink(missing_ok=True)
    return folder


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    return Settings.from_environment({"ASSISTANT_HOME": str(home)})


@pytest.fixture(scope="session")
def assistant(settings: Settings) -> Assistant:
    """The whole product over the real library."""
    opened = Assistant(settings)
    opened.adviser  # noqa: B018  built here, once
    return opened


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A knowledge folder with one card, for tests to break."""
    folder = tmp_path / "knowledge"
    (folder / "cards" / "problems").mkdir(parents=True)
    for name in ("framework.yaml", "sources.yaml", "jurisdictions.yaml", "kinds.yaml", "questions.yaml", "retrieval.yaml"):
        shutil.copy(ROOT / "knowledge" / name, folder / name)
    for name in ("answerable", "placement", "screens"):
        shutil.copytree(ROOT / "knowledge" / name, folder / name)
    (folder / "cards" / "problems" / "stand-ins.md").write_text(CARD, "utf-8")
    return folder
