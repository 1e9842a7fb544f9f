"""Chat models over the wire: real client libraries against local servers, every fault within the time budget."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from assistant import Assistant, ModelError, Settings, UsageError
from assistant.models import PROVIDERS, Ledger, Spending, open_model, reachable, spending, split, stoppable
from assistant.settings import Models
from tests.servers import FAULTS, Protocol, Server, serving

PROTOCOLS: tuple[Protocol, ...] = ("openai", "anthropic", "ollama", "mistralai")
ROWS = {"type": "array", "items": {"type": "object"}}
SHAPE = {"title": "answer", "description": "x", "type": "object", "properties": {"statements": ROWS}}
ASKED = [("system", "Answer."), ("human", "Passages\n[1] (card)\nThe chair keeps a list of open actions.")]

KEYS = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "MISTRAL_API_KEY"), "test") | {
    "OPENAI_API_VERSION": "2024-10-21"
}


@pytest.fixture(params=PROTOCOLS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if find_spec(f"langchain_{request.param}") is None:
        pytest.skip(f"the extra {request.param} is not installed")
    with serving(request.param) as running:
        yield running


def limits(server: Server, **over: object) -> Models:
    return replace(Models(url=server.url, seconds=6, keys=frozenset(KEYS)), **over)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def test_an_object_comes_back_over_the_wire_with_its_tokens(server: Server) -> None:
    reply = open_model(server.model, limits(server)).ask(ASKED, SHAPE)
    assert reply.data
    assert reply.data["statements"][0]["text"] == "The chair keeps a list of open actions."
    assert (reply.usage.input, reply.usage.output) == (120, 30)
    assert server.requests[0]["stream"] is True


def test_a_server_like_openais_is_made_to_use_the_tool_by_a_word() -> None:
    pytest.importorskip("langchain_openai")
    with serving("openai") as server:
        open_model(server.model, limits(server)).ask(ASKED, SHAPE)
    assert server.requests[0]["tool_choice"] == "required"
    assert len(server.requests[0]["tools"]) == 1


def test_words_come_back_where_no_shape_is_asked_for(server: Server) -> None:
    assert "open actions" in open_model(server.model, limits(server))(ASKED[1][1])


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_an_answer_or_one_sentence_within_the_budget(server: Server, fault: str) -> None:
    server.fault = fault
    began = time.monotonic()
    said = ""
    try:
        reply = open_model(server.model, limits(server, seconds=2.5)).ask(ASKED, SHAPE)
        said = reply.text or str(reply.data)
    except ModelError as error:
        said = str(error)
    assert said
    assert "SECRET" not in said
    assert time.monotonic() - began < 3.5


@pytest.mark.parametrize("fault", ["busy", "server error", "cut stream", "empty", "garbage bytes"])
def test_a_passing_fault_is_tried_again(server: Server, fault: str) -> None:
    server.faults = [fault]
    assert open_model(server.model, limits(server)).ask(ASKED, SHAPE).data
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", ["no key", "no model"])
def test_what_trying_again_cannot_mend_is_not_tried_again(server: Server, fault: str) -> None:
    server.fault = fault
    with pytest.raises(ModelError, match="key" if fault == "no key" else "no such model"):
        open_model(server.model, limits(server)).ask(ASKED)
    assert len(server.requests) == 1


def test_a_server_without_tools_is_asked_for_plain_json(server: Server) -> None:
    server.tools = False
    assert open_model(server.model, limits(server)).ask(ASKED, SHAPE).data


def test_stop_ends_a_call_at_once(server: Server) -> None:
    server.fault = "hang"
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with stoppable(stop), pytest.raises(ModelError, match="stopped"):
        open_model(server.model, limits(server)).ask(ASKED)
    assert time.monotonic() - began < 1.5


def test_tokens_are_counted_by_day_and_a_cap_holds(server: Server, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.json")
    model = open_model(server.model, limits(server, tokens_a_day=200, prices=(1.0, 10.0)), ledger)
    assert model.ask(ASKED, SHAPE).usage.cost == pytest.approx(0.00042)
    model.ask(ASKED, SHAPE)
    assert ledger.today().input == 240
    with pytest.raises(ModelError, match="allowance of 200 tokens"):
        model.ask(ASKED, SHAPE)
    assert len(server.requests) == 2


def test_yesterdays_tokens_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "usage.json").write_text(json.dumps({"day": "2020-01-01", "input": 9, "output": 9, "cost": 1}))
    assert Ledger(tmp_path / "usage.json").today().input == 0


def test_no_more_calls_at_once_than_set() -> None:
    with serving("openai") as server:
        server.fault = "hang"
        model = open_model(server.model, limits(server, at_once=1, seconds=1.5))

        def wait() -> None:
            with pytest.raises(ModelError):
                model.ask(ASKED)

        first = threading.Thread(target=wait)
        first.start()
        time.sleep(0.3)
        with pytest.raises(ModelError, match="at once"):
            model.ask(ASKED, seconds=0.4)
        first.join()
        assert len(server.requests) == 1


def test_the_number_of_calls_at_once_holds_for_all_models_of_a_process() -> None:
    with serving("openai") as server:
        server.fault = "hang"
        one, other = (open_model(f"openai:{name}", limits(server, at_once=2)) for name in ("one", "other"))
        stop = threading.Event()

        def wait() -> None:
            with stoppable(stop), pytest.raises(ModelError):
                one.ask(ASKED)

        waiting = [threading.Thread(target=wait) for _ in range(2)]
        for thread in waiting:
            thread.start()
        time.sleep(0.3)
        with pytest.raises(ModelError, match="at once"):
            other.ask(ASKED, seconds=0.3)
        stop.set()
        for thread in waiting:
            thread.join()


def test_calls_for_one_answer_share_its_time_and_failed_ones_are_counted(server: Server) -> None:
    model, spent = open_model(server.model, limits(server, seconds=3, attempts=1)), Spending()
    began = time.monotonic()
    with spending(spent):
        server.faults = ["cut stream"]
        with pytest.raises(ModelError):
            model.ask(ASKED, SHAPE)
        server.fault = "hang"
        for _ in range(2):
            with pytest.raises(ModelError, match="in time"):
                model.ask(ASKED, SHAPE)
    assert time.monotonic() - began < 4
    assert spent.used
    assert spent.used.input > 0
    assert spent.used.output > 0


@pytest.mark.parametrize(
    ("provider", "fault"), [("anthropic", "refusal"), ("openai", "refusal"), ("azure", "refusal"), ("azure", "filtered")]
)
def test_a_model_that_declines_is_not_asked_again(provider: str, fault: str) -> None:
    pytest.importorskip("langchain_anthropic" if provider == "anthropic" else "langchain_openai")
    with serving("anthropic" if provider == "anthropic" else "openai") as server:
        server.fault = fault
        with pytest.raises(ModelError, match="declined"):
            open_model(f"{provider}:test-model", limits(server)).ask(ASKED, SHAPE)
        assert len(server.requests) == 1


def test_azure_is_spoken_to_like_openai() -> None:
    pytest.importorskip("langchain_openai")
    with serving("openai") as server:
        model = open_model("azure:test-model", limits(server))
        server.faults = ["busy", "server error"]
        reply = model.ask(ASKED, SHAPE)
        assert (reply.data or {})["statements"] and reply.usage.input == 120
        assert "open actions" in model(ASKED[1][1])
        assert len(server.requests) == 4


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "mistralai"])
def test_a_call_that_is_cut_short_is_no_object(protocol: Protocol) -> None:
    pytest.importorskip(f"langchain_{protocol}")
    with serving(protocol) as server:
        server.fault = "cut short"
        reply = open_model(server.model, limits(server)).ask(ASKED, SHAPE)
    assert "statements" not in (reply.data or {})


def test_nothing_listens_is_one_sentence() -> None:
    model = open_model("openai:x", Models(url="http://127.0.0.1:9/v1", seconds=3, attempts=2))
    with pytest.raises(ModelError, match="cannot be reached"):
        model.ask(ASKED)


@pytest.fixture(scope="module")
def unknown_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate that nobody vouches for."""
    made = tmp_path_factory.mktemp("tls") / "server.pem"
    openssl = shutil.which("openssl") or pytest.skip("openssl is not there to make a certificate")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1", "-nodes"]
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", *subject, "-keyout", str(made), "-out", str(made.with_suffix(".crt"))]
    subprocess.run(command, check=True, capture_output=True)
    made.write_text(made.read_text() + made.with_suffix(".crt").read_text())
    return made


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_certificate_nobody_vouches_for_is_one_sentence_and_not_tried_again(protocol: Protocol, unknown_certificate: Path) -> None:
    pytest.importorskip(f"langchain_{protocol}")
    with serving(protocol, unknown_certificate) as server:
        with pytest.raises(ModelError, match="certificate"):
            open_model(server.model, limits(server, seconds=20)).ask(ASKED)
        assert server.requests == []


