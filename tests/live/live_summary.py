# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs that write without a pause: what is told of them, and that it adds up.

tests/actors/busy counts its writes in a map of its own, by pointer: the sums are held against that.
"""

import ctypes
import errno
import json
import os
import signal
import struct
import subprocess
import tempfile

import lib
from lib import Watch, check, equal

BUSY = os.path.join(lib.TOP, "build/actors/busy")


def busy(*steps):
    """Runs the steps; the ids, and what was done by the programs' own count."""
    run = subprocess.run([BUSY, *steps], capture_output=True, timeout=5 * lib.PATIENCE, check=False)
    equal(run.returncode, 0, run.stderr.decode())
    return [json.loads(line) for line in run.stdout.splitlines()]


def watch(*args):
    """Only the maps of busy: its own count is by pointer and so a change of content."""
    return Watch("-m", "busy", "-m", "busy_other", *args, singles=False)


def told(log, ids, program=None, of="map.update", where="map"):
    """Events and summaries of successful writes of a kind, and the lines of the latter."""
    objects = [o for o in log.all() if o.get("map", {}).get("id") == ids[where]
               and o.get("via") == "program"]
    if program:
        objects = [o for o in objects if o.get("program", {}).get("id") == ids[program]]
    single = [o for o in objects if o["type"] == of and o["result"] == 0]
    sums = [o for o in objects if o["type"] == "monitor.summary" and o["of"] == of]
    return single, sums


def total(log, ids, program=None, of="map.update", where="map"):
    single, sums = told(log, ids, program, of, where)
    return len(single) + sum(s["count"] for s in sums)


def whole(log):
    """What must hold of each run; its monitor.stop."""
    stop = log.finish()
    sums = [o for o in log.all() if o["type"] == "monitor.summary"]
    equal(stop["summaries"], len(sums), "summaries")
    equal(stop["summarized"], sum(s["count"] for s in sums), "summarized")
    lib.no_loss([o for o in log.all() if o["type"] == "monitor.lost"])
    for s in sums:
        check(s["first"] <= s["last"] <= s["time"], "times", s)
        check("process" not in s and s["map"]["name"] in ("busy", "busy_other"), s)
        check(s["via"] == "program" and s["result"] == 0 and "program" in s, "whose?", s)
    return stop


def is_whole(event):
    """It tells all that an event of a write can."""
    check({"process", "program", "map", "key", "value", "result"} <= set(event), event)


def adds_up(log, run):
    """Events and counts are what the programs counted themselves, of each alone."""
    ids, count = run
    equal(total(log, ids, "first"), count["first"], "first")
    equal(total(log, ids, "second"), count["second"] - count["deleted"], "second")
    equal(total(log, ids, "delete"), count["deleted"], "updates of the third")
    equal(total(log, ids, "delete", "map.delete"), count["deleted"], "deletes")
    equal(sum(total(log, ids, "inner", where=where) for where in ("map", "other")), count["inner"],
          "inner")


def burst(log, run):
    """A hundred or so events and a few lines more."""
    ids, count = run
    single, sums = told(log, ids)
    equal(count["first"], 1000000, "by its own count")
    check(sums and len(single) >= 100, len(single), len(sums))
    # a hundred each second, more only where a program is loaded meanwhile
    check(len(single) < 20000, len(single), "events: the burst was not summarised")
    # before the end of the map
    types = [o["type"] for o in log.all() if o.get("map", {}).get("id") == ids["map"]]
    equal(types[-1], "map.free", types[-3:])


def nobody_hides(log, run):
    """Between the writes of a burst, each has an event that tells all: a new writer's first write, a
    program's first write to another map from the same place in its code, a failed write, bpf(2)."""
    ids, count = run
    equal(count, {"first": 110000, "second": 50001, "failed": 3, "deleted": 20000, "inner": 20001},
          "counted")
    events = log.events(ids["map"], ("map.update",))
    failed = [e for e in events if e["result"] == "EEXIST"]
    equal([e["program"]["id"] for e in failed], 3 * [ids["first"]], "failed")
    equal(len([e for e in events if e["via"] == "syscall"]), 300, "bpf(2)")
    first = told(log, ids, "second")[0][0]
    check(first["time"] < failed[0]["time"], "the new writer comes first", first)
    is_whole(first)
    check(told(log, ids, "inner")[1], "inner is busy with one map")
    single, sums = told(log, ids, "inner", where="other")
    equal((len(single), sums), (1, []), "the other map")
    is_whole(single[0])
    kinds = {(s["program"]["name"], s["of"], s.get("op")) for s in log.all()
             if s["type"] == "monitor.summary" and s["map"]["id"] == ids["map"]}
    equal(kinds, {("first", "map.update", None), ("second", "map.update", None),
                  ("deletes", "map.update", None), ("deletes", "map.delete", "delete"),
                  ("inner", "map.update", None)}, "kinds")


