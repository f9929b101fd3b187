# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every kind of BPF program, callback and context: each write is reported, in its context."""

import json
import os
import subprocess

import lib
from lib import Shared, check, equal

WRITERS = os.path.join(lib.TOP, "build/actors/writers")
WRITES = ("map.update", "map.delete")
LATE = {  # kinds that a kernel does not have
    "5.10": {"kprobe.multi", "syscall", "for_each", "loop", "timer", "workqueue", "user_ringbuf",
             "sys_bpf"},
    "6.1": {"kprobe.multi", "workqueue"},
    "6.12": {"workqueue"},  # it has, but with another kfunc to set the callback
}


def by(event):
    """The id of the program that wrote, and the pid of who loaded it."""
    program = event.get("program", {})
    return program.get("id"), program.get("loader", {}).get("pid")


@lib.shared
def test_writers():
    """Each kind of program writes; each update and delete is reported once, in order, and as that
    program's, whose code takes the place of the kind before."""
    with Shared() as watch:
        run = subprocess.run([WRITERS], capture_output=True, timeout=4 * lib.PATIENCE, check=True)
        first, *told = [json.loads(line) for line in run.stdout.splitlines()]
        total = sum(t.get("updates", 0) + t.get("deletes", 0) for t in told)
        watch.wait_for(lambda: len(watch.events(first["map"], WRITES)) >= total)
        watch.finish()
        events = watch.events(first["map"], WRITES)
        over, = (t["over"] for t in told if t.get("over"))
        opened = [(e["how"], e["mode"], e["process"]["pid"])
                  for e in watch.events(over, ("map.open",))]
        equal(opened, [("iterator", "rw", told[0]["pid"])], "iterator over elements")
    skipped = {t["kind"]: t["skip"] for t in told if "skip" in t}
    check(set(skipped) <= LATE.get(lib.KERNEL, set()), "not run:", skipped)
    wrong = {}
    for t in told:
        if "skip" in t:
            continue
        key = lib.struct.pack("<I", t["key"]).hex()
        mine = [e for e in events if e["key"]["hex"] == key]
        got = [(e["type"], e["via"], e.get("context"), e.get("value", {}).get("hex"), e["result"])
               for e in mine]
        via = "syscall" if t["kind"] == "sys_bpf" else "program"
        context = None if via == "syscall" else t["context"]
        if not t["context"]:  # in a task or a softirq, as the packet goes
            got = [(g[0], g[1], None, *g[3:]) for g in got if g[2] in ("task", "softirq")]
            context = None
        want = []
        for n in range(t["updates"]):
            value = lib.struct.pack("<Q", n + 1).hex()
            want += [("map.update", via, context, value, 0), ("map.delete", via, context, None, 0)]
        if got != want or t["updates"] != 5 or t["deletes"] != 5 or t["failed"]:
            wrong[t["kind"]] = (t, got[:3], len(got))
        elif via == "program" and [by(e) for e in mine] != len(mine) * [(t["program"], t["pid"])]:
            wrong[t["kind"]] = ("program", t, [e.get("program", e.get("program_error"))
                                               for e in mine])
        elif t["context"] == "task" and t["kind"] != "workqueue":
            if any(e["process"]["pid"] != t["pid"] for e in mine):
                wrong[t["kind"]] = "pid"
    equal(wrong, {}, "kinds")
    equal(len(events), total, "writes")


@lib.shared
def test_struct_ops():
    """A congestion control put into a struct_ops map and taken out again; its program writes."""
    with Shared() as watch:
        run = subprocess.run([os.path.join(lib.TOP, "build/actors/structops")],
                             capture_output=True, timeout=lib.PATIENCE, check=False)
        equal(run.returncode, 0, run.stderr.decode())
        told = json.loads(run.stdout)
        equal(told["updates"], 1, "init ran")
        watch.finish()
        ops = [(e["type"], e["via"], e["result"]) for e in watch.events(told["struct_ops"], WRITES)]
        equal(ops, [("map.update", "syscall", 0), ("map.delete", "syscall", 0)], "struct_ops")
        created, = watch.events(told["struct_ops"], ("map.create",))
        equal(created["map"]["type"], "struct_ops", "type")
        wrote = [(e["type"], e["via"], e["context"], e["value"]["hex"])
                 for e in watch.events(told["written"], WRITES)]
        equal(wrote, [("map.update", "program", "task", "0100000000000000")], "its program")


NO_STORAGE = {"5.10": {"task_storage", "cgrp_storage"}, "6.1": {"cgrp_storage"}}


@lib.shared
def test_storages():
    """Local storage that programs create, find again, delete, and that goes with its task."""
    with Shared("-e", "write") as watch:
        run = subprocess.Popen([os.path.join(lib.TOP, "build/actors/storages")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        told = [json.loads(run.stdout.readline()) for _ in range(3)]
        watch.wait_for(lambda: all(len(watch.events(t["map"])) >= 6 for t in told if "map" in t))
        watch.finish()
        run.communicate(timeout=lib.PATIENCE)
        skipped = {t["type"]: t["skip"] for t in told if "skip" in t}
        check(set(skipped) <= NO_STORAGE.get(lib.KERNEL, set()), "not run:", skipped)
        for t in told:
            if "skip" in t:
                continue
            equal((t["created"], t["deleted"]), (3, 3 - t["left"]), t["type"])
            want = []
            for n in range(3):
                value = lib.struct.pack("<Q", n + 1).hex()
                gone = "kernel" if n == 2 and t["left"] else "program"
                want += [("map.update", "program", value), ("map.delete", gone, None)]
            got = [(e["type"], e["via"], e.get("value", {}).get("hex"))
                   for e in watch.events(t["map"])]
            equal(got, want, t["type"])
