"""Small local servers that speak the chat protocols of OpenAI, Anthropic, Ollama and Mistral, with every fault we can think of.

Written from the public protocols, for tests: real client libraries talk to them over loopback.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

Protocol = Literal["openai", "anthropic", "ollama", "mistralai"]
FAULTS = (
    "busy", "server error", "cut stream", "empty", "wrong language", "refusal", "flood", "not json", "hang", "drip", "no key", "no model",
    "garbage bytes", "half object", "wrong types", "filtered", "cut short",
)  # fmt: skip
Write = Callable[[str], dict[str, Any]]


def prompt_of(request: dict[str, Any]) -> str:
    """The last thing the person's side said; documents in it as numbered passages, as they would stand in a prompt."""
    content = next(m["content"] for m in reversed(request["messages"]) if m["role"] == "user")
    if isinstance(content, str):
        return content
    documents = [f"[{n}] ({d['context']})\n{' '.join(pieces_of(d))}" for n, d in enumerate(documents_of(request), 1)]
    return "\n\n".join([*documents, *(b["text"] for b in content if b["type"] == "text")])


def documents_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Documents that may be cited, as the Anthropic protocol has them."""
    return [
        b
        for m in request["messages"]
        for b in (m["content"] if isinstance(m["content"], list) else [])
        if b.get("type") == "document" and b["citations"]["enabled"]
    ]


def pieces_of(document: dict[str, Any]) -> list[str]:
    return [piece["text"] for piece in document["source"]["content"]]


def passages_in(prompt: str) -> dict[int, str]:
    return {int(n): text for n, text in re.findall(r"^\[(\d+)\] \(.*\)\n(.+)$", prompt, re.MULTILINE)}


def sentences_in(text: str) -> list[str]:
    return [s for s in re.split(r"(?<=[.?!])\s+", text) if len(s.split()) > 3]


def honest(prompt: str) -> dict[str, Any]:
    """An answer in the words of the passages."""
    said = [
        {"text": s, "passages": [n], "quotes": [s]} for n, text in list(passages_in(prompt).items())[:3] for s in sentences_in(text)[:2]
    ]
    return {"statements": said, "steps": ["S2", "S1"], "questions": ["Q1"], "unanswered": ""}


@dataclass
class Server:
    """One running server: set `fault` for all requests, or `faults` for the next ones in order."""

    protocol: Protocol
    write: Write = honest
    fault: str | None = None
    faults: list[str] = field(default_factory=list)
    tools: bool = True  # False: refuses a request with tools, as some compatible servers do
    cites: bool = True  # False: refuses a request with documents, as a model without citations does
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def model(self) -> str:
        return f"{self.protocol}:test-model"


@contextmanager
def serving(protocol: Protocol, certificate: Path | None = None) -> Iterator[Server]:
    """A running server; over TLS where it is given a file with a key and a certificate."""
    state = Server(protocol)

    class Handler(_Handler):
        server_state = state

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        # The handshake is left to the thread of each connection, so that a client which hangs up stops nobody else.
        http.socket = tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
    state.url = f"{'https' if certificate else 'http'}://127.0.0.1:{http.server_address[1]}" + (
        "/v1" if protocol in ("openai", "mistralai") else ""
    )
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        state.fault = "closing"
        http.shutdown()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    server_state: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._whole(200, {"models": [{"name": "test-model"}]})

    def do_POST(self) -> None:
        state = self.server_state
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state.requests.append(request)
        fault = state.faults.pop(0) if state.faults else state.fault
        with suppress(BrokenPipeError, ConnectionResetError):
            self._answer(state, request, fault)

    def _answer(self, state: Server, request: dict[str, Any], fault: str | None) -> None:
        codes = {"busy": 429, "server error": 503, "no key": 401, "no model": 404}
        if fault in codes:
            self._whole(codes[fault], {"error": {"type": "error", "message": "SECRET PROMPT WORDS"}})
        elif fault == "filtered":
            self._whole(400, {"error": {"code": "content_filter", "message": "SECRET PROMPT WORDS"}})
        elif fault == "hang":
            deadline = time.monotonic() + 20
            while state.fault != "closing" and time.monotonic() < deadline:
                time.sleep(0.05)
            self.close_connection = True
        elif fault == "garbage bytes":
            self.wfile.write(b"\x00\xff\xfenot http at all\r\n\r\n")
            self.close_connection = True
        elif request.get("tools") and not state.tools:
            self._whole(400, {"error": {"message": "tools are not supported"}})
        elif documents_of(request) and not state.cites:
            self._whole(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "citations are not supported"}})
        else:
            self._stream(state, request, fault)

    def _stream(self, state: Server, request: dict[str, Any], fault: str | None) -> None:
        said = state.write(prompt_of(request))
        written = json.dumps(said)
        text = {
            "empty": "", "wrong language": "Les organismes devraient se réunir chaque mois.", "refusal": "I cannot help with that.",
            "flood": "blah " * 200_000, "not json": "Here is what I think: meet more often.", "half object": written[: len(written) // 2],
            "cut short": written[: len(written) // 2],
            "wrong types": '{"statements": "one string", "steps": 5}',
        }.get(fault or "", written)  # fmt: skip
        tools = bool(request.get("tools")) and fault not in ("empty", "wrong language", "refusal", "flood", "not json", "half object")
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson" if state.protocol == "ollama" else "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        size = 40 if fault != "flood" else 20_000
        pieces = [text[i : i + size] for i in range(0, len(text), size)]
        rows = _ROWS[state.protocol](pieces, tools, fault == "refusal")
        if (documents := documents_of(request)) and text == written:
            rows = _cited(said, documents)
        for n, row in enumerate(rows):
            self._chunk(row)
            if fault == "drip":
                time.sleep(0.4)
            if fault == "cut stream" and n == (1 if state.protocol == "mistralai" else 3):
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _whole(self, code: int, row: dict[str, Any]) -> None:
        data = json.dumps(row).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _openai(pieces: list[str], tools: bool, refused: bool) -> Iterator[str]:
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}

    def row(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "data: " + json.dumps({**head, "choices": [choice]}) + "\n\n"

    yield row({"role": "assistant", "content": None if tools else ""})
    if tools:
        yield row({"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "answer", "arguments": ""}}]})
    for piece in pieces:
        key = "refusal" if refused else "content"
        yield row({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} if tools else {key: piece})
    yield row({}, "tool_calls" if tools else "stop")
    usage = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}
    yield ("data: " + json.dumps({**head, "choices": [], "usage": usage}) + "\n\n")
    yield "data: [DONE]\n\n"


def _mistral(pieces: list[str], tools: bool, refused: bool) -> Iterator[str]:
    """As OpenAI's, save that a call comes whole and the count of tokens with the last piece."""
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    usage = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}

    def row(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return "data: " + json.dumps({**head, "choices": [choice], **({"usage": usage} if finish else {})}) + "\n\n"

    yield row({"role": "assistant", "content": ""})
    if tools:
        call = {"id": "t1", "index": 0, "function": {"name": "answer", "arguments": "".join(pieces)}}
        yield row({"content": "", "tool_calls": [call]}, "tool_calls")
    else:
        yield from (row({"content": piece}) for piece in pieces)
        yield row({"content": ""}, "stop")
    yield "data: [DONE]\n\n"


def _event(kind: str, **rest: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **rest})}\n\n"


