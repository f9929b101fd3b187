# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bpfmon learn: rules of who writes, that are quiet about the same and tell of anybody else."""

import os
import signal
import subprocess
import tempfile
import time

import lib
from lib import Map, bpfmon, check, equal, mapwriter
from live_faults import native, only_native
from live_rules import Run, write


def learn(path, act, *options):
    """Learns while `act` goes on; the rules are in the file `path`."""
    lib.end_session()
    err = path + ".err"
    with open(err, "wb") as f:
        process = subprocess.Popen([lib.BPFMON, "learn", "-o", path, *options], stderr=f)

    def said():
        with open(err, encoding="utf-8") as f:
            return f.read()

    try:
        end = time.monotonic() + lib.PATIENCE
        while "watching" not in said():
            check(process.poll() is None and time.monotonic() < end, said())
            time.sleep(0.02)
        act()
        process.send_signal(signal.SIGINT)
        equal(process.wait(lib.PATIENCE), 0, said())
    finally:
        process.kill()
        process.wait()


@lib.one_end("newest")
@native
def test_learn():
    """mapwriter writes, by bpf(2) and from a program: the rules are quiet when it does so again, and
    tell of another process that does."""
    def writes():
        # so long that its executable is known in the degraded mode, too
        mapwriter("--map", "learned", "--count", "3", "--interval", "200")

    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "rules.yaml")
        learn(path, writes, "-m", "learned")
        with open(path, encoding="utf-8") as f:
            rules = f.read()
        check("  - name: learned-learned-array\n" in rules, rules)
        check("process.exe: " + os.path.realpath(lib.MAPWRITER) in rules, rules)
        check(lib.KERNEL == "native" or "program.name: mw_" in rules, rules)
        equal(bpfmon("check", path).returncode, 0, "exit status of check")
        with Run(f"rules: [{path}]\n") as run, Map(lib.ARRAY, name=b"learned") as m:
            writes()
            run.wait_for(lambda: sum(e["process"]["comm"] == "mapwriter"
                                     for e in run.events(types=["map.update"])) >= 3)
            write(m, 1)
            run.wait_for(run.alerts)
            run.finish()
            alert, = run.alerts()
            equal((alert["rule"], alert["of"]["process"]["pid"], alert["of"]["map"]["id"]),
                  ("learned-learned-array", os.getpid(), m.id), "the alert")


@only_native
def test_learn_ends():
    """It ends by itself; a second file of that name is refused before anything is watched, and none
    is left where nothing was learned."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "rules.yaml")
        run = bpfmon("learn", "--duration", "1s", "-o", path)
        equal(run.returncode, 0, run.stderr)
        check(b" rules, of " in run.stderr, run.stderr)
        equal(bpfmon("learn", "--duration", "1s", "-o", path).returncode, 2, "over a file")
        other = os.path.join(scratch, "none.yaml")
        equal(bpfmon("learn", "--duration", "1s", "-o", other, "-m", "4294967000").returncode, 2,
              "a map that is not there")
        check(not os.path.exists(other), "a file of nothing")
