"""The interface words: read strictly, all there, none left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ui.words import FOLDER, WordsError, languages, load_words, read_words

UI = FOLDER.parent


def test_every_language_has_the_keys_and_names_of_english() -> None:
    assert "en" in languages()
    for language in languages():
        load_words(language)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: one\na: two\n", "a: the key stands twice"),
        ("a:\n", "a: it is empty"),
        ("a: 3\n", "a: it is empty, or not a text"),
        ("A b: one\n", "lower case"),
        ("", "it holds no texts"),
        ("a: [one]\n", "a: it is empty, or not a text"),
        ("a: 'one\n", "en.yaml"),
    ],
)
def test_a_slip_in_a_language_file_names_its_key(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "en.yaml").write_text(text, "utf-8")
    with pytest.raises(WordsError, match=re.escape(said)):
        read_words(tmp_path / "en.yaml")


@pytest.mark.parametrize(("other", "said"), [("a: un\n", "b: stands in one language only"), ("a: un\nb: $nom\n", "b: its \\$names")])
def test_another_language_is_held_against_english(tmp_path: Path, other: str, said: str) -> None:
    (tmp_path / "en.yaml").write_text("a: one\nb: $name\n", "utf-8")
    (tmp_path / "fr.yaml").write_text(other, "utf-8")
    with pytest.raises(WordsError, match=said):
        load_words("fr", tmp_path)


def test_every_key_of_the_page_is_used_and_every_key_used_is_there() -> None:
    code = "\n".join(p.read_text("utf-8") for p in UI.rglob("*.py"))
    keys = load_words().keys()
    direct = set(re.findall(r"""["']([a-z_]+\.[a-z_.]+)["']""", code))
    built = set(re.findall(r"""["']([a-z_]+\.)(?:["'] \+|\{)""", code)) | {m + "." for m in re.findall(r"""under\(f?["']([a-z_]+)""", code)}
    unused = [k for k in keys if k not in direct and not any(k.startswith(b) for b in built) and k != "language"]
    assert unused == []
    called = set(re.findall(r"""\b(?:w|words|words\(\)|self\.words)\(["']([a-z_]+\.[a-z_]+)["']""", code))
    assert called - keys == set()


def test_no_sentence_for_a_person_stands_in_code() -> None:
    for path in UI.rglob("*.py"):
        code = re.sub(r'"""(?:.|\n)*?"""|#.*', "", path.read_text("utf-8"))
        assert [s for s in re.findall(r'"([A-Z][a-z]+ [a-z]+ [^"<]*)"', code) if " Error" not in s] == [], path.name
