# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every kind of BPF program, callback and context: each write is reported, in its context."""

import json
import os
import shutil
import subprocess

import kern
import lib
from lib import Shared, check, equal

LONGNAME = os.path.join(lib.TOP, "build/actors/longname.bpf.o")
WRITERS = os.path.join(lib.TOP, "build/actors/writers")
TURNS = os.path.join(lib.TOP, "build/actors/turns")
WRITES = ("map.update", "map.delete")
LATE = {  # kinds that a kernel does not have
    "5.10": {"kprobe.multi", "syscall", "for_each", "loop", "timer", "workqueue", "user_ringbuf",
             "sys_bpf"},
    "6.1": {"kprobe.multi", "workqueue"},
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
    alone = {"nmi"} if os.cpu_count() == 1 else set()  # it takes another CPU to send one
    check(set(skipped) <= LATE.get(lib.KERNEL, set()) | alone, "not run:", skipped)
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
        run = subprocess.Popen([os.path.join(lib.TOP, "build/actors/structops")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = run.communicate(timeout=lib.PATIENCE)
        equal(run.returncode, 0, err.decode())
        told = json.loads(out)
        equal(told["updates"], 1, "init ran")
        watch.finish()
        ops = [(e["type"], e["via"], e["process"]["pid"], e["key"]["hex"], e["result"])
               for e in watch.events(told["struct_ops"], WRITES)]
        equal(ops, [(kind, "syscall", run.pid, "00000000", 0)
                    for kind in ("map.update", "map.delete")], "struct_ops")
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


@lib.parallel
@lib.shared
def test_writers_turns():
    """Programs that write their own id, and give way to others at the same addresses: each event
    proves whose it is. GENERATIONS and TURNS in the environment make more of them."""
    generations, turns = (os.environ.get(n, d) for n, d in (("GENERATIONS", "40"), ("TURNS", "100")))
    with Shared("-e", "update") as watch:
        run = subprocess.run([TURNS, generations, turns], capture_output=True, check=False,
                             timeout=1000)
        equal(run.returncode, 0, run.stderr.decode())
        first, *told = [json.loads(line) for line in run.stdout.splitlines()]
        watch.finish()
        events = watch.events(first["map"], ("map.update",))
    equal(len(told), 4 * int(generations), "programs")
    want = [(t["id"], t["name"]) for t in told for _ in range(t["writes"])]
    got = [(e.get("program", {}).get("id"), e.get("program", {}).get("name")) for e in events]
    values = [int.from_bytes(bytes.fromhex(e["value"]["hex"]), "little") for e in events]
    equal(values, [i for i, _ in want], "values")
    wrong = [(g, w) for g, w in zip(got, want) if g != w]
    check(not wrong, f"{len(wrong)} of {len(want)} are wrong:", wrong[:5])


@lib.shared
def test_writers_full_name():
    """Names of programs that the kernel cut, of which subprograms write, too: those that bpftool shows."""
    path = f"{lib.bpffs()}/live-longname"
    with Shared("-e", "write,prog") as watch:
        os.mkdir(path)
        try:
            subprocess.run(["bpftool", "prog", "loadall", LONGNAME, path, "pinmaps", path], check=True,
                           stdout=subprocess.DEVNULL)
            fds = [lib.open_pin(f"{path}/{pin}") for pin in os.listdir(path) if pin.startswith("counts")]
            shown = json.loads(subprocess.run(["bpftool", "-j", "prog", "show"], check=True,
                                              stdout=subprocess.PIPE).stdout)
            for fd in fds:
                kern.run(fd)
                os.close(fd)
        finally:
            shutil.rmtree(path)
        watch.finish()
    names = {p["id"]: p["name"] for p in shown if p.get("name", "").startswith("counts_packets_")}
    equal(sorted(names.values()), ["counts_packets_of_egress", "counts_packets_of_ingress"], "bpftool")
    for types in WRITES, ("prog.load",), ("prog.unload",):
        programs = [e["program"] for e in watch.events(types=types)
                    if e.get("program", {}).get("id") in names]
        equal({p["id"]: p["full_name"] for p in programs}, names, types)
        equal({p["name"] for p in programs}, {"counts_packets_"}, types)
