"""Threads that share an endpoint and a store of answers."""

import subprocess
import sys

FIRST_USE = """
import os, sys, threading
from aloi.models.llm import answer_store, endpoint

sys.setswitchinterval(1e-6)
completion = b'{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]}'
stored = (
    b'{"key": "k", "run": "r", "document": "d", "usable": true, "answer": {"text": "", '
    b'"finish": "", "prompt_tokens": 1, "completion_tokens": 1, "seconds": 0.1}}'
)
barrier = threading.Barrier(16)

def read():
    barrier.wait()
    endpoint._parse_answer(completion, 0.1, 10)
    answer_store._decode(stored)

for _ in range(60):
    child = os.fork()
    if not child:
        threads = [threading.Thread(target=read) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def test_several_threads_can_read_the_first_answers() -> None:
    """msgspec prepares a type at its first use, which must not happen in several threads."""
    done = subprocess.run([sys.executable, "-c", FIRST_USE], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