def _begun() -> str:
    message: dict[str, Any] = {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }
    return _event("message_start", message={**message, "usage": {"input_tokens": 120, "output_tokens": 1}})


def _ended(reason: str) -> Iterator[str]:
    yield _event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"input_tokens": 120, "output_tokens": 30})
    yield _event("message_stop")


def _anthropic(pieces: list[str], tools: bool, refused: bool) -> Iterator[str]:
    yield _begun()
    block: dict[str, Any] = {"type": "tool_use", "id": "t1", "name": "answer", "input": {}} if tools else {"type": "text", "text": ""}
    yield _event("content_block_start", index=0, content_block=block)
    for piece in pieces:
        delta = {"type": "input_json_delta", "partial_json": piece} if tools else {"type": "text_delta", "text": piece}
        yield _event("content_block_delta", index=0, delta=delta)
    yield _event("content_block_stop", index=0)
    yield from _ended("refusal" if refused else "tool_use" if tools else "end_turn")


def _cited(said: dict[str, Any], documents: list[dict[str, Any]]) -> Iterator[str]:
    """What was said as headed lists of text blocks, each with its citations before its words, as the service streams them."""
    yield _begun()
    yield _event("ping")
    for n, (text, citations) in enumerate(_blocks(said, documents)):
        start: dict[str, Any] = {"type": "text", "text": ""} | ({"citations": []} if citations else {})
        yield _event("content_block_start", index=n, content_block=start)
        for citation in citations:
            yield _event("content_block_delta", index=n, delta={"type": "citations_delta", "citation": citation})
        for at in range(0, len(text), 40):
            yield _event("content_block_delta", index=n, delta={"type": "text_delta", "text": text[at : at + 40]})
        yield _event("content_block_stop", index=n)
    yield from _ended("end_turn")


def _blocks(said: dict[str, Any], documents: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A statement may bring raw `citations`; otherwise it cites the pieces of its passages its quotes stand in, or their first."""
    yield "Statements\n", []
    for row in said["statements"]:
        yield "- ", []
        yield row["text"], row.get("citations") or [c for n in row["passages"] for c in _citations(n - 1, row["quotes"], documents)]
        yield "\n", []
    lists = {
        "Next steps": said["steps"],
        "Questions": said["questions"],
        "Not answered": [said["unanswered"]] if said.get("unanswered") else [],
    }
    yield "\n".join(line for heading, items in lists.items() if items for line in ["", heading, *(f"- {item}" for item in items)]), []


def _citations(document: int, quotes: list[str], documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pieces = pieces_of(documents[document]) if 0 <= document < len(documents) else ["Words of no document."]
    first = next((n for n, piece in enumerate(pieces) for quote in quotes if quote in piece), 0)
    return [citation(document, first, first + 1, pieces[first])]


def citation(document: int, first: int, last: int, words: str) -> dict[str, Any]:
    """As the Anthropic protocol has it for documents of several blocks."""
    at = {"document_index": document, "document_title": None, "start_block_index": first, "end_block_index": last}
    return {"type": "content_block_location", "cited_text": words, **at}


def _ollama(pieces: list[str], tools: bool, refused: bool) -> Iterator[str]:
    def row(text: str, **rest: Any) -> str:
        message = {"role": "assistant", "content": text}
        return json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False, **rest}) + "\n"

    for piece in pieces:
        yield row(piece)
    yield row("", done=True, done_reason="stop", prompt_eval_count=120, eval_count=30)


_ROWS: dict[Protocol, Callable[[list[str], bool, bool], Iterator[str]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "ollama": _ollama,
    "mistralai": _mistral,
}
