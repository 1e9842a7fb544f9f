"""An independent server, transformers' own, with a tiny model of random weights: it talks nonsense, so the cards must answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from assistant import Assistant
from assistant.models import open_model
from assistant.settings import Models
from tests.test_model_writer import ASKS, adviser

SERVE = Path(sys.executable).with_name("transformers")


def tiny_model(folder: Path) -> None:
    """A chat model of a few thousand random weights; one token in twelve ends what it says."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    bytes_level = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words = Tokenizer(models.BPE())
    words.pre_tokenizer, words.decoder = bytes_level, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    words.train_from_iterator(
        ["agencies share"], trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    )
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, **marks)
    tokenizer.chat_template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"
    tokenizer.save_pretrained(folder)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=65_536, **sizes, **ends))
    model.generation_config.do_sample = True
    model.generation_config.eos_token_id = list(range(1, len(tokenizer), 12))
    model.save_pretrained(folder)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of the server and the name of its model."""
    for needed in ("fastapi", "uvicorn", "langchain_openai"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("tiny")
    tiny_model(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "home")}
    command = [str(SERVE), "serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (folder / "serve.log").open("wb") as log, subprocess.Popen(command, env=offline, stdout=log, stderr=log) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server, folder / "serve.log")
            yield f"http://127.0.0.1:{port}/v1", str(folder)
        finally:
            server.kill()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until and server.poll() is None:
        try:
            urlopen(url, timeout=2).close()  # noqa: S310  our own server on loopback
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"the server did not start: {log.read_text()[-500:]}")


def test_a_server_of_other_make_is_spoken_to(served: tuple[str, str]) -> None:
    url, name = served
    reply = open_model(f"openai:{name}", Models(url=url, seconds=90)).ask([("human", "Answer with the one word: ready")])
    assert reply.text
    assert reply.usage.output > 0


@pytest.mark.parametrize("question", ASKS[:3])
def test_nonsense_never_reaches_the_page(assistant: Assistant, served: tuple[str, str], question: str) -> None:
    url, name = served
    answer = adviser(assistant, open_model(f"openai:{name}", Models(url=url, seconds=30))).invoke(question)
    plain = assistant.ask(question)
    assert (answer.model, answer.text, answer.outcome) == ("none", plain.text, "answered")
    assert any("straight from the cards" in notice for notice in answer.notices)
