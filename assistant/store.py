"""What is kept: conversations with their turns, in SQLite (WAL), every turn as it happens.

The only door to SQLAlchemy. Times are UTC in ISO 8601. Tables are made by the numbered files in `migrations/`, each run
once; a database from a newer version is refused, not guessed at.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError

from assistant.errors import StoreError, UsageError

_MIGRATIONS = Path(__file__).parent / "migrations"
_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")


@dataclass(frozen=True)
class Conversation:
    id: str
    title: str
    created: str
    updated: str
    turns: int = 0


@dataclass(frozen=True)
class StoredTurn:
    id: int
    role: str
    text: str
    answer: dict[str, Any] | None  # as `assistant ask --json` prints it
    created: str


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Store:
    """Opens or makes the database at `path`. Every method raises StoreError where the folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._cannot(error.strerror or str(error)) from None
        self._engine: Engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
        event.listen(self._engine, "connect", _pragmas)
        self._migrate()

    def _cannot(self, why: str) -> StoreError:
        return StoreError(
            f"Conversations cannot be kept in {self.path.parent} ({why}). "
            "Free some space or make the folder writable, or set ASSISTANT_HOME to another folder."
        )

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except (OperationalError, DatabaseError) as error:
            raise self._cannot(str(error.orig)) from None

    def _migrate(self) -> None:
        files = sorted(_MIGRATIONS.glob("[0-9]*.sql"))
        with self._writing() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version > len(files):
                raise StoreError(
                    f"{self.path} was made by a newer version of the assistant. Update, or set ASSISTANT_HOME to another folder."
                )
            for number, file in enumerate(files[version:], version + 1):
                for statement in re.sub(r"--.*", "", file.read_text("utf-8")).split(";"):
                    if statement.strip():
                        connection.exec_driver_sql(statement)
                connection.exec_driver_sql(f"PRAGMA user_version = {number}")

    # ---- conversations

    def start(self, title: str = "") -> str:
        """A new conversation's id, fit for a URL. It is listed once it has a turn."""
        identity = secrets.token_urlsafe(9)
        with self._writing() as c:
            c.execute(text("INSERT INTO conversation VALUES (:i, :t, :n, :n, NULL)"), {"i": identity, "t": title, "n": _now()})
        return identity

    def add_turn(self, conversation: str, question: str, answer: dict[str, Any]) -> int:
        """Keeps a question (masked) and its answer in one step; returns the answer's turn id."""
        with self._writing() as c:
            self._require(c, conversation)
            c.execute(
                text("INSERT INTO turn (conversation, role, text, answer, created) VALUES (:c, 'user', :t, NULL, :n)"),
                {"c": conversation, "t": question, "n": _now()},
            )
            added = c.execute(
                text("INSERT INTO turn (conversation, role, text, answer, created) VALUES (:c, 'assistant', :t, :a, :n) RETURNING id"),
                {"c": conversation, "t": answer.get("text", ""), "a": json.dumps(answer, ensure_ascii=False), "n": _now()},
            ).scalar_one()
            title = " ".join(question.split())[:70]
            c.execute(
                text("UPDATE conversation SET updated = :n, title = CASE WHEN title = '' THEN :t ELSE title END WHERE id = :c"),
                {"n": _now(), "t": title, "c": conversation},
            )
        return int(added)

    def add_stopped(self, conversation: str) -> None:
        """Keeps that a message was stopped and when; its text is not kept anywhere."""
        with self._writing() as c:
            c.execute(text("INSERT INTO stopped (conversation, created) VALUES (:c, :n)"), {"c": conversation, "n": _now()})

    def stopped(self, conversation: str) -> list[str]:
        """When messages of this conversation were stopped, oldest first."""
        with self._writing() as c:
            rows = c.execute(text("SELECT created FROM stopped WHERE conversation = :c ORDER BY id"), {"c": conversation}).all()
        return [r.created for r in rows]

    def turns(self, conversation: str) -> list[StoredTurn]:
        """Oldest first. Raises UsageError where there is no such conversation."""
        with self._writing() as c:
            self._require(c, conversation)
            rows = c.execute(
                text("SELECT id, role, text, answer, created FROM turn WHERE conversation = :c ORDER BY id"), {"c": conversation}
            ).all()
        return [StoredTurn(r.id, r.role, r.text, json.loads(r.answer) if r.answer else None, r.created) for r in rows]

    def conversations(self, search: str = "") -> list[Conversation]:
        """Those with a turn, last used first; `search` looks in titles and turns, its characters as they stand."""
        like = "%" + re.sub(r"([%_\\])", r"\\\1", search) + "%"
        with self._writing() as c:
            rows = c.execute(
                text(
                    "SELECT c.id, c.title, c.created, c.updated, COUNT(t.id) AS turns "
                    "FROM conversation c JOIN turn t ON t.conversation = c.id "
                    "WHERE c.deleted IS NULL AND (:s = '' OR c.title LIKE :l ESCAPE '\\' "
                    "OR EXISTS (SELECT 1 FROM turn x WHERE x.conversation = c.id AND x.text LIKE :l ESCAPE '\\')) "
                    "GROUP BY c.id ORDER BY c.updated DESC"
                ),
                {"s": search, "l": like},
            ).all()
        return [Conversation(r.id, r.title, r.created, r.updated, r.turns) for r in rows]

    def rename(self, conversation: str, title: str) -> None:
        with self._writing() as c:
            self._require(c, conversation)
            c.execute(text("UPDATE conversation SET title = :t WHERE id = :c"), {"t": " ".join(title.split())[:120], "c": conversation})

    def delete(self, conversation: str) -> None:
        """Hides the conversation; `restore` brings it back until `purge`."""
        with self._writing() as c:
            self._require(c, conversation)
            c.execute(text("UPDATE conversation SET deleted = :n WHERE id = :c"), {"n": _now(), "c": conversation})

    def restore(self, conversation: str) -> None:
        with self._writing() as c:
            c.execute(text("UPDATE conversation SET deleted = NULL WHERE id = :c"), {"c": conversation})

    def purge(self, older_than: str | None = None) -> int:
        """Removes deleted conversations for good (those deleted before `older_than`, UTC ISO); returns how many."""
        with self._writing() as c:
            done = c.execute(text("DELETE FROM conversation WHERE deleted IS NOT NULL AND deleted < :o"), {"o": older_than or "9999"})
            return int(done.rowcount)

    def exists(self, conversation: str) -> bool:
        if not _ID.fullmatch(conversation):
            return False
        with self._writing() as c:
            return bool(c.execute(text("SELECT 1 FROM conversation WHERE id = :c AND deleted IS NULL"), {"c": conversation}).first())

    def _require(self, connection: Connection, conversation: str) -> None:
        if not connection.execute(text("SELECT 1 FROM conversation WHERE id = :c"), {"c": conversation}).first():
            raise UsageError("There is no such conversation here. It may have been deleted.")

    # ---- preferences

    def preferences(self) -> dict[str, str]:
        with self._writing() as c:
            return {r.name: r.value for r in c.execute(text("SELECT name, value FROM preference")).all()}

    def prefer(self, name: str, value: str | None) -> None:
        """Keeps a preference; None forgets it."""
        with self._writing() as c:
            c.execute(text("DELETE FROM preference WHERE name = :n"), {"n": name})
            if value is not None:
                c.execute(text("INSERT INTO preference VALUES (:n, :v)"), {"n": name, "v": value})


def _pragmas(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
