"""What is kept, in SQLite (WAL), as it happens: conversations, their turns and documents, the action plan, feedback.

The only door to SQLAlchemy. Times are UTC in ISO 8601. Tables are made by the numbered files in `migrations/`, each run
once; a database from a newer version is refused, not guessed at.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError

from assistant.errors import StoreError, UsageError
from assistant.types import PLAN_STATUSES, Change, Conversation, Feedback, KeptDocument, KeptStep, Reason, Review, StoredTurn

_MIGRATIONS = Path(__file__).parent / "migrations"
_ID = re.compile(r"[A-Za-z0-9_-]{8,40}")


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

    def begin(self, conversation: str, question: str) -> None:
        """Keeps a question (masked) while its answer is being written, so that it is not lost with the computer."""
        with self._writing() as c:
            self._require(c, conversation)
            c.execute(text("INSERT OR REPLACE INTO asked VALUES (:c, :t)"), {"c": conversation, "t": question})

    def begun(self, conversation: str) -> str:
        """The question whose answer was begun and never kept; empty where there is none."""
        with self._writing() as c:
            row = c.execute(text("SELECT text FROM asked WHERE conversation = :c"), {"c": conversation}).first()
        return str(row.text) if row else ""

    def end(self, conversation: str) -> None:
        """Nothing is being answered here any more."""
        with self._writing() as c:
            c.execute(text("DELETE FROM asked WHERE conversation = :c"), {"c": conversation})

    def add_turn(self, conversation: str, question: str, answer: dict[str, Any]) -> int:
        """Keeps a question (masked) and its answer in one step; returns the answer's turn id."""
        with self._writing() as c:
            self._require(c, conversation)
            c.execute(text("DELETE FROM asked WHERE conversation = :c"), {"c": conversation})
            c.execute(
                text("INSERT INTO turn (conversation, role, text, answer, created) VALUES (:c, 'user', :t, NULL, :n)"),
                {"c": conversation, "t": question, "n": _now()},
            )
            added = c.execute(
                text("INSERT INTO turn (conversation, role, text, answer, created) VALUES (:c, 'assistant', :t, :a, :n) RETURNING id"),
                {"c": conversation, "t": answer.get("text", ""), "a": json.dumps(answer, ensure_ascii=False), "n": _now()},
            ).scalar_one()
            title = " ".join(question.split())
            if len(title) > 70:
                title = title[:69].rsplit(" ", 1)[0] + "…"
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

    def put_right(self, conversation: str, facts: dict[str, str]) -> None:
        """Keeps what a person says of their partnership, in place of what the turns so far tell."""
        with self._writing() as c:
            self._require(c, conversation)
            c.execute(
                text(
                    "INSERT INTO told VALUES (:c, :f, (SELECT COALESCE(MAX(id), 0) FROM turn WHERE conversation = :c)) "
                    "ON CONFLICT (conversation) DO UPDATE SET facts = excluded.facts, turn = excluded.turn"
                ),
                {"c": conversation, "f": json.dumps(facts, ensure_ascii=False)},
            )

    def told(self, conversation: str) -> tuple[dict[str, str] | None, int]:
        """What a person put right, or None, and the last turn before they did."""
        with self._writing() as c:
            row = c.execute(text("SELECT facts, turn FROM told WHERE conversation = :c"), {"c": conversation}).first()
        return (json.loads(row.facts), int(row.turn)) if row else (None, 0)

    def conversation_of(self, turn: int) -> str:
        """Raises UsageError where there is no such turn."""
        with self._writing() as c:
            row = c.execute(text("SELECT conversation FROM turn WHERE id = :i"), {"i": turn}).first()
        if row is None:
            raise UsageError(f"There is no answer number {turn} here. The number stands under an answer, in how it was made.")
        return str(row.conversation)

    def conversations(self, search: str = "") -> list[Conversation]:
        """Those with a turn or a question that was never answered, last used first.

        `search` looks in titles and turns, its characters as they stand.
        """
        like = "%" + re.sub(r"([%_\\])", r"\\\1", search) + "%"
        with self._writing() as c:
            rows = c.execute(
                text(
                    "SELECT c.id, COALESCE(NULLIF(c.title, ''), a.text, '') AS title, c.created, c.updated, COUNT(t.id) AS turns "
                    "FROM conversation c LEFT JOIN turn t ON t.conversation = c.id LEFT JOIN asked a ON a.conversation = c.id "
                    "WHERE c.deleted IS NULL AND (t.id IS NOT NULL OR a.text IS NOT NULL) AND (:s = '' OR c.title LIKE :l ESCAPE '\\' "
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

    # ---- the action plan

    def keep_step(
        self, action: str, owner: str, due: str = "", progress: str = "", framework: str = "",
        conversation: str | None = None, turn: int | None = None, note: str = "",
    ) -> int:  # fmt: skip
        """Keeps a next step; the same step of the same answer is kept once."""
        with self._writing() as c:
            same = c.execute(
                text("SELECT id FROM plan_step WHERE action = :a AND turn IS :t AND turn IS NOT NULL"), {"a": action, "t": turn}
            ).first()
            if same:
                return int(same.id)
            added = c.execute(
                text(
                    "INSERT INTO plan_step (conversation, turn, action, owner, due, progress, framework, status, note, created, updated) "
                    "VALUES (:c, :t, :a, :o, :d, :p, :f, 'to_do', :m, :n, :n) RETURNING id"
                ),
                {"c": conversation, "t": turn, "a": action, "o": owner, "d": due, "p": progress, "f": framework, "m": note, "n": _now()},
            ).scalar_one()
        return int(added)

    def plan(self) -> list[KeptStep]:
        """Every kept step: what is still to be done first, by date."""
        with self._writing() as c:
            rows = c.execute(text("SELECT * FROM plan_step ORDER BY status IN ('done', 'dropped'), due = '', due, id")).mappings().all()
        return [KeptStep(**row) for row in rows]

    def change_step(self, step: int, **fields: str) -> None:
        """Changes action, owner, due, progress, status or note; what stood there before stays on record."""
        odd = set(fields) - {"action", "owner", "due", "progress", "status", "note"}
        if odd or fields.get("status", "to_do") not in PLAN_STATUSES:
            raise UsageError(f"A kept step has no {sorted(odd)[0] if odd else 'such status'}.")
        with self._writing() as c:
            row = c.execute(text("SELECT * FROM plan_step WHERE id = :i"), {"i": step}).mappings().first()
            if row is None:
                raise UsageError("This step is no longer in the plan.")
            for name, value in fields.items():
                if row[name] != value:
                    c.execute(text(f"UPDATE plan_step SET {name} = :v, updated = :n WHERE id = :i"), {"v": value, "n": _now(), "i": step})  # noqa: S608  one of the names above
                    c.execute(
                        text("INSERT INTO plan_change (step, field, before, after, created) VALUES (:i, :f, :b, :a, :n)"),
                        {"i": step, "f": name, "b": row[name], "a": value, "n": _now()},
                    )

    def plan_changes(self) -> list[Change]:
        """What was changed in the plan, oldest first."""
        with self._writing() as c:
            rows = c.execute(text("SELECT step, field, before, after, created FROM plan_change ORDER BY id")).mappings().all()
        return [Change(**row) for row in rows]

    def remove_step(self, step: int) -> None:
        with self._writing() as c:
            c.execute(text("DELETE FROM plan_step WHERE id = :i"), {"i": step})

    # ---- feedback

    def add_feedback(self, conversation: str, turn: int, question: str, reason: Reason, statement: str = "", note: str = "") -> int:
        with self._writing() as c:
            added = c.execute(
                text(
                    "INSERT INTO feedback (conversation, turn, question, statement, reason, note, created) "
                    "VALUES (:c, :t, :q, :s, :r, :o, :n) RETURNING id"
                ),
                {"c": conversation, "t": turn, "q": question, "s": statement, "r": reason, "o": note, "n": _now()},
            ).scalar_one()
        return int(added)

    def feedback(self, review: Review | None = None) -> list[Feedback]:
        """Newest first; only those with this review, where one is given."""
        with self._writing() as c:
            rows = (
                c.execute(text("SELECT * FROM feedback WHERE :r IS NULL OR review = :r ORDER BY id DESC"), {"r": review}).mappings().all()
            )
        return [Feedback(**row) for row in rows]

    def review_feedback(self, identity: int, review: Review, amended: str = "") -> None:
        with self._writing() as c:
            c.execute(text("UPDATE feedback SET review = :r, amended = :a WHERE id = :i"), {"r": review, "a": amended, "i": identity})

    # ---- documents, of a conversation or (None) of everyone here

    def add_document(
        self, conversation: str | None, identity: str, name: str, parts: Sequence[tuple[str, str | None]],
        embedder: str = "", vectors: bytes = b"",
    ) -> bool:  # fmt: skip
        """Keeps a document's screened text and the vectors of its parts; False where the same document is there already."""
        with self._writing() as c:
            if conversation is not None:
                self._require(c, conversation)
            done = c.execute(
                text(
                    "INSERT OR IGNORE INTO document (conversation, identity, name, parts, embedder, vectors, created) "
                    "VALUES (:c, :i, :m, :p, :e, :v, :n)"
                ),
                {"c": conversation, "i": identity, "m": name, "p": json.dumps(list(parts), ensure_ascii=False),
                 "e": embedder, "v": vectors, "n": _now()},
            )  # fmt: skip
            return bool(done.rowcount)

    def has_document(self, conversation: str | None, identity: str) -> bool:
        with self._writing() as c:
            found = c.execute(text("SELECT 1 FROM document WHERE conversation IS :c AND identity = :i"), {"c": conversation, "i": identity})
            return found.first() is not None

    def documents(self, conversation: str | None) -> list[KeptDocument]:
        """Those of one conversation alone, or those of everyone."""
        with self._writing() as c:
            rows = c.execute(text("SELECT * FROM document WHERE conversation IS :c ORDER BY id"), {"c": conversation}).mappings().all()
        return [_kept_document(row) for row in rows]

    def document_names(self, conversation: str | None) -> list[tuple[int, str, str]]:
        """As `documents`, without what they say: (id, identity, name)."""
        with self._writing() as c:
            rows = c.execute(text("SELECT id, identity, name FROM document WHERE conversation IS :c ORDER BY id"), {"c": conversation})
            return [(r.id, r.identity, r.name) for r in rows]

    def document_ids(self, conversation: str | None) -> list[int]:
        """The rows a question of this conversation may draw on: its own documents and everyone's."""
        with self._writing() as c:
            found = c.execute(
                text("SELECT id FROM document WHERE conversation IS :c OR conversation IS NULL ORDER BY id"), {"c": conversation}
            )
            return [r.id for r in found]

    def kept_documents(self, ids: Sequence[int]) -> list[KeptDocument]:
        with self._writing() as c:
            found = (c.execute(text("SELECT * FROM document WHERE id = :i"), {"i": i}).mappings().first() for i in ids)
            return [_kept_document(row) for row in found if row]

    def keep_vectors(self, document: int, embedder: str, vectors: bytes) -> None:
        with self._writing() as c:
            c.execute(text("UPDATE document SET embedder = :e, vectors = :v WHERE id = :i"), {"e": embedder, "v": vectors, "i": document})

    def remove_document(self, conversation: str | None, identity: str) -> None:
        with self._writing() as c:
            c.execute(text("DELETE FROM document WHERE conversation IS :c AND identity = :i"), {"c": conversation, "i": identity})

    def tidy(self) -> None:
        """Writes the journal back, so that what was removed is in no file any more."""
        with self._writing() as c:
            c.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

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


def _kept_document(row: RowMapping) -> KeptDocument:
    return KeptDocument(**{k: v for k, v in row.items() if k != "parts"} | {"parts": tuple((t, w) for t, w in json.loads(row["parts"]))})


def _pragmas(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is removed is overwritten in the file as well
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
