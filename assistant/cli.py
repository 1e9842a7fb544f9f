"""The command `assistant`.

In the JSON modes nothing but JSON is printed on standard output; progress, notices and errors go to standard error.
A person's mistake is one plain line, never a traceback. Exit codes: 0 done, 1 slips found, 2 unusable arguments.
"""

from __future__ import annotations

import ipaddress
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from assistant.advise import Adviser
from assistant.errors import AssistantError, UsageError
from assistant.session import Assistant, as_json, placement_json, question_from, screening_json
from assistant.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # errors and help as plain lines, also in a pipe
    help="An adviser for people who make agencies work together for children. It works offline, with no model and no key.",
)
errors = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Jsonl = Annotated[str | None, typer.Option("--jsonl", help="Read JSON Lines from a file, or - for standard input; write JSON Lines.")]
Nation = Annotated[str | None, typer.Option("--jurisdiction", "-j", help="A code such as england, scotland, ireland, united-states.")]


class _Reporter:
    """Shows long work as a bar on standard error, once there is long work."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._tasks: dict[str, Any] = {}

    def __call__(self, what: str, done: int, of: int) -> None:
        if self._bar is None:
            self._bar = Bar(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=errors, transient=True)
            self._bar.start()
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what[:1].upper() + what[1:], total=of)
        self._bar.update(self._tasks[what], completed=done, total=of)
        if done >= of and all(t.finished for t in self._bar.tasks):
            self.stop()

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._tasks = None, {}


def _notice(sentence: str, _done: int, _of: int) -> None:
    errors.print(sentence, highlight=False)


class _Quick(Assistant):
    """For one command, whose adviser need be no LangChain Runnable: importing those takes as long as half of the rest."""

    @property
    def _kind_of_adviser(self) -> Any:
        return Adviser


def _assistant(model: str | None = None) -> Assistant:
    settings = Settings.from_environment()
    if model and model != "none":
        from dataclasses import replace

        settings = replace(settings, model=model)
    return _Quick(settings, _Reporter(), _notice)


# ---- JSON Lines


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        for raw in sys.stdin.buffer:
            yield raw.decode("utf-8", "replace")
        return
    try:
        with open(name, "rb") as file:
            for raw in file:
                yield raw.decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{name} cannot be read ({error.strerror})") from None


def _answer_lines(name: str, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
    """One JSON line out for each line in, in order; a line that cannot be handled gives an error and the run goes on."""
    for line in _lines(name):
        if not line.strip():
            continue
        identity: Any = None
        try:
            data = json.loads(line)
            if not isinstance(data, dict):
                raise UsageError("a line is one JSON object")
            given = data.get("id")
            identity = given if isinstance(given, str | int) and not isinstance(given, bool) else None
            row = {**answer(data), "id": identity}
        except (json.JSONDecodeError, RecursionError):
            row = {"id": identity, "error": "not a JSON object; write one object a line"}
        except AssistantError as error:
            row = {"id": identity, "error": str(error)}
        _print(row)


def _print(row: Mapping[str, Any]) -> None:
    # Lone surrogates, which JSON can smuggle in, cannot be written as UTF-8.
    text = json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
    sys.stdout.buffer.write(text + b"\n")
    sys.stdout.buffer.flush()


def _text_of(data: Mapping[str, Any]) -> str:
    text = data.get("text")
    if not isinstance(text, str):
        raise UsageError("text: it is missing, or not a string")
    return text


def _one(text: str | None, what: str) -> str:
    if text is None:
        if sys.stdin.isatty():
            raise UsageError(f"Give {what}, or --jsonl FILE.")
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        raise UsageError(f"{what[0].upper()}{what[1:]} is empty; write some words.")
    return text


# ---- commands


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="What you would like to ask, in your own words.")] = None,
    as_object: Json = False,
    jsonl: Jsonl = None,
    jurisdiction: Nation = None,
    model: Annotated[str | None, typer.Option(help="A chat model as provider:name; none composes from the cards.")] = None,
) -> None:
    """Answer a question from the library, with sources and next steps."""
    assistant = _assistant(model)
    if jurisdiction:
        assistant.library.chain(jurisdiction)
    nation = jurisdiction or assistant.settings.jurisdiction
    if jsonl:
        _answer_lines(jsonl, lambda data: as_json(assistant.ask(question_from(data, nation))))
        return
    answer = assistant.ask(question_from({"question": _one(question, "a question")}, nation))
    if as_object:
        _print(as_json(answer))
        return
    out = Console()
    out.print(Markdown(answer.text))
    for notice in answer.notices:
        out.print(f"\nNote: {notice}", highlight=False)
    if answer.sources:
        out.print("\nSources", style="bold")
        for s in answer.sources:
            out.print(
                f"[{s.n}] {s.title} ({s.status}; {'your document' if s.origin == 'document' else 'our card'})",
                highlight=False,
                markup=False,
            )


@app.command()
def place(
    text: Annotated[str | None, typer.Argument(help="A described situation.")] = None, as_object: Json = False, jsonl: Jsonl = None
) -> None:
    """Say where a situation stands: level, elements, step, and the words that shows in."""
    assistant = _assistant()
    if jsonl:
        _answer_lines(jsonl, lambda data: placement_json(assistant.place(_text_of(data))))
        return
    placement = assistant.place(_one(text, "a text"))
    if as_object:
        _print({"id": None, **placement_json(placement)})
        return
    for facet, scores in (("level", placement.levels), ("element", placement.elements), ("step", placement.steps)):
        sure = "" if placement.sure[facet] else "  (the text does not say enough to be sure)"  # type: ignore[index]
        typer.echo(f"{facet}: " + ", ".join(f"{assistant.library.members[s.id].name} {s.score:.2f}" for s in scores[:3]) + sure)
    for cue in placement.evidence:
        typer.echo(f"  “{cue.text}” speaks for {cue.reading}")


@app.command()
def screen(text: Annotated[str | None, typer.Argument(help="A message.")] = None, as_object: Json = False, jsonl: Jsonl = None) -> None:
    """Say what screening finds in a message: a live concern, personal details, another subject, instructions."""
    assistant = _assistant()
    if jsonl:
        _answer_lines(jsonl, lambda data: screening_json(assistant.screen(_text_of(data))))
        return
    given = _one(text, "a message")
    found = assistant.screen(given)
    if as_object:
        _print({"id": None, **screening_json(found)})
        return
    typer.echo(f"outcome: {found.outcome}" + (f" ({', '.join(found.reasons)})" if found.reasons else ""))
    for d in found.personal_data:
        typer.echo(f"  {d.kind}: {given[d.start : d.end]}")
    typer.echo(f"masked: {found.masked}")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    as_object: Json = False,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    jurisdiction: Nation = None,
) -> None:
    """Show the passages the answerer would see, with their scores: for curators."""
    assistant = _assistant()
    hits = assistant.search(_one(query, "a query"), k, jurisdiction)
    if as_object:
        rows = [
            {"passage": h.passage.id, "card": h.passage.card, "title": h.passage.title, "text": h.passage.text, "score": round(h.score, 4),
             "scores": {"words": round(h.words, 4), "meaning": round(h.meaning, 4)}}
            for h in hits
        ]  # fmt: skip
        _print({"query": query, "hits": rows})
        return
    for h in hits:
        typer.echo(f"{h.score:.3f}  words {h.words:6.2f}  meaning {h.meaning:.3f}  {h.passage.id}")


@app.command()
def check(
    coverage: Annotated[bool, typer.Option("--coverage", help="Print how many cards serve each place of the framework.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings too, such as an overdue review date.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the checks by meaning, which embed every sentence, and playing the scenarios.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="A library version, or a file of stored answers: name the answers whose passages changed since.")
    ] = None,
    models: Annotated[bool, typer.Option("--models", help="Say which chat models can be used, with one tiny call to the one set.")] = False,
) -> None:
    """Check knowledge, prompts and installation; every slip is named by file and field."""
    assistant = _assistant()
    if models:
        from assistant.models import reachable

        rows = reachable(assistant.settings.model, assistant.settings.models)
        for row in rows:
            typer.echo(f"{'ready' if row.ready else 'not ready':10} {row.name}: {row.says}")
        _stop_on([] if assistant.settings.model == "none" or rows[-1].ready else [f"{rows[-1].name} cannot be used."])
        return
    _stop_on(_slips(assistant, ("library", "prompts", "screener", "scenarios")))
    from assistant import curate
    from assistant.index import vector_cache

    if coverage:
        found = curate.coverage(assistant.library)
        typer.echo(found.grid)
        _stop_on(list(found.thin))
        return
    if since:
        _stop_on(
            [
                f"{a.answer}: {a.passage} has {a.why} since {a.knowledge}"
                for a in curate.changed_since(_stored(assistant, since), assistant.library)
            ]
        )
        typer.echo("No stored answer rests on a passage that changed.")
        return
    _stop_on([] if quick else _played(assistant))
    _stop_on(_slips(assistant, ("embeddings", "adviser", "store")))
    embeddings = None if quick else assistant.embeddings
    cache = vector_cache(assistant.settings.index, assistant.embeddings)
    folder = assistant.settings.knowledge
    retriever = None if quick else assistant.retriever
    findings = curate.findings(assistant.library, folder, embeddings, retriever, date.today(), cache=cache)
    for finding in findings:
        typer.echo(f"{finding.level}: {finding}")
    if any(f.level == "error" or strict for f in findings):
        raise typer.Exit(1)
    slips = f"{len(findings)} warnings" if findings else "no slips"
    typer.echo(f"{len(assistant.library.cards)} cards, {len(assistant.library.sources)} sources, {slips}.")


def _slips(assistant: Assistant, parts: Iterable[str]) -> list[str]:
    slips: list[str] = []
    for part in parts:
        try:
            getattr(assistant, part)
        except AssistantError as error:
            slips += getattr(error, "slips", [str(error)])
    return slips


def _played(assistant: Assistant) -> list[str]:
    """What simulated learners find in the scenarios; those unchanged since the last check are not played again."""
    from assistant.rehearse import inspect

    cache, passages = assistant.settings.home / "check-scenarios.json", assistant.library.passages
    broken = [slip for slips in assistant.workshop.slips.values() for slip in slips]
    return broken + [slip for s in assistant.scenarios.values() for slip in inspect(s, passages, cache=cache)]


def _stop_on(slips: list[str]) -> None:
    for slip in slips:
        typer.echo(slip)
    if slips:
        raise typer.Exit(1)


def _stored(assistant: Assistant, since: str) -> Iterator[Mapping[str, Any]]:
    """Answers in a file of JSON Lines, or those kept here that were made with the library version `since`."""
    if Path(since).is_file():
        from assistant.curate import answers_in

        yield from answers_in(_lines(since), since)
        return
    found = False
    for conversation in assistant.store.conversations():
        for turn in assistant.store.turns(conversation.id):
            if turn.answer and turn.answer.get("versions", {}).get("knowledge", "").startswith(since):
                found = True
                yield {**turn.answer, "id": f"{conversation.id}/{turn.id}"}
    if not found:
        raise UsageError(f"--since {since}: there is no such file, and no answer kept here was made with a library version that begins so.")


card = typer.Typer(no_args_is_help=True, help="Write cards.")
app.add_typer(card, name="card")


@card.command("new")
def card_new(
    kind: Annotated[str, typer.Argument(help="problem, tool, law, lesson, caution or framework.")],
    identity: Annotated[str, typer.Argument(metavar="ID", help="Lower case words joined by hyphens; it becomes the file's name.")],
    title: Annotated[str, typer.Argument(help="What the card is about, as a reader would say it.")],
    topic: Annotated[str, typer.Option(help="The folder under cards/ it goes into.")] = "new",
) -> None:
    """Write the skeleton of a card, which loads and which `assistant check` calls unfinished."""
    from assistant.curate import skeleton

    folder = Settings.from_environment().knowledge
    text = skeleton(kind, identity, title, folder, date.today())  # type: ignore[arg-type]  # an unknown kind is a UsageError
    path = folder / "cards" / topic / f"{identity}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    typer.echo(f"Wrote {path}. Fill it in, then run `assistant check`.")


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files, or folders of them.")] = None,
    remove: Annotated[str | None, typer.Option(metavar="ID", help="Remove the document of this id, its passages and vectors.")] = None,
) -> None:
    """Add documents for everyone here; every question searches them beside the library. Alone, it lists them."""
    from assistant.documents import KINDS

    assistant = _assistant()
    if remove:
        if not assistant.store.has_document(None, remove):
            raise UsageError(f"There is no document {remove} for everyone here. `assistant ingest` lists them with their ids.")
        assistant.documents.remove(remove)
        typer.echo(f"Removed {remove} and all its text.")
        return
    if not paths:
        for _, identity, name in assistant.store.document_names(None):
            typer.echo(f"{identity}  {name}")
        return
    refused = []
    for path in (p for given in paths for p in (sorted(given.rglob("*")) if given.is_dir() else [given])):
        if path.is_dir() or (path not in paths and path.suffix[1:].lower() not in KINDS):
            continue
        try:
            added = assistant.documents.add(path.name, path.read_bytes(), progress=assistant.progress)
            typer.echo(f"{path}: {'here already' if added is None else f'read, passages: {len(added.parts)}'}")
        except OSError as error:
            refused.append(f"{path}: it cannot be read ({error.strerror or error}).")
        except UsageError as error:
            refused.append(str(error))
    _stop_on(refused)


feedback = typer.Typer(no_args_is_help=True, help="What people said of answers.")
app.add_typer(feedback, name="feedback")


@feedback.command("export")
def feedback_export(
    to: Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to write; left out, standard output.")] = None,
    unreviewed: Annotated[bool, typer.Option("--unreviewed", help="Also what no practice lead has looked at yet.")] = False,
) -> None:
    """Turn approved and amended feedback into evaluation cases, in the shape of `evals/cases/answers/cases.yaml`."""
    from assistant.export import feedback_cases

    store = _assistant().store
    said = [f for review in ("approved", "amended", *(["open"] if unreviewed else [])) for f in store.feedback(review)]  # type: ignore[arg-type]  # these are reviews
    text = feedback_cases(said, {c: store.turns(c) for c in {f.conversation for f in said} if store.exists(c)})
    if to is None:
        typer.echo(text, nl=False)
        return
    to.write_text(text, "utf-8")
    typer.echo(f"Wrote {len(said)} cases to {to}.")


@app.command()
def replay(number: Annotated[int, typer.Argument(metavar="ID", help="The number of a stored answer.")], as_object: Json = False) -> None:
    """Answer a stored question again and show what differs; nothing is stored."""
    from assistant.session import replay as again

    found = again(_assistant(), number)
    if as_object:
        rows = {name: {"gone": gone, "new": new} for name, (gone, new) in found.differences.items()}
        _print({"number": number, "differences": rows, "before": found.before, "after": found.after})
        return
    typer.echo(f"Question: {found.after['question'] or found.before['question']}")
    for name, (gone, new) in found.differences.items():
        typer.echo(f"{name}:")
        for sign, lines in (("-", gone), ("+", new)):
            for line in lines:
                typer.echo(f"  {sign} {line}")
    if not found.differences:
        typer.echo("The same answer, made with the same versions.")


@app.command()
def rehearse(
    scenario: Annotated[str | None, typer.Argument(help="The scenario's id; left out, the scenarios are listed.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed and the same words give the same talk.")] = 0,
    script: Annotated[str | None, typer.Option(help="A file with one line of yours a turn, or a YAML list of {say} or {move}.")] = None,
    difficulty: Annotated[str | None, typer.Option(help="easy, middle or hard.")] = None,
    pack: Annotated[bool, typer.Option("--pack", help="Print role cards, cue cards and sheets, to play without a computer.")] = False,
    as_object: Json = False,
) -> None:
    """Practise a hard conversation in the terminal, or play a script and print what came of it."""
    assistant = _assistant()
    if scenario is None:
        for s in assistant.scenarios.values():
            typer.echo(f"{s.id:28} {s.difficulty:7} {s.title}")
        return
    if difficulty not in (None, "easy", "middle", "hard"):
        raise UsageError(f"--difficulty {difficulty}: use easy, middle or hard.")
    from assistant.rehearse import as_json as debrief_json
    from assistant.rehearse import print_pack

    sitting = assistant.sitting(scenario, seed, difficulty, "free")  # type: ignore[arg-type]  # just checked
    if pack:
        typer.echo(print_pack(sitting.scenario))
        return
    if script:
        for row in _script(script):
            if sitting.over:
                break
            if "move" in row and "say" not in row:
                sitting.move(str(row["move"]), to=row.get("to"))
            else:
                sitting.say(str(row.get("say", "")), to=row.get("to"))
    else:
        _play(sitting)
    found = sitting.debrief()
    if as_object:
        events, transcript = sitting.events, sitting.transcript()
        _print({"scenario": scenario, "seed": seed, "events": events, "transcript": transcript, "debrief": debrief_json(found)})
        return
    Console().print(Markdown((sitting.transcript() + "\n\n" if script else "") + found.markdown))


def _script(name: str) -> list[dict[str, Any]]:
    from assistant.strict import read_yaml

    text = "".join(_lines(name))
    rows = read_yaml(text, name) if name.endswith((".yaml", ".yml", ".json")) else [line for line in text.splitlines() if line.strip()]
    if isinstance(rows, dict):
        rows = rows.get("lines", rows.get("events", []))
    if not isinstance(rows, list):
        raise UsageError(f"--script: {name} is not a list of lines")
    return [row if isinstance(row, dict) else {"say": str(row)} for row in rows]


def _play(sitting: Any) -> None:
    names = {k: p.name for k, p in sitting.scenario.personas.items()}

    def show(utterances: Iterable[Any]) -> None:
        for u in utterances:
            typer.echo(f"\n{names.get(u.persona, '')}: {u.text}" if u.persona else f"\n({u.text})")

    typer.echo(f"{sitting.scenario.title}\n\n{sitting.scenario.setting}\nType what you would say. 'stop' ends it at any time.")
    show(sitting.opening)
    offered: tuple[str, ...] = ()  # two readings, while the learner may still say which was meant
    while not sitting.over:
        try:
            text = input("\nYou: ").strip()
        except EOFError:  # nothing more will be typed: look back on what was said
            typer.echo()
            return
        if not text:
            continue
        if sitting.waiting and text.lower().strip(".!") == "stop":
            reply = sitting.stop()
        elif sitting.waiting and text[0].lower() not in "yn":
            typer.echo("Type y if it is real, n if it is part of the exercise.")
            continue
        elif sitting.waiting:
            reply = sitting.confirm_real(text[0].lower() == "y")
        elif offered and text in ("1", "2"):
            reply = sitting.meant(offered[int(text) - 1])
        else:
            reply = sitting.say(text)
        offered = reply.choose
        if reply.notice:
            typer.echo(f"\n[{reply.notice}{' (y/n)' if sitting.waiting else ''}]")
        if reply.label:
            typer.echo(f"[{reply.label}{' (1 or 2, or go on)' if offered else ''}]".replace("*", ""))
        show(reply.utterances)
        for line in reply.suggestions:
            typer.echo(f"- {line}")
        if reply.hint:
            typer.echo(f"\n[{reply.hint.seen} {reply.hint.try_line}]")


@app.command()
def ui(
    host: Annotated[str, typer.Option(help="Loopback only, until there is sign-in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
) -> None:
    """Open the chat page in a browser."""
    if not _is_loopback(host):
        raise UsageError(f"--host {host}: the page has no sign-in yet, so it only listens on this computer. Use 127.0.0.1.")
    from importlib.util import find_spec

    assistant = _assistant()
    assistant.adviser, assistant.store  # noqa: B018  built here, where progress shows, before the first visitor waits for it
    spec = find_spec("ui")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        raise UsageError("The page is not installed. Install the package again, with its `ui` folder.")
    command = [
        sys.executable, "-m", "streamlit", "run", str(Path(places[0]) / "app.py"), f"--server.address={host}", f"--server.port={port}",
        "--browser.gatherUsageStats=false", "--server.headless=true", "--client.toolbarMode=minimal", "--server.fileWatcherType=none",
        "--client.showErrorDetails=none",
    ]  # fmt: skip
    errors.print(f"The page opens at http://{host}:{port} (stop it with Ctrl-C).", highlight=False)
    sys.stderr.flush()
    # The page takes this process's place: whoever stops the command stops the page, and nothing stays behind on the port.
    os.execve(command[0], command, {**os.environ, "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"})  # noqa: S606  our own command, no shell


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main(arguments: Iterable[str] | None = None) -> None:
    """Runs a command; a person's mistake becomes one line on standard error and exit code 2."""
    try:
        app(args=list(arguments) if arguments is not None else None)
    except SystemExit as end:
        if arguments is None and isinstance(end.code, int | None):
            with suppress(BrokenPipeError):
                sys.stdout.flush()
            os._exit(end.code or 0)  # giving back the memory piece by piece would take a third of a second
        raise
    except AssistantError as error:
        errors.print(f"assistant: {error}", highlight=False, markup=False, soft_wrap=True)
        raise SystemExit(2) from None
    except BrokenPipeError:
        # The reader went away (`| head`): nothing is wrong, and Python must not complain on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
