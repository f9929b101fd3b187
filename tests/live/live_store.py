# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The local store of a bpfmon that watches the kernel, and is killed."""

import json
import os
import random
import signal
import tempfile

import lib
from lib import Map, Watch, bpfmon, check, equal
from live_faults import only_native
from live_rules import Run


def stored(path, *args):
    run = bpfmon("query", "-o", "json", *args, path)
    return run.stdout.splitlines()


def by_seq(lines):
    """A query has the order of time, which is not always that in which they were written."""
    return sorted(lines, key=lambda line: json.loads(line)["seq"])


@only_native
def test_store():
    """Killed with SIGKILL while maps are written, then started again: of the first run the store
    has the first lines, each once, of the second all; and it answers while it is written."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "events.db")
        output = ("--output", f"sqlite,path={path}")
        with Watch(*output) as watch, Map(name=b"stored") as m:
            for number in range(2000):
                m.elem(lib.UPDATE, (number % 16).to_bytes(4, "little"), bytes(8))
            watch.wait_for(lambda: len(stored(path, "-e", "update")) > 500)
            equal(watch.stop(signal.SIGKILL), -signal.SIGKILL, "the first ended")
            first = watch.lines()
        before = by_seq(stored(path))
        equal([json.loads(line)["seq"] for line in before], list(range(len(before))), "seq")
        both = min(len(first), len(before))
        equal(before[:both], first[:both], "lines of the first")
        with Watch(*output) as watch, Map(name=b"stored") as m:
            m.elem(lib.UPDATE, bytes(4), bytes(8))
            watch.wait_for(lambda: watch.events(m.id, {"map.update"}))
            watch.finish()
            second = watch.lines()
        after = stored(path)
        equal(by_seq(after[:len(before)]), before, "lines of the first, later")
        equal(by_seq(after[len(before):]), second, "lines of the second")
        mine = stored(path, "-m", str(m.id), "-e", "update", "-a", str(os.getpid()), "-n", "1")
        check(mine and json.loads(mine[0])["map"]["name"] == "stored", mine)
        texts = bpfmon("query", "-m", "stored", "-e", "map.update", "-n", "1", path).stdout.decode()
        check(f"[{os.getpid()}]" in texts and "map " in texts, texts)


@only_native
def test_store_killed_daemon():
    """The daemon is killed at 100 random moments while a map is written, each time over the same
    store: it opens each time, and has of each run the first writes, whole, each once, and no other."""
    moments = random.Random(7)
    with tempfile.TemporaryDirectory() as folder, Map(name=b"killed") as m:
        path = os.path.join(folder, "events.db")
        conf = f"outputs: [{{type: stdout, format: json}}, {{type: sqlite, path: {path}}}]\nmaps: [{m.id}]\n"
        runs, number = [], 0
        for _ in range(100):
            with Run(conf) as run:
                first, end = number, lib.time.monotonic() + moments.uniform(0, 0.3)
                while lib.time.monotonic() < end or number == first:
                    equal(m.elem(lib.UPDATE, bytes(4), number.to_bytes(8, "little")), 0, "update")
                    number += 1
                equal(run.stop(signal.SIGKILL), -signal.SIGKILL, "how it ended")
            runs.append((first, number))
            stored(path, "-n", "1")
        told = sorted(json.loads(line)["value"]["number"] for line in stored(path, "-e", "update"))
        for first, end in runs:
            mine = [n for n in told if first <= n < end]
            equal(mine, list(range(first, first + len(mine))), f"of {first} to {end}")
        middle = sum(0 < sum(a <= n < b for n in told) < b - a for a, b in runs)
        check(middle >= 10, "kills while it was written:", middle)
