"""The wheel, built without isolation, works from another folder with its data inside."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from assistant import Assistant
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-800:] + done.stderr[-800:]
    return next(out.glob("*.whl"))


def test_it_carries_engine_page_and_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {n.split("/")[0] for n in names}
    assert {t for t in tops if not t.endswith(".dist-info")} == {"assistant", "ui"}
    for wanted in (
        "assistant/_data/knowledge/framework.yaml",
        "assistant/_data/prompts/writer.yaml",
        "assistant/migrations/0001_conversations.sql",
        "ui/app.py",
        "ui/text/scenarios.md",
    ):
        assert wanted in names
    assert sum(n.endswith(".md") for n in names if n.startswith("assistant/_data/knowledge/cards/")) >= 220


def test_it_answers_from_another_folder(wheel: Path, home: Path, assistant: Assistant, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "ASSISTANT_HOME": str(home)}
    code = "import assistant; assert '_data' in str(assistant.Settings.from_environment().knowledge); print(assistant.Assistant().ask('What is coalition?').outcome)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.stdout.strip() == "answered", done.stderr[-800:]
