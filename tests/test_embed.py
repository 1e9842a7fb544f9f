"""The export says what sentence-transformers says, and asking never imports torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assistant import Assistant, ModelError
from assistant.embed import PACKAGED, model_folder, open_embeddings

TEXTS = [
    "Health sends a different person to every board meeting.",
    "What is coalition?",
    "x",
    "Ghníomhaigh siad le chéile · ysgol · naïve café 你好",
    "A pooled budget without an agreed exit. " * 60,
]


def test_vectors_agree_with_sentence_transformers(assistant: Assistant) -> None:
    code = (
        "import sys, json; from sentence_transformers import SentenceTransformer\n"
        "m = SentenceTransformer(sys.argv[1], device='cpu', local_files_only=True)\n"
        "print(json.dumps(m.encode(json.loads(sys.argv[2]), normalize_embeddings=True).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(model_folder(PACKAGED)), json.dumps(TEXTS)], capture_output=True, text=True)
    theirs = np.array(json.loads(done.stdout.splitlines()[-1]))
    ours = assistant.embeddings.vectors(TEXTS)
    assert ((theirs * ours).sum(axis=1) >= 0.9999).all()


def test_it_is_a_langchain_embedding(assistant: Assistant) -> None:
    query = assistant.embeddings.embed_query("trust")
    assert len(query) == 384
    assert np.linalg.norm(query) == pytest.approx(1.0, abs=1e-4)


def test_asking_never_imports_torch(home: Path, assistant: Assistant) -> None:
    code = (
        "import sys; from assistant import Assistant, Settings\n"
        "a = Assistant(Settings.from_environment({'ASSISTANT_HOME': sys.argv[1]})); print(a.ask('What is coalition?').outcome)\n"
        "print(sorted({'torch', 'sentence_transformers', 'transformers', 'sklearn', 'streamlit', 'langchain'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["answered", "[]"], done.stderr


def test_other_weights_than_ours_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.embed.PACKAGED_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="not the one we tested"):
        open_embeddings(PACKAGED, tmp_path)
    assert not [p for p in tmp_path.iterdir() if p.is_dir()]


def test_a_folder_without_a_model_is_one_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a folder with a sentence-transformers model"):
        open_embeddings(str(tmp_path), tmp_path / "models")
