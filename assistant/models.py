"""The one door to chat models: any LangChain chat model by `provider:name`, within limits of time, tokens and number.

Nothing of a provider, nor `langchain` itself, is imported before a model is opened. Answers are streamed to us so that a
runaway one can be cut and a stopped one ended; nothing of the stream is shown. Every error of a client library becomes a
`ModelError` of one plain sentence, which never holds words of the prompt.
"""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assistant.errors import ModelError, UsageError
from assistant.settings import Models

Message = tuple[str, Any]  # role ("system", "human", "ai") and text, or content blocks of LangChain's
LONGEST_REPLY = 60_000  # characters; a model that runs on is cut here
LONGEST_ANSWER = 4_000  # tokens asked for at most
_CONNECT = 5.0
_NO_ROUTE = frozenset({400, 404, 405, 415, 422, 501})
_BUSY = frozenset({408, 409, 425, 429})
_REFUSALS = frozenset({"refusal", "content_filter", "safety", "blocklist", "prohibited_content", "spii"})  # as providers name them
OLLAMA = "http://127.0.0.1:11434"


@dataclass(frozen=True)
class Provider:
    """What is needed to open a provider's models."""

    package: str
    extra: str
    keys: tuple[str, ...] = ()  # environment variables its client reads
    url: str = "base_url"  # the argument that names another server
    forced: str | None = "answer"  # how `tool_choice` makes it use our one tool; None: it takes a schema as `format`
    cites: bool = False  # whether it says itself what its words rest on, where it is given documents


PROVIDERS: Mapping[str, Provider] = {
    "anthropic": Provider("langchain_anthropic", "anthropic", ("ANTHROPIC_API_KEY",), cites=True),
    # llama.cpp and LM Studio take a word for `tool_choice`, and silently forget the name of a tool (llama.cpp issue 26535).
    "openai": Provider("langchain_openai", "openai", ("OPENAI_API_KEY",), forced="any"),
    "azure_openai": Provider(
        "langchain_openai", "openai", ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"), url="azure_endpoint"
    ),
    "google_genai": Provider("langchain_google_genai", "google", ("GOOGLE_API_KEY",), forced="any"),
    "mistralai": Provider("langchain_mistralai", "mistral", ("MISTRAL_API_KEY",), url="endpoint", forced="any"),
    "ollama": Provider("langchain_ollama", "ollama", forced=None),
}
ALSO = {"google": "google_genai", "gemini": "google_genai", "mistral": "mistralai", "azure": "azure_openai", "claude": "anthropic"}


@dataclass(frozen=True)
class Usage:
    """Tokens and, where prices are set, what they cost."""

    input: int = 0
    output: int = 0
    cost: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.input + other.input, self.output + other.output, self.cost + other.cost)


@dataclass(frozen=True)
class Material:
    """A document that a model may cite: what it is, and the pieces that can be cited, in order."""

    about: str
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Citation:
    """What a provider says words of its model rest on: pieces `first` up to `last` of a document, all counted from 0."""

    document: int
    first: int
    last: int
    words: str