@pytest.mark.parametrize(
    ("name", "limits", "error", "says"),
    [
        ("gpt", Models(), UsageError, "provider:name"),
        ("nowhere:x", Models(), UsageError, "no provider"),
        ("anthropic:x", Models(), ModelError, "set ANTHROPIC_API_KEY"),
        ("azure:x", Models(), ModelError, "AZURE_OPENAI_API_KEY and AZURE_OPENAI_ENDPOINT and OPENAI_API_VERSION"),
        ("azure:x", Models(url="https://x.invalid"), ModelError, "set AZURE_OPENAI_API_KEY and OPENAI_API_VERSION"),
        ("openai:x", Models(allowed=("ollama:a",)), UsageError, "not among the models allowed"),
    ],
)
def test_a_slip_in_naming_a_model_is_one_sentence(name: str, limits: Models, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        open_model(name, limits)


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.models.find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"pip install 'partnership-assistant\[mistral\]'"):
        open_model("mistral:x", Models())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_of_ours_is_constructed(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = PROVIDERS[provider]
    if find_spec(needs.package) is None:
        pytest.skip(f"the extra {needs.extra} is not installed")
    for key in needs.keys:
        monkeypatch.setenv(key, "https://x.invalid" if key.endswith("ENDPOINT") else KEYS.get(key, "test"))
    assert open_model(f"{provider}:some-model", Models(keys=frozenset(needs.keys))).name == f"{provider}:some-model"


def test_names_people_use_for_providers_are_understood() -> None:
    assert split("Google:gemini-x") == ("google_genai", "gemini-x")
    assert split("ollama:llama3.2:3b") == ("ollama", "llama3.2:3b")


def test_what_is_reachable_is_listed_with_one_tiny_call(server: Server) -> None:
    rows = reachable(server.model, limits(server))
    assert rows[-1].ready
    assert len(server.requests) == 1


def test_a_server_of_ones_own_needs_no_key_and_is_named() -> None:
    rows = {r.name: r for r in reachable("openai:x", Models(url="http://127.0.0.1:9/v1", seconds=1, attempts=1))}
    assert (rows["openai"].ready, rows["openai"].says) == (True, "installed; asks http://127.0.0.1:9/v1")
    assert (rows["openai:x"].ready, rows["openai:x"].says) == (False, "its server cannot be reached")


def test_no_model_is_named_so_nothing_of_one_is_imported() -> None:
    code = "import assistant.session, sys; print([m for m in ('langchain', 'openai', 'anthropic', 'ollama') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASSISTANT_MODEL_SECONDS", "soon"),
        ("ASSISTANT_MODEL_DOCUMENTS", "maybe"),
        ("ASSISTANT_MODEL_UNDERSTANDS", "2"),
        ("ASSISTANT_MODEL_AT_ONCE", "0"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(variable: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=variable):
        Settings.from_environment({"ASSISTANT_HOME": str(tmp_path), variable: value})


def test_langsmith_sees_nothing_unless_asked(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    from langsmith.utils import tracing_is_enabled

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    seen: list[object] = []
    real = assistant.adviser.writer.compose

    class Watching:
        def compose(self, question, evidence):  # type: ignore[no-untyped-def]
            seen.append(tracing_is_enabled())
            return real(question, evidence)

    monkeypatch.setattr(assistant.adviser, "writer", Watching())
    assistant.ask("What is coalition?")
    assert seen == [False]
