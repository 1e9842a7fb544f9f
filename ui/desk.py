"""What all visitors share: the assistant, opened once and warmed in the background, and the answers being written.

An answer is written in a thread of its own. A click, a reload or a second tab during it finds it again here, so no turn
is lost or doubled; one conversation has one answer under way at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from assistant import Answer, Assistant, AssistantError, Session, Settings


@dataclass
class Job:
    """One answer being written. `follow` may be called by any number of visitors, at any time."""

    question: str
    model: str = "none"
    events: list[Any] = field(default_factory=list)
    error: Exception | None = None
    done: bool = False
    stop: threading.Event = field(default_factory=threading.Event)  # set to have the cards answer instead of a slow model
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def answer(self) -> Answer | None:
        return next((e for e in self.events if isinstance(e, Answer)), None)

    def follow(self, patience: float = 0.25) -> Iterator[Any]:
        """Every event from the start; None where nothing new has come for a moment. Raises what the writing raised."""
        seen = 0
        while True:
            with self.changed:
                if seen == len(self.events) and not self.done:
                    self.changed.wait(patience)
                fresh, done = self.events[seen:], self.done
            seen += len(fresh)
            yield from fresh or ([] if done else [None])
            if done:
                if self.error:
                    raise self.error
                return


class Desk:
    """Opens the assistant once. Made at the first visit and kept while the page runs."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.assistant = Assistant(settings, progress=self._report)
        self.assistant.library  # noqa: B018  quick to open, and the first paint needs it and the store
        # What was deleted can be brought back while one remembers it, and is then gone for good.
        if self.assistant.store.purge((datetime.now(UTC) - timedelta(days=1)).isoformat()):
            self.assistant.store.tidy()
        self.preparing: tuple[str, int, int] | None = None
        self._ready = threading.Event()
        self._error: Exception | None = None
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._warm()

    def _report(self, what: str, done: int, of: int) -> None:
        self.preparing = (what, done, of) if done < of else None

    def _warm(self) -> None:
        self._error = None
        self._ready.clear()
        threading.Thread(target=self._open, daemon=True).start()

    def _open(self) -> None:
        try:
            self.assistant.adviser  # noqa: B018  a cached property: built by being read
            self.assistant.place("warming up")
        except Exception as error:  # the page shows it, or lets it crash where a person can see it
            self._error = error
        finally:
            self._ready.set()

    @property
    def ready(self) -> bool:
        return self._ready.is_set() and self._error is None

    def retry(self) -> None:
        """Tries again to open what could not be opened."""
        if self._error is not None:
            self._warm()

    def ask(self, conversation: str, text: str, jurisdiction: str | None = None, model: str | None = None) -> Job | None:
        """Begins an answer, worded by `model` or the one that is set; None where this conversation has one under way."""
        with self._lock:
            if self.under_way(conversation):
                return None
            job = self._jobs[conversation] = Job(text, model or self.assistant.settings.model)
        threading.Thread(target=self._write, args=(job, conversation, text, jurisdiction), daemon=True).start()
        return job

    def under_way(self, conversation: str) -> Job | None:
        job = self._jobs.get(conversation)
        return job if job and not job.done else None

    def _write(self, job: Job, conversation: str, text: str, jurisdiction: str | None) -> None:
        error: Exception | None = None
        try:
            self._ready.wait()
            if self._error:
                raise self._error
            for event in Session.open(self.assistant, conversation).stream(text, jurisdiction, job.stop, job.model):
                with job.changed:
                    job.events.append(event)
                    job.changed.notify_all()
        except Exception as raised:  # handed to whoever follows
            error = raised
        with job.changed:
            job.error, job.done = error, True
            job.changed.notify_all()
        with self._lock:
            if self._jobs.get(conversation) is job:
                del self._jobs[conversation]


__all__ = ["AssistantError", "Desk", "Job"]