def write_sys(fd, value, flags=0):
    """One element by bpf(2); the result."""
    key, value = lib.buf((1).to_bytes(4, "little")), lib.buf(value)
    return lib.call(lib.UPDATE, struct.pack("<IxxxxQQQ", fd, ctypes.addressof(key),
                                            ctypes.addressof(value), flags), [key, value])


def strangers(log, ids):
    """While a program writes without a pause: another process, by bpf(2), with and without success,
    and the same program loaded once more onto the same map. Each write has an event of its own."""
    fd = lib.open_id(ids["map"])
    equal(write_sys(fd, b"stranger"), 0, "write")
    equal(write_sys(fd, b"stranger", lib.NOEXIST), -errno.EEXIST, "write")
    os.close(fd)
    other, count = busy(f"onto:{ids['map']}", "first:1")
    equal((other["map"], count["first"]), (ids["map"], 1), "the same map")
    check(other["first"] != ids["first"], other)

    def by_others():
        events = log.events(ids["map"], ("map.update",))
        return ([e for e in events if e["process"]["pid"] == os.getpid()],
                [e for e in events if e.get("program", {}).get("id") == other["first"]])

    log.wait_for(lambda: [len(of) for of in by_others()] == [2, 1])
    mine, program = by_others()
    equal([(e["via"], e["result"]) for e in mine], [("syscall", 0), ("syscall", "EEXIST")], "bpf(2)")
    equal(mine[0]["value"]["hex"], b"stranger".hex(), "value")
    is_whole(program[0])
    return other


def stops(log):
    """bpfmon ends in the middle of a burst, with strangers in it: its sums are what it took."""
    with subprocess.Popen([BUSY, "until"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        ids = json.loads(run.stdout.readline())
        log.wait_for(lambda: told(log, ids)[1])
        other = strangers(log, ids)
        n = len(told(log, ids)[1])
        log.wait_for(lambda: len(told(log, ids)[1]) >= n + 3)
        whole(log)  # monitor.stop's `seen` is what the kernel side counted
        run.stdin.close()
        count = json.loads(run.stdout.readline())
    equal(total(log, ids, "first") + 1, total(log, ids), "of one program, and one write of the other")
    equal(total(log, other, "first"), 1, "the other")
    got = total(log, ids, "first")
    check(0 < got <= count["first"], got, count)
    sums = told(log, ids)[1]
    # about once a second, and at each load and each end of a map of the stranger: not in each round
    seconds = [s["last"][:19] for s in sums]
    check(len(seconds) <= 2 * len(set(seconds)) + 20, "lines", seconds)
    for before, after in zip(sums, sums[1:]):
        check(before["last"] <= after["first"], before, after)


@lib.ends
def test_summaries():
    """Bursts of all kinds add up, nobody hides in them, and nothing is lost; a recording tells the
    same."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rec")
        with watch("-w", path) as log:
            runs = [
                busy("first:1000000"),
                busy("pair:200000"),  # two processes at the same time: none gets lost between them
                busy("first:50000", "second:1", "first:20000", "fail:3", "first:20000", "sys:300",
                     "first:20000", "second:30000", "delete:20000", "inner:20000", "other:1"),
            ]
            # the same program, loaded again while it is busy, maybe to where the other was
            again = [busy("first:3000") for _ in range(5)]
            stops(log)
            equal([o for o in log.all() if o["type"] == "map.change"], [], "explained by summaries")
            for run in runs + again:
                adds_up(log, run)
            equal(runs[1][1]["first"], 400000, "by its own count")
            burst(log, runs[0])
            nobody_hides(log, runs[2])
            for ids, _ in again:
                check(len(told(log, ids, "first")[0]) >= 100, ids, "events of its own")
            replayed = lib.bpfmon("replay", "-o", "json", path)
            equal(replayed.returncode, 0, replayed.stderr)
            equal([json.loads(l) for l in replayed.stdout.splitlines()], log.all(), "replay")


@lib.one_end("newest")
def test_summaries_none():
    """Who asks for a process, which a summary does not tell, gets an event for each write; so does
    -a, with which all other tests run."""
    with watch("-c", "busy") as log:
        ids, _ = busy("first:5000")
        stop = whole(log)
        single, sums = told(log, ids, "first")
        equal((len(single), sums, stop["summarized"]), (5000, [], 0), "told")


@lib.one_end("lowest")
def test_summaries_after():
    """Another number: as many events. What filters leave out counts there as well. bpfmon is stopped
    meanwhile, so that it reads of all, also what the map and the programs are, when it ends."""
    with watch("--summary-after", "1000", "-x", "prog=second") as log:
        log.process.send_signal(signal.SIGSTOP)
        ids, _ = busy("first:5000", "second:5000")
        log.process.send_signal(signal.SIGTERM)
        log.process.send_signal(signal.SIGCONT)
        stop = whole(log)
        single, sums = told(log, ids, "first")
        check(len(single) >= 1000 and sums, len(single))
        equal(total(log, ids, "first"), 5000, "told")
        equal(total(log, ids, "second"), 0, "left out")
        check(stop["filtered"] >= 5000, "left out are those of a summary, too", stop)