@dataclass(frozen=True)
class Span:
    """Words of a reply, and their citations: none of them is believed before it is held against what was sent."""

    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a model said: `data` where it was asked for a shape and gave a JSON object, `text` otherwise.

    `spans` is the text again, with citations, where the provider gave it in blocks.
    """

    text: str
    data: dict[str, Any] | None = None
    usage: Usage = Usage()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Reachable:
    """One line of `assistant check --models`."""

    name: str
    ready: bool
    says: str


class NotTakenError(ModelError):
    """The server takes no request of this kind; a plainer one it may take."""


class _FaultError(Exception):
    """A failed try: what to tell a person, and whether another try may help."""

    def __init__(self, says: str, again: bool = False, after: float = 0.0, plainly: bool = False) -> None:
        super().__init__(says)
        self.says, self.again, self.after, self.plainly = says, again, after, plainly


@dataclass
class Spending:
    """What the calls for one answer share: the time they may take together, and the tokens they used, failed ones too."""

    until: float | None = None  # set when the first call begins
    used: Usage | None = None

    def row(self) -> dict[str, float]:
        """As an answer shows it; empty where no model said anything."""
        return {} if self.used is None else {"input": self.used.input, "output": self.used.output, "cost": round(self.used.cost, 6)}


_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)
_spending: ContextVar[Spending | None] = ContextVar("spending", default=None)


@contextmanager
def spending(on: Spending) -> Iterator[None]:
    """Calls to models made inside share what `on` has left of time, and are counted there."""
    token = _spending.set(on)
    try:
        yield
    finally:
        _spending.reset(token)


@cache
def _gate(at_once: int) -> threading.BoundedSemaphore:
    """One for all models of this process: the limit spares the computer and the budget, not one model."""
    return threading.BoundedSemaphore(at_once)


@contextmanager
def stoppable(stop: threading.Event | None) -> Iterator[None]:
    """Calls to models made inside end soon after `stop` is set."""
    token = _stop.set(stop)
    try:
        yield
    finally:
        _stop.reset(token)


def untraced() -> AbstractContextManager[None]:
    """LangSmith's tracing off inside, whatever the environment says: a trace would carry a person's words."""
    from langsmith import tracing_context

    return tracing_context(enabled=False)


class Ledger:
    """Tokens and cost of a day, in one small file that several processes may share."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def today(self) -> Usage:
        try:
            row = json.loads(self.file.read_text("utf-8"))
            return Usage(int(row["input"]), int(row["output"]), float(row["cost"])) if row["day"] == date.today().isoformat() else Usage()
        except (OSError, ValueError, KeyError, TypeError):
            return Usage()

    def add(self, used: Usage) -> None:
        from filelock import FileLock

        self.file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.file}.lock", timeout=5):
            total = self.today() + used
            row = {"day": date.today().isoformat(), "input": total.input, "output": total.output, "cost": round(total.cost, 6)}
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps(row), "utf-8")
            fresh.replace(self.file)


