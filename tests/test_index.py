"""The index is a cache: keyed by content, safe to kill, safe to share, rebuilt when it is damaged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant.embed import OnnxEmbeddings, Progress, Vectors, quiet
from assistant.errors import StoreError
from assistant.index import Entry, Index, Words, fuse, open_index


class LetterEmbeddings(OnnxEmbeddings):
    """Counts letters: small, honest and quick. Remembers what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__(Path("nowhere"), "letters-1")
        self.embedded: list[str] = []

    def vectors(self, texts: Sequence[str], progress: Progress = quiet) -> Vectors:
        self.embedded += texts
        rows = np.array([[t.lower().count(c) + 0.01 for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


ENTRIES = [
    Entry(f"card:{w}#a", text, f"card:{w}#a")
    for w, text in [("one", "pooled budget"), ("two", "trust and history"), ("three", "zigzag quiz")]
]


def best(index: Index, text: str) -> str:
    return index.search(text, index.embeddings.vectors([text])[0], 3)[0].entry.key


def test_words_and_meaning_find_together(tmp_path: Path) -> None:
    index = open_index(ENTRIES, LetterEmbeddings(), tmp_path)
    assert best(index, "zigzags in a quiz") == "card:three#a"
    assert index.words.search("budgets", 3)[0][0] == 0
    assert index.words.search("nowhere to be found", 3) == []


def test_a_second_start_embeds_nothing_and_a_changed_entry_embeds_itself_alone(tmp_path: Path) -> None:
    open_index(ENTRIES, LetterEmbeddings(), tmp_path)
    again = LetterEmbeddings()
    open_index(ENTRIES, again, tmp_path)
    assert again.embedded == []
    changed = [*ENTRIES[:2], Entry("card:three#a", "zebra crossing", "card:three#a")]
    open_index(changed, again, tmp_path)
    assert again.embedded == ["zebra crossing"]


def test_a_damaged_folder_is_rebuilt_with_a_notice(tmp_path: Path) -> None:
    open_index(ENTRIES, LetterEmbeddings(), tmp_path)
    for file in tmp_path.rglob("*.sqlite3"):
        file.write_bytes(b"not a database")
    heard: list[str] = []
    fresh = LetterEmbeddings()
    # Chroma keeps an open folder in memory by its path; another process sees the damage as a new start would.
    code = (
        "import sys; from pathlib import Path; from tests.test_index import *\n"
        "heard = []; index = open_index(ENTRIES, LetterEmbeddings(), Path(sys.argv[1]), notice=lambda s, *_: heard.append(s))\n"
        "assert best(index, 'zigzag') == 'card:three#a'; print(heard[0])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert "damaged" in done.stdout, done.stderr
    assert (heard, fresh.embedded) == ([], [])


def test_a_killed_build_leaves_the_last_good_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_index(ENTRIES, LetterEmbeddings(), tmp_path)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("assistant.index.json.dumps", killed)
    with pytest.raises(KeyboardInterrupt):
        open_index(ENTRIES[:2], LetterEmbeddings(), tmp_path)
    monkeypatch.undo()
    again = LetterEmbeddings()
    assert best(open_index(ENTRIES, again, tmp_path), "pooled budget") == "card:one#a"
    assert not list(tmp_path.glob(".build-*"))


def test_two_processes_starting_at_once_both_succeed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.test_index import *\n"
        "print(best(open_index(ENTRIES, LetterEmbeddings(), Path(sys.argv[1])), 'zigzag'))"
    )
    root = Path(__file__).parent.parent
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(2)]
    assert [p.communicate()[0].strip() for p in both] == ["card:three#a"] * 2


def test_a_folder_that_cannot_be_written_is_one_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="ASSISTANT_HOME"):
        open_index(ENTRIES, LetterEmbeddings(), tmp_path / "file" / "index")


def test_a_full_disk_is_one_plain_sentence_and_keeps_the_last_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_index(ENTRIES, LetterEmbeddings(), tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assistant.index.np.savez", full)
    with pytest.raises(StoreError, match="No space left"):
        open_index([*ENTRIES, Entry("card:four#a", "four", "card:four#a")], LetterEmbeddings(), tmp_path)
    monkeypatch.undo()
    assert best(open_index(ENTRIES, LetterEmbeddings(), tmp_path), "zigzag") == "card:three#a"


def test_fusion_is_reciprocal_rank() -> None:
    assert fuse([["a", "b"], ["b", "c"]]) == [
        ("b", pytest.approx(1 / 62 + 1 / 61)),
        ("a", pytest.approx(1 / 61)),
        ("c", pytest.approx(1 / 62)),
    ]


def test_an_unknown_word_is_as_rare_as_can_be() -> None:
    words = Words(["pooled budget", "pooled fund"])
    assert words.rarity("zebra") > words.rarity("budget") > words.rarity("pool")


def test_words_kept_on_disk_find_the_same(tmp_path: Path) -> None:
    words = Words([e.text for e in ENTRIES])
    words.save(tmp_path)
    again = Words.load(tmp_path)
    for text in ("pooled budgets", "a history of trust", "zebra"):
        assert again.search(text, 3) == words.search(text, 3)
        assert [again.rarity(s) for s in again.stems(text)] == [words.rarity(s) for s in words.stems(text)]


def test_a_read_only_folder_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_index(ENTRIES, LetterEmbeddings(), tmp_path)
    for file in tmp_path.rglob("vocab.index.json"):
        file.write_text("{")
    monkeypatch.setattr("assistant.index.os.access", lambda *_: False)
    heard: list[str] = []
    with pytest.raises(StoreError, match="read-only"):
        open_index(ENTRIES, LetterEmbeddings(), tmp_path, notice=lambda s, *_: heard.append(s))
    assert heard == []
    monkeypatch.undo()
    assert best(open_index(ENTRIES, LetterEmbeddings(), tmp_path, notice=lambda s, *_: heard.append(s)), "zigzag") == "card:three#a"
    assert "damaged" in heard[0]
