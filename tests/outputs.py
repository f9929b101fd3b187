# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the checks of outputs have in common: a recording that is replayed into them, in halves, and
how the tests of a script are run. Each test takes a folder of its own."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

PATIENCE = 60  # seconds; a busy machine is slow
EVENTS = 2000
BPFMON = RECORDING = FIRST = None  # set by set_up(); FIRST: how many events are in the first half
os.environ["PATH"] += ":/usr/sbin:/sbin"


class Failed(Exception):
    """A check that did not hold."""


class Skipped(Exception):
    """There is no counterpart."""


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: got {str(got)[:300]}, want {str(want)[:300]}")


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skipped(f"{program} is not installed")


class Replay:
    """bpfmon replay with outputs; its recording comes through a pipe, in halves."""

    def __init__(self, *outputs):
        args = [word for output in outputs for word in ("--output", output)]
        self.process = subprocess.Popen([BPFMON, "replay", *args, "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.err = b""  # what of it was read before it ended

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def feed(self, first, last):
        data = RECORDING[len(RECORDING) * first // 2:len(RECORDING) * last // 2]
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def feed_beside(self, first, last):
        """The same when bpfmon waits for somebody: a pipe holds less than a half."""
        thread = threading.Thread(target=self.feed, args=(first, last))
        thread.start()
        return thread

    def says(self, text):
        """Waits until that is on its standard error."""
        os.set_blocking(self.process.stderr.fileno(), False)

        def is_said():
            with contextlib.suppress(BlockingIOError):
                self.err += os.read(self.process.stderr.fileno(), 1 << 16)
            return text in self.err.decode()

        wait_for(is_said, f"{text} in {self.err.decode()}")

    def finish(self, status=0):
        out, err = self.process.communicate(timeout=PATIENCE)
        err = (self.err + err).decode()
        equal(self.process.returncode, status, f"exit status ({err})")
        return out, err


def seqs_of(objects):
    """The seq of each object; what a monitor.lost stands for counts as many."""
    seqs = []
    for o in objects:
        lost = o["lost"] if o["type"] == "monitor.lost" and o["where"] == "output" else 1
        seqs += range(o["seq"], o["seq"] + lost)
    return seqs


def whole(objects, what):
    """Each event once, in order."""
    equal(seqs_of(objects), list(range(EVENTS)), f"seq of {what}")


def read_lines(path):
    with open(path, "rb") as file:
        data = file.read()
    equal(data[-1:], b"\n", f"end of {path}")
    return [json.loads(line) for line in data.split(b"\n")[:-1]]


def count_lines(path):
    with open(path, "rb") as file:
        return file.read().count(b"\n")


def set_up(bpfmon):
    global BPFMON, RECORDING, FIRST
    BPFMON = os.path.abspath(bpfmon)
    recorder = os.path.join(os.path.dirname(BPFMON), "bench/recording")
    RECORDING = subprocess.run([recorder, str(EVENTS), "known"], stdout=subprocess.PIPE,
                               check=True).stdout
    first = subprocess.run([BPFMON, "replay", "-q", "-o", "json", "-"], check=False,
                           input=RECORDING[:len(RECORDING) // 2], capture_output=True)
    FIRST = first.stdout.count(b"\n")


def run_tests(group, tests, only):
    """Those of a script, by globals(); the exit status."""
    failed = 0
    for name, test in list(tests.items()):
        if not name.startswith("test_") or (only and name[5:] not in only):
            continue
        with tempfile.TemporaryDirectory(prefix=f"bpfmon-{group}-") as dir_:
            try:
                test(dir_)
                print(f"ok {group}/{name[5:]}", flush=True)
            except Skipped as why:
                print(f"skip {group}/{name[5:]} - {why}", flush=True)
            except Exception as why:  # a broken test is a failed one
                if not isinstance(why, Failed):
                    traceback.print_exc()
                print(f"not ok {group}/{name[5:]} - {why}", flush=True)
                failed = 1
    return failed