class ChatModel:
    """A chat model within limits. Made by `open_model`; a LangChain chat model of one's own may be given instead."""

    def __init__(
        self, name: str, client: Any, limits: Models, ledger: Ledger | None = None, forced: str | None = "answer", cites: bool = False
    ) -> None:
        self.name = name
        self.limits = limits
        self.ledger = ledger
        self.cites = cites
        self._client = client
        self._forced = forced
        self._free = _gate(max(1, limits.at_once))

    @property
    def place(self) -> str:
        """Where words go: the host of the server, for the notice."""
        url = self.limits.url or (OLLAMA if self.name.startswith("ollama:") else "")
        return urlsplit(url).hostname or self.name.partition(":")[0]

    @property
    def local(self) -> bool:
        return self.place in ("127.0.0.1", "localhost", "::1")

    def __call__(self, prompt: str) -> str:
        """The words the model answers a prompt with."""
        return self.ask([("human", prompt)]).text

    def ask(
        self,
        messages: Sequence[Message],
        shape: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        material: Sequence[Material] = (),
    ) -> Reply:
        """One answer, tried again within the time budget. Raises ModelError.

        `shape` is the JSON schema of an object. `material` goes before the last message, for a model that cites; with a
        shape it would cite nothing.
        """
        until = self._until(seconds)
        self._within_cap()
        if not self._free.acquire(timeout=max(0.0, until - time.monotonic())):
            raise ModelError("too many answers are being written at once")
        try:
            return self._tries(_before_the_last(messages, material), shape, until)
        finally:
            self._free.release()

    def _until(self, seconds: float | None) -> float:
        now = time.monotonic()
        shared = _spending.get()
        if shared is None:
            return now + (self.limits.seconds if seconds is None else seconds)
        if shared.until is None:
            shared.until = now + self.limits.seconds
        return shared.until if seconds is None else min(shared.until, now + seconds)

    def _within_cap(self) -> None:
        cap = self.limits.tokens_a_day
        if cap and self.ledger:
            today = self.ledger.today()
            if today.input + today.output >= cap:
                raise ModelError(f"today's allowance of {cap:,} tokens is used up")

    def _tries(self, messages: Sequence[Message], shape: Mapping[str, Any] | None, until: float) -> Reply:
        plainly = False
        fault = _FaultError("it did not answer in time")
        for n in range(max(1, self.limits.attempts)):
            if time.monotonic() >= until:
                break
            try:
                return self._once(messages, shape, plainly, until)
            except _FaultError as found:
                fault = found
                if found.plainly and shape is not None and not plainly:
                    plainly = True  # a server that knows no tools may still write JSON
                    continue
                wait = max(found.after, min(8.0, 0.4 * 2**n) * (0.75 + random.random() / 2))  # noqa: S311  jitter, no secret
                if not found.again or time.monotonic() + wait >= until:
                    break
                self._rest(wait)
        raise (NotTakenError if fault.plainly else ModelError)(fault.says)

    def _rest(self, seconds: float) -> None:
        stop = _stop.get()
        if stop is None:
            time.sleep(seconds)
        elif stop.wait(seconds):
            raise ModelError("it was stopped")

    def _once(self, messages: Sequence[Message], shape: Mapping[str, Any] | None, plainly: bool, until: float) -> Reply:
        """Reads the stream in a thread of its own, so that no client library can outstay the budget."""
        pieces: queue.SimpleQueue[Any] = queue.SimpleQueue()
        ended = threading.Event()
        context = copy_context()
        threading.Thread(target=context.run, args=(self._read, messages, shape, plainly, pieces, ended), daemon=True).start()
        stop, whole, length = _stop.get(), None, 0
        try:
            while True:
                left = until - time.monotonic()
                if left <= 0:
                    raise _FaultError("it did not answer in time")
                if stop is not None and stop.is_set():
                    raise ModelError("it was stopped")
                try:
                    piece = pieces.get(timeout=min(left, 0.2))
                except queue.Empty:
                    continue
                if piece is None:
                    break
                if isinstance(piece, Exception):
                    raise _fault_of(piece) from None
                whole = piece if whole is None else whole + piece
                length += _length(piece)
                if length > LONGEST_REPLY:
                    raise _FaultError("its answer ran on without end")
        finally:
            ended.set()
            if whole is not None:
                self._count(self._usage(whole, messages, length))
        if whole is not None and _declined(whole):
            raise _FaultError("it declined to answer")
        if whole is None or not length:
            raise _FaultError("its answer was empty", again=True)
        return _reply(whole, self._usage(whole, messages, length))

    def _read(
        self,
        messages: Sequence[Message],
        shape: Mapping[str, Any] | None,
        plainly: bool,
        pieces: queue.SimpleQueue[Any],
        ended: threading.Event,
    ) -> None:
        stream: Any = None
        try:
            with _traced_only_if(self.limits.tracing):
                stream = self._bound(None if plainly else shape).stream(list(messages))
                for piece in stream:
                    if ended.is_set():
                        return
                    pieces.put(piece)
            pieces.put(None)
        except Exception as error:  # whatever a client library raises is translated once, in _fault_of
            pieces.put(error)
        finally:
            if stream is not None:
                with suppress(Exception):
                    stream.close()

    def _bound(self, shape: Mapping[str, Any] | None) -> Any:
        if shape is None:
            return self._client
        if self._forced is None:
            return self._client.bind(format=dict(shape))
        tool = {"type": "function", "function": {"name": "answer", "description": shape.get("description", ""), "parameters": dict(shape)}}
        return self._client.bind_tools([tool], tool_choice=self._forced)

    def _usage(self, whole: Any, messages: Sequence[Message], length: int) -> Usage:
        """As the provider counted; four characters a token where it did not."""
        counted = getattr(whole, "usage_metadata", None) or {}
        given = int(counted.get("input_tokens") or sum(len(str(said)) for _, said in messages) // 4)
        made = int(counted.get("output_tokens") or length // 4 + 1)
        dear_in, dear_out = self.limits.prices
        return Usage(given, made, (given * dear_in + made * dear_out) / 1_000_000)

    def _count(self, used: Usage) -> None:
        if shared := _spending.get():
            shared.used = (shared.used or Usage()) + used
        if self.ledger:
            with suppress(OSError, TimeoutError):
                self.ledger.add(used)


def _traced_only_if(asked: bool) -> AbstractContextManager[None]:
    from langsmith import tracing_context

    return tracing_context(enabled=True) if asked else untraced()


def _before_the_last(messages: Sequence[Message], material: Sequence[Material]) -> Sequence[Message]:
    """Each document with its pieces as blocks of their own, so that a citation names a piece and no span of characters."""
    if not material:
        return messages
    documents = [
        {
            "type": "document",
            "source": {"type": "content", "content": [{"type": "text", "text": piece} for piece in one.pieces]},
            "context": one.about,
            "citations": {"enabled": True},
        }
        for one in material
    ]
    *earlier, (role, text) = messages
    return [*earlier, (role, [*documents, {"type": "text", "text": text}])]


def _length(piece: Any) -> int:
    calls = getattr(piece, "tool_call_chunks", None) or []
    cited = sum(len(c.words) for span in _spans(piece.content) for c in span.citations)
    named = sum(len(str(c.get("args") or "")) + len(str(c.get("name") or "")) for c in calls)
    return len(str(piece.text)) + len(_refusal(piece)) + cited + named


def _refusal(piece: Any) -> str:
    return str((piece.additional_kwargs or {}).get("refusal") or "")


def _declined(whole: Any) -> bool:
    ending = whole.response_metadata or {}
    why = str(ending.get("finish_reason") or ending.get("stop_reason") or ending.get("done_reason") or "")
    return bool(_refusal(whole)) or why.lower() in _REFUSALS


def _reply(whole: Any, usage: Usage) -> Reply:
    """The object a model gave, from a tool call or from its words."""
    # The call as it was streamed: LangChain's own reading closes one that was cut short, and half a sentence would pass for a whole one.
    called = next(filter(None, (str(c.get("args") or "") for c in whole.tool_call_chunks or [])), "")
    text = str(whole.text)
    return Reply(text or called, _object_in(called) or _object_in(text), usage, _spans(whole.content))


def _spans(content: Any) -> tuple[Span, ...]:
    """The text blocks of a reply; a citation without words is none."""
    blocks = [b for b in content if isinstance(b, dict) and b.get("type") == "text"] if isinstance(content, list) else []
    return tuple(Span(str(b.get("text") or ""), tuple(filter(None, map(_citation, b.get("citations") or [])))) for b in blocks)


def _citation(given: Any) -> Citation | None:
    if not isinstance(given, dict) or not given.get("cited_text"):
        return None
    document, first, last = (
        n if isinstance(n := given.get(f"{name}_index"), int) else -1 for name in ("document", "start_block", "end_block")
    )
    return Citation(document, first, last, str(given["cited_text"]))


def _object_in(text: str) -> dict[str, Any] | None:
    """The first JSON object that stands in a text, as models wrap it in words or fences."""
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(5):
        if start < 0:
            return None
        try:
            found, _end = decoder.raw_decode(text[start:])
            if isinstance(found, dict) and found:
                return found
        except (json.JSONDecodeError, RecursionError):
            pass
        start = text.find("{", start + 1)
    return None


def _fault_of(error: Exception) -> _FaultError:
    """A client library's error as a sentence of ours. Its own words are not passed on: they may hold the prompt."""
    code = next((c for e in _chain(error) if (c := _status(e)) is not None), None)
    names = " ".join(type(e).__name__ + " " + type(e).__module__ for e in _chain(error)).lower()
    if "ssl" in names or any("certificate" in str(e).lower() for e in _chain(error)):
        return _FaultError("the certificate of its server is not in order")
    if any(str(getattr(e, "code", "")) in _REFUSALS for e in _chain(error)):  # Azure's filter refuses a request with a 400
        return _FaultError("it declined to answer")
    if code in (401, 403):
        return _FaultError("its server does not accept the key")
    if code is not None and code in _BUSY:
        return _FaultError("it is too busy", again=True, after=_retry_after(error))
    if code is not None and code >= 500 and code != 501:
        return _FaultError("its server has a fault", again=True, after=_retry_after(error))
    if code is not None and code in _NO_ROUTE:
        missing = code == 404
        return _FaultError("its server knows no such model" if missing else "its server does not take the request", plainly=not missing)
    if "timeout" in names:
        return _FaultError("it did not answer in time", again=True)
    if "connect" in names or "connection" in names:
        return _FaultError("its server cannot be reached", again=True)
    if any(w in names for w in ("protocol", "read", "stream", "json", "decode", "httpx", "openai", "anthropic", "ollama")):
        return _FaultError("its answer broke off", again=True)
    if isinstance(error, NotImplementedError):
        return _FaultError("it takes no structured request", plainly=True)
    return _FaultError("its answer could not be read", again=True)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in found and len(found) < 8:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code", "status"):
            value = getattr(holder, name, None)
            if isinstance(value, int) and 300 <= value < 600:
                return value
    return None


def _retry_after(error: Exception) -> float:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return max(0.0, float(headers.get("retry-after") or 0))
    except (TypeError, ValueError):
        return 0.0


# ---- opening


def split(name: str) -> tuple[str, str]:
    """Provider and model of `provider:name`. Raises UsageError."""
    provider, colon, model = name.partition(":")
    if not colon or not provider.strip() or not model.strip():
        raise UsageError(f"A chat model is named provider:name, such as anthropic:claude-sonnet-4-5 or ollama:llama3.2; got {name!r}.")
    provider = provider.strip().lower()
    return ALSO.get(provider, provider), model.strip()


def open_model(name: str, limits: Models, ledger: Ledger | None = None, allowed: bool = True) -> ChatModel:
    """The model behind the door. Raises UsageError for a name we cannot read, ModelError for a missing extra or key."""
    provider, model = split(name)
    full = f"{provider}:{model}"
    if allowed and limits.allowed and full not in {":".join(split(a)) for a in limits.allowed}:
        raise UsageError(f"{full} is not among the models allowed here: {', '.join(limits.allowed)}.")
    known = PROVIDERS.get(provider)
    if known:
        if find_spec(known.package) is None:
            raise ModelError(f"{full} needs an extra: pip install 'partnership-assistant[{known.extra}]'.")
        if missing := _missing(provider, limits):
            raise ModelError(f"{full} needs a key: set {' and '.join(missing)}.")
    try:
        with untraced():
            client = _client(provider, model, _arguments(provider, limits))
    except ImportError as error:
        raise ModelError(f"{full} needs the package {error.name or provider}, which is not installed.") from None
    except ValueError as error:
        if "provider" in str(error).lower():
            raise UsageError(f"LangChain knows no provider {provider!r}; ours are {', '.join(PROVIDERS)}.") from None
        raise ModelError(f"{full} cannot be opened with the settings given.") from None
    except Exception as error:
        raise ModelError(f"{full} cannot be opened ({type(error).__name__}).") from None
    return ChatModel(full, client, limits, ledger, known.forced if known else "any", bool(known and known.cites))


def _missing(provider: str, limits: Models) -> list[str]:
    """Variables the client reads that are not set; a server of one's own needs no key like OpenAI's, and is an endpoint."""
    spared = ("OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT") if limits.url else ()
    return [k for k in PROVIDERS[provider].keys if k not in limits.keys and k not in spared]


def _client(provider: str, model: str, given: dict[str, Any]) -> Any:
    """LangChain's client of a provider; OpenAI's are kept from dropping a refusal that is streamed (langchain issue 39747)."""
    if known := {"openai": "ChatOpenAI", "azure_openai": "AzureChatOpenAI"}.get(provider):
        import langchain_openai

        plain: Any = getattr(langchain_openai, known)

        class Hearing(plain):  # type: ignore[misc]
            def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *rest: Any) -> Any:
                made = super()._convert_chunk_to_generation_chunk(chunk, *rest)
                choices = chunk.get("choices") or [{}]
                if made and (said := (choices[0].get("delta") or {}).get("refusal")):
                    made.message.additional_kwargs["refusal"] = said
                return made

        return Hearing(model=model, **given)
    from langchain.chat_models import init_chat_model

    return init_chat_model(model, model_provider=provider, **given)


def _arguments(provider: str, limits: Models) -> dict[str, Any]:
    """What the provider's client is told: our time limit, no retries of its own, a short answer, another server."""
    silence = min(limits.seconds, 30.0)
    if provider == "ollama":
        return {"client_kwargs": {"timeout": silence}, "num_predict": LONGEST_ANSWER, "base_url": limits.url or OLLAMA, "temperature": 0}
    given: dict[str, Any] = {"max_retries": 1 if provider == "google_genai" else 0, "timeout": silence}
    if provider == "mistralai":
        given["timeout"] = int(silence) or 1
    given["max_output_tokens" if provider == "google_genai" else "max_tokens"] = LONGEST_ANSWER
    if limits.url:
        given[PROVIDERS[provider].url if provider in PROVIDERS else "base_url"] = limits.url
        if provider == "openai" and "OPENAI_API_KEY" not in limits.keys:
            given["api_key"] = "none"
    if provider in ("openai", "azure_openai"):
        given["stream_usage"] = not limits.url or provider == "azure_openai"
    return given


# ---- what is reachable


def reachable(named: str, limits: Models, opened: Callable[..., ChatModel] = open_model) -> list[Reachable]:
    """What is installed and has a key, Ollama on this computer, and one tiny call to the model that is set."""
    rows = []
    for provider, needs in PROVIDERS.items():
        missing = _missing(provider, limits)
        if find_spec(needs.package) is None:
            rows.append(Reachable(provider, False, f"not installed: pip install 'partnership-assistant[{needs.extra}]'"))
        elif missing:
            rows.append(Reachable(provider, False, f"installed; set {' and '.join(missing)}"))
        elif provider == "ollama":
            rows.append(_ollama(limits.url if limits.url and named.startswith("ollama:") else OLLAMA))
        else:
            rows.append(
                Reachable(provider, True, "installed, key set" if set(needs.keys) <= limits.keys else f"installed; asks {limits.url}")
            )
    if named != "none":
        try:
            model = opened(named, limits)
            model.ask([("human", "Answer with the one word: ready")], seconds=min(20.0, limits.seconds))
            rows.append(Reachable(model.name, True, "it answered"))
        except (ModelError, UsageError) as error:
            rows.append(Reachable(named, False, str(error).removeprefix(f"{named} ")))
    return rows


def _ollama(url: str) -> Reachable:
    from urllib.request import Request, urlopen

    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(url)
        with urlopen(Request(f"{url.rstrip('/')}/api/tags"), timeout=1.0) as answer:  # noqa: S310  the scheme is checked above
            names = [str(m["name"]) for m in json.loads(answer.read(1_000_000))["models"]]
    except (OSError, ValueError, KeyError, TypeError):
        return Reachable("ollama", False, f"installed; nothing answers at {url}")
    return Reachable("ollama", True, f"running at {url}: " + (", ".join(names[:8]) or "no model pulled yet"))
