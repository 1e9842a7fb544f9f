"""Reads one file from standard input and prints its paragraphs as JSON. Run by path, as a process of its own.

In: one line of JSON (name and limits), then the file. Out: {"parts": [[text, where], …]} or {"problem": name}. It imports
nothing of the assistant, so that a process starts quickly and holds nothing worth stealing.
"""

from __future__ import annotations

import io
import json
import re
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Part = tuple[str, str | None]
PASSAGE = 700  # characters a part grows to before the next begins

_ARCHIVES = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
_SAME = {"htm": "html", "markdown": "md", "text": "txt", "log": "txt", "csv": "txt"}
_TEXT = ("txt", "md", "html")


class Problem(Exception):  # noqa: N818  what is wrong with a file, by its name in prompts/document.yaml
    pass


def kind_of(name: str, data: bytes, limits: dict[str, Any]) -> str:
    """What the file is, by its content; the name only tells kinds of text apart."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    said = _SAME.get(ending, ending)
    found = _by_content(data, said, limits)
    known = {*_ARCHIVES.values(), "pdf", "odt", *_TEXT}
    if said in known and said != found and not (said in _TEXT and found in _TEXT):
        raise Problem("mislabelled")
    return found


def _by_content(data: bytes, said: str, limits: dict[str, Any]) -> str:
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK"):
        return _archive(data, limits)
    if data.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        raise Problem("encrypted" if "EncryptedPackage".encode("utf-16-le") in data else "old")
    text = decoded(data)
    if text.lstrip().startswith("{\\rtf"):
        raise Problem("unknown")
    if re.match(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", text[:5000], re.IGNORECASE | re.DOTALL):
        return "html"
    return said if said in _TEXT else "txt"


def _archive(data: bytes, limits: dict[str, Any]) -> str:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Problem("corrupt") from None
    entries = archive.infolist()
    if len(entries) > limits["entries"] or sum(e.file_size for e in entries) > limits["expanded_megabytes"] * 1_000_000:
        raise Problem("bomb")
    if any(e.file_size > 5_000_000 and e.file_size > 200 * max(e.compress_size, 1) for e in entries):
        raise Problem("bomb")
    if any(e.flag_bits & 1 for e in entries):
        raise Problem("encrypted")
    names = [e.filename for e in entries]
    if any(n.startswith("/") or ".." in n.split("/") for n in names) or len(set(names)) < len(names):
        raise Problem("corrupt")
    for entry in entries:
        if entry.filename.endswith((".xml", ".rels")):
            start = archive.read(entry)[:4000]
            if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                raise Problem("corrupt")
    if "mimetype" in names and archive.read("mimetype")[:60].startswith(b"application/vnd.oasis.opendocument.text"):
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise Problem("encrypted")
        return "odt"
    found = next((kind for name, kind in _ARCHIVES.items() if name in names), None)
    if found is None:
        raise Problem("unknown")
    return found


def decoded(data: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            text = data.decode(encoding, "replace")
            break
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    odd = sum(1 for c in text if (c < " " and c not in "\t\n\r\f\v\x1b") or c == "\ufffd")
    if "\0" in text or odd > len(text) / 50:
        raise Problem("unknown")
    return text


# ---- the readers: each yields (paragraph, where it stood)


def pdf(data: bytes, limits: dict[str, Any]) -> Iterator[Part]:
    from pypdf import PdfReader

    file = PdfReader(io.BytesIO(data))
    if file.is_encrypted:
        try:
            opened = file.decrypt("")
        except Exception:  # a cipher we cannot undo
            opened = None
        if not opened:
            raise Problem("encrypted")
    if len(file.pages) > limits["pages"]:
        raise Problem("pages")
    some = False
    for n, page in enumerate(file.pages, 1):
        text = page.extract_text() or ""
        some = some or len(re.findall(r"\w{2,}", text)) > 2
        for paragraph in re.split(r"\n\s*\n", text):
            yield " ".join(paragraph.split()), f"p. {n}"
    if not some and len(file.pages):
        raise Problem("scanned")


def docx(data: bytes, _: dict[str, Any]) -> Iterator[Part]:
    import docx as reader
    from docx.table import Table

    heading: str | None = None
    for block in reader.Document(io.BytesIO(data)).iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                cells = list(dict.fromkeys(c.text.strip() for c in row.cells))
                yield "; ".join(c for c in cells if c), heading
        elif (block.style.name or "").startswith(("Heading", "Title")) if block.style is not None else False:
            heading = block.text.strip()[:80] or heading
        else:
            yield block.text, heading


def odt(data: bytes, _: dict[str, Any]) -> Iterator[Part]:
    from odf import teletype
    from odf.opendocument import load

    heading: str | None = None

    def walk(node: Any) -> Iterator[Part]:
        nonlocal heading
        for child in node.childNodes:
            kind = getattr(child, "qname", ("", ""))[1]
            if kind == "h":
                heading = teletype.extractText(child).strip()[:80] or heading
            elif kind == "p":
                yield teletype.extractText(child), heading
            else:
                yield from walk(child)

    yield from walk(load(io.BytesIO(data)).text)


def html(data: bytes, _: dict[str, Any]) -> Iterator[Part]:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(decoded(data), "html.parser")
    for hidden in soup(["script", "style", "template", "noscript", "svg", "head"]):
        hidden.decompose()
    heading: str | None = None
    for element in soup.find_all(["h1", "h2", "h3", "h4", "p", "li", "td", "th", "blockquote", "dd", "pre"]) or [soup]:
        text = " ".join(element.get_text(" ").split())
        if element.name in ("h1", "h2", "h3", "h4"):
            heading = text[:80] or heading
        elif not element.find(["p", "li", "td"]):
            yield text, heading


def md(data: bytes, _: dict[str, Any]) -> Iterator[Part]:
    heading: str | None = None
    for paragraph in re.split(r"\n\s*\n|\n(?=#)", decoded(data)):
        lines = paragraph.strip().split("\n")
        if lines[0].startswith("#"):
            heading = lines[0].lstrip("# ").strip()[:80] or heading
            lines = lines[1:]
        yield " ".join(" ".join(lines).split()), heading


def txt(data: bytes, _: dict[str, Any]) -> Iterator[Part]:
    for paragraph in re.split(r"\n\s*\n", decoded(data)):
        yield " ".join(paragraph.split()), None


def xlsx(data: bytes, limits: dict[str, Any]) -> Iterator[Part]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    if len(book.sheetnames) > limits["pages"]:
        raise Problem("pages")
    for sheet in book.worksheets:
        for row in sheet.iter_rows(values_only=True, max_row=20_000, max_col=200):
            yield "; ".join(str(c).strip() for c in row if c is not None and str(c).strip()), sheet.title


def pptx(data: bytes, limits: dict[str, Any]) -> Iterator[Part]:
    from pptx import Presentation

    slides = Presentation(io.BytesIO(data)).slides
    if len(slides) > limits["pages"]:
        raise Problem("pages")
    for n, slide in enumerate(slides, 1):
        for shape in slide.shapes:
            if shape.has_text_frame:
                for paragraph in shape.text_frame.paragraphs:
                    yield "".join(r.text for r in paragraph.runs), f"slide {n}"
            elif getattr(shape, "has_table", False):
                for row in shape.table.rows:
                    yield "; ".join(c.text.strip() for c in row.cells if c.text.strip()), f"slide {n}"


READERS: dict[str, Callable[[bytes, dict[str, Any]], Iterator[Part]]] = {
    "pdf": pdf, "docx": docx, "odt": odt, "html": html, "md": md, "txt": txt, "xlsx": xlsx, "pptx": pptx,
}  # fmt: skip


def packed(parts: Iterable[Part], limits: dict[str, Any]) -> list[Part]:
    """Short paragraphs that stand together become one part, so that each says something on its own."""
    found: list[Part] = []
    held: list[str] = []
    place: str | None = None
    size = 0

    def put() -> None:
        if held:
            found.append((" ".join(held), place))
            held.clear()

    for given, where in parts:
        text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", " ", given).strip()
        if not re.search(r"\w", text):
            continue
        size += len(text)
        if size > limits["characters"]:
            raise Problem("long")
        if where != place or sum(map(len, held)) + len(text) > PASSAGE:
            put()
            place = where
        held.append(text if text[-1] in ".?!:;" else text + ".")
    put()
    return found


def _limited(limits: dict[str, Any]) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is what remains
        return
    memory = 1_500_000_000
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    warnings.simplefilter("ignore")
    limits = json.loads(sys.stdin.buffer.readline())
    _limited(limits)
    data = sys.stdin.buffer.read()
    try:
        parts = packed(READERS[kind_of(limits["name"], data, limits)](data, limits), limits)
        result: dict[str, Any] = {"parts": parts} if parts else {"problem": "no_text"}
    except Problem as problem:
        result = {"problem": str(problem)}
    except MemoryError:
        result = {"problem": "bomb"}
    except Exception:  # the libraries raise anything at all over a broken file
        result = {"problem": "corrupt"}
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
