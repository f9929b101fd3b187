# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bpfmon's own eyes: heartbeats, and alerts when something blinds it or touches it."""

import errno
import json
import os
import re
import signal
import struct
import subprocess
import time

import kern
import lib
import live_progs as progs
from lib import Map, Shared, Watch, bpfmon, check, equal
from live_faults import native, only_native
from live_handles import child, wait
from live_maps import hidden
from live_processes import Cgroups

PTRACE_SEIZE = 0x4206
PROG_BY_ID, LINK_BY_ID = 13, 30
TRACING, FENTRY, MODIFY_RETURN, LSM, LSM_MAC = 26, 24, 26, 29, 27


def alerts(watch, rule):
    return [a for a in watch.events(types=("alert",)) if a["rule"] == rule]


def wait_alert(watch, rule, number=1):
    """The last of so many alerts of the rule."""
    watch.wait_for(lambda: len(alerts(watch, rule)) >= number)
    return alerts(watch, rule)[-1]


def put(path, value):
    with open(path, "w", encoding="ascii") as f:
        f.write(value)


def eyes():
    """One that is looked at and touched, which harms nothing."""
    return Watch("--heartbeat", "1")


@lib.ends
@native
@lib.shared_with(eyes)
def test_heartbeat():
    """Each second the sums so far, which are those of the lines before."""
    with Shared() as watch, Map(name=b"beating") as m:
        def beats():
            return [o for o in watch.all() if o["type"] == "monitor.heartbeat"]

        for number in (1, 2, 3):
            m.elem(lib.UPDATE, b"\0\0\0\0", bytes(8))
            watch.wait_for(lambda n=number: len(beats()) > n)
        lines = watch.watch.all()  # the marker's too
        first, *others = beats()
        for beat in others:
            between = lines[first["seq"] - lines[0]["seq"]:beat["seq"] - lines[0]["seq"]]
            equal(beat["events"] - first["events"],
                  sum(not o["type"].startswith("monitor.") for o in between), "events")
            check(beat["seen"] >= beat["events"] + beat["filtered"] + beat["lost"], beat)
            equal(beat["interval_ms"], 1000, "interval")
            check(beat["ring_used"] < beat["ring_size"], beat)
        times = [beat["uptime_ms"] for beat in beats()]
        check(times == sorted(times) and times[0] >= 1000, times)
        events = [beat["events"] for beat in beats()]
        check(events == sorted(events) and events[-1] - events[0] >= 2, events)


def trace(watch):
    """Has it traced by another, and then no more; both are told."""
    read, write = os.pipe()
    tracer = os.fork()
    if not tracer:
        os.close(write)
        if not lib.libc.ptrace(PTRACE_SEIZE, watch.process.pid, None, None):
            os.read(read, 1)
        os._exit(0)
    os.close(read)
    alert = wait_alert(watch, "traced")
    equal(alert["severity"], "critical", "severity")
    check(f"process {tracer} (" in alert["reason"], alert)
    os.close(write)
    os.waitpid(tracer, 0)
    equal(wait_alert(watch, "traced", 2)["severity"], "info", "over")
    check("alert (critical) traced: " in watch.stderr(), watch.stderr())


@lib.ends
@native
@lib.shared_with(eyes)
def test_traced():
    """A tracer is an alert, and its end another."""
    with Shared() as watch:
        trace(watch)


@only_native
def test_traced_quietly():
    """The same with -q, which leaves out of stderr what is only good to know."""
    watch = Watch("-q", "-e", "alert")
    try:
        watch.wait_for(watch.lines)
        trace(watch)
        watch.finish()
        equal(len(alerts(watch, "traced")), 2, "alerts")
        check("alert (info)" not in watch.stderr(), watch.stderr())
    finally:
        watch.__exit__()


def own_maps(pid):
    """{id: frozen} of the maps that a process has open."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
                text = f.read()
        except FileNotFoundError:
            continue
        if "map_id:" in text:
            found[int(re.search(r"map_id:\s+(\d+)", text)[1])] = "frozen:\t1" in text
    return found


def touch(watch, *told):
    """Opens a map of bpfmon and tries to write it: an alert, which names the events that are told."""
    m = next(i for i, frozen in own_maps(watch.process.pid).items() if frozen)
    fd = lib.open_id(m, 1 << 3)  # BPF_F_RDONLY
    check(fd >= 0, "open by id", fd)
    os.close(fd)
    alert = wait_alert(watch, "own-map-touched")
    equal(alert["severity"], "low", "to read")
    fd = lib.open_id(m)
    key, value = lib.buf(bytes(4)), lib.buf(bytes(1 << 16))
    equal(lib.call(lib.UPDATE, struct.pack(
        "<IxxxxQQQ", fd, lib.ctypes.addressof(key), lib.ctypes.addressof(value), 0)),
        -lib.errno.EPERM, "it is frozen")
    os.close(fd)
    watch.wait_for(lambda: alerts(watch, "own-map-touched")[-1]["severity"] == "critical")
    alert = alerts(watch, "own-map-touched")[-1]
    check(f"map {m} by " in alert["reason"] and f"[{os.getpid()}]" in alert["reason"], alert)
    watch.finish()
    causes = [seq for a in alerts(watch, "own-map-touched") for seq in a["events"]]
    events = watch.events(m)
    equal([(e["type"], e.get("result", 0)) for e in events], list(told), "events")
    equal(causes, [e["seq"] for e in events], "causes")


@lib.ends
@native
@lib.shared_with(eyes)
def test_own_map_touched():
    """Somebody opens a map of bpfmon and tries to write it: an alert that names the events."""
    with Shared() as watch:
        touch(watch, ("map.open", 0), ("map.open", 0), ("map.update", "EPERM"))


@lib.one_end("newest")
@native
def test_own_map_filtered():
    """An alert also where the events are left out."""
    with Watch("-m", "none_of_these", "-e", "all") as watch:
        touch(watch)


def own(pid, what):
    """Ids of the programs ("prog") or links ("link") that a process has open."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as f:
                text = f.read()
        except FileNotFoundError:
            continue
        number = re.search(what + r"_id:\s+(\d+)", text)
        if number and (what == "link") == ("link_id" in text):
            found.add(int(number[1]))
    return sorted(found)


def by_id(cmd, number):
    return lib.call(cmd, struct.pack("<II", number, 0))


def tracing(name, attach_type, target, code=kern.mov(0, 0) + kern.EXIT, kind=TRACING):
    """A program on a function of the kernel, attached: its descriptors, and its id."""
    program = progs.load(name, kind, code=code, target=(attach_type, target, 0))
    check(program >= 0, "load", program)
    link = lib.call(progs.RAW_TP_OPEN, struct.pack("<QI", 0, program))
    check(link >= 0, "attach", link)
    return (link, program), progs.info(program)[1]


def close(fds):
    for fd in fds:
        os.close(fd)


@lib.ends
@native
def test_own_programs():
    """Who opens bpfmon's own programs and links by id, and does something to these, is told at once;
    another bpfmon that lists all of them is not. Programs of others on functions that bpfmon hooks:
    from before its start, attached later, gone; none of bpfmon's own or on another function."""
    number, name = progs.function("security_bpf")
    unused, before = (), ()
    other = progs.load(b"another")
    try:
        before, first = tracing(b"early", FENTRY, number)
        unused, _ = tracing(b"unused", FENTRY, progs.function("security_mmap_addr")[0])
    except lib.Failed as why:
        check(lib.KERNEL == "native", why)
    with Watch() as watch:
        if before:
            alert = wait_alert(watch, "foreign-program")
            equal((alert["severity"], alert["reason"].split(": ")[1]),
                  ("medium", f"{first} early (trace_fentry) on {name}"), "at the start")
            close(before)
            equal(wait_alert(watch, "foreign-program", 2)["severity"], "info", "gone")
            later, second = tracing(b"later", MODIFY_RETURN, number)
            alert = wait_alert(watch, "foreign-program", 3)
            equal((alert["severity"], alert["reason"].split(": ")[1]),
                  ("high", f"{second} later (modify_return) on {name}"), "attached")
            close(later)
            wait_alert(watch, "foreign-program", 4)
        equal(bpfmon("maps").returncode, 0, "maps")
        equal(alerts(watch, "own-program-touched"), [], "another bpfmon")
        subprocess.run(["bpftool", "prog"], capture_output=True, check=True)
        alert = wait_alert(watch, "own-program-touched")
        check(" by bpftool[" in alert["reason"] and alert["severity"] == "low", alert)
        program, link = (own(watch.process.pid, what)[0] for what in ("prog", "link"))
        fds = [by_id(PROG_BY_ID, program)]
        # what bpftool did may be told in two rounds
        watch.wait_for(lambda: f"[{os.getpid()}]" in wait_alert(watch, "own-program-touched")["reason"])
        alert = wait_alert(watch, "own-program-touched")
        check(alert["severity"] == "critical" and alert["reason"].startswith(
            f"opening by id of bpfmon's own program {program} by "), alert)
        equal(alerts(watch, "own-link-touched"), [], "links")
        fds.append(by_id(LINK_BY_ID, link))
        check(min(fds) >= 0, "open", fds)
        alert = wait_alert(watch, "own-link-touched")
        check(alert["reason"].startswith(f"opening by id of bpfmon's own link {link} by "), alert)
        detached = lib.call(progs.LINK_DETACH, struct.pack("<I", fds[1]))
        check(detached < 0, "a link of tracing can't be detached", detached)
        watch.wait_for(lambda: any(a["events"] for a in alerts(watch, "own-link-touched")))
        updated = lib.call(progs.LINK_UPDATE, struct.pack("<III", fds[1], fds[0], 0))
        check(updated < 0, "nor updated", updated)
        watch.wait_for(lambda: sum(len(a["events"])
                                   for a in alerts(watch, "own-link-touched")) >= 2)
        close(fds)
        watch.finish()
        events = {e["seq"]: e for e in watch.all()}
        causes = [events[seq] for a in alerts(watch, "own-link-touched") for seq in a["events"]]
        equal([(e["type"], e["link"]["id"], e["process"]["pid"]) for e in causes],
              [("link.detach", link, os.getpid()), ("link.update", link, os.getpid())], "causes")
        equal(len(alerts(watch, "foreign-program")), 4 if before else 0, "foreign programs")
        equal([a for a in alerts(watch, "hook-gone")], [], "hooks")
    close((other, *unused))


@only_native
def test_own_map_replayed():
    """In a replay that leaves lines out an alert names its causes by their new numbers."""
    with Watch("-w", "/dev/shm/bpfmon-touched") as watch, Map(name=b"other") as other:
        try:
            m = next(iter(own_maps(watch.process.pid)))
            other.elem(lib.UPDATE, bytes(4), bytes(8))
            os.close(lib.open_id(m, 1 << 3))
            wait_alert(watch, "own-map-touched")
            watch.finish()
            run = bpfmon("replay", "-o", "json", "-e", "open,alert", "/dev/shm/bpfmon-touched")
            none = bpfmon("replay", "-o", "json", "-e", "alert", "/dev/shm/bpfmon-touched")
        finally:
            os.unlink("/dev/shm/bpfmon-touched")
        objects = [json.loads(line) for line in run.stdout.splitlines()]
        alert, = (o for o in objects if o["type"] == "alert" and o["rule"] == "own-map-touched")
        equal([objects[seq]["map"]["id"] for seq in alert["events"]], [m], "cause")
        check(alert["events"] != alerts(watch, "own-map-touched")[0]["events"], "not renumbered")
        alert, = (o for o in map(json.loads, none.stdout.splitlines())
                  if o.get("rule") == "own-map-touched")
        equal(alert["events"], [], "a cause that was left out")


@only_native
def test_stalled():
    """Stopped for 7 s: the next round tells, and nothing was lost meanwhile."""
    with Watch("--heartbeat", "1") as watch, Map(name=b"meanwhile") as m:
        # what is open already is listed before the rounds begin
        watch.wait_for(lambda: any(b"monitor.heartbeat" in line for line in watch.lines()))
        watch.process.send_signal(signal.SIGSTOP)
        m.elem(lib.UPDATE, bytes(4), bytes(8))
        time.sleep(7)
        watch.process.send_signal(signal.SIGCONT)
        alert = wait_alert(watch, "stalled")
        equal(alert["severity"], "medium", "severity")
        seconds = float(re.search(r"did not run for ([0-9.]+) s", alert["reason"])[1])
        check(5 < seconds < 60, alert)
        watch.finish()
        equal(len(alerts(watch, "stalled")), 1, "alerts")
        equal(len(watch.events(m.id, ("map.update",))), 1, "the write")


@only_native
def test_no_checks():
    """--check-interval 0: no alert."""
    with Watch("--check-interval", "0") as watch:
        os.close(lib.open_id(next(iter(own_maps(watch.process.pid)))))
        time.sleep(1.5)
        watch.finish()
        equal(watch.events(types=("alert",)), [], "alerts")


@lib.ends
@lib.shared_with(eyes)
def test_hidden():
    """A map and a program that a rootkit takes out of what bpf(2) lists, after two looks at the lists;
    the alerts tell which, and before that which program can write into the memory of who asks."""
    program = progs.load(b"secret")
    with Shared() as watch, Map(lib.ARRAY, name=b"secret") as m:
        for n, (kind, secret) in enumerate((("map", m.id),
                                             ("program", progs.info(program)[1]))):
            with hidden(secret, kind):
                alert = wait_alert(watch, "dangerous-helper", 2 * n + 1)
                check(re.search(r" \d+ hide \(bpf_probe_write_user\)$", alert["reason"]), alert)
                equal(alert["severity"], "high", "severity")
                alert = wait_alert(watch, f"hidden-{kind}")
            equal(alert["severity"], "high", "severity")
            check(f"{kind} {secret} is hidden from bpf(2)" in alert["reason"], alert)
            for rule, number in ((f"hidden-{kind}", 2), ("dangerous-helper", 2 * n + 2)):
                equal(wait_alert(watch, rule, number)["severity"], "info", "over")
    os.close(program)


def answers(*replies):
    """Ends of pipes of a process that replies to each byte: (ask, the process)."""
    asked, ask = os.pipe()
    said, say = os.pipe()

    def body():
        os.close(ask)
        for reply in replies:
            os.write(say, struct.pack("<q", reply()))
            os.read(asked, 1)

    pid = child(body)
    os.close(asked)
    os.close(say)
    return pid, ask, said


def refuses(kind, pid):
    """Attaches a program that refuses updates of maps to the process; the program's id."""
    code = (kern.insn(0x79, 6, kern.R1) +  # r6 = cmd
            kern.call_helper(14) + kern.insn(0x77, kern.R0, imm=32) +  # the process
            kern.insn(0x55, kern.R0, off=3, imm=pid) + kern.insn(0x56, 6, off=2, imm=lib.UPDATE) +
            kern.mov(kern.R0, -errno.EPERM) + kern.EXIT + kern.mov(kern.R0, 0) + kern.EXIT)
    where, attach, name = REFUSES[kind]
    return tracing(b"refuses", attach, progs.function(name)[0], code, where)[1]


REFUSES = {"fmod_ret": (TRACING, MODIFY_RETURN, "security_bpf"), "lsm": (LSM, LSM_MAC, "bpf_lsm_bpf")}


@lib.shared
def test_refused():
    """A stranger's program refuses the owner's bpf(2): what the owner tried and was refused is told, and
    an alert tells of the program, which the events of its loading tell whose it is."""
    with open("/sys/kernel/security/lsm", encoding="ascii") as f:
        calls_lsm = "bpf" in f.read().split(",")
    for kind, shown in (("fmod_ret", "modify_return"), ("lsm", "lsm_mac")):
        with Shared() as watch, Map(name=b"refused") as m:
            writes = [lambda n=n: m.elem(lib.UPDATE, bytes([n, 0, 0, 0]), bytes(8))
                      for n in range(3)]
            owner, ask, said = answers(*writes)
            results = [os.read(said, 8)]
            pid, end, told = answers(lambda kind=kind, owner=owner: refuses(kind, owner))
            number, = struct.unpack("<q", os.read(told, 8))
            os.write(ask, b"x")
            results.append(os.read(said, 8))
            reason = f"{number} refuses ({shown}) on {REFUSES[kind][2]}"
            watch.wait_for(lambda reason=reason: [
                a for a in alerts(watch, "foreign-program") if reason in a["reason"]])
            alert = [a for a in alerts(watch, "foreign-program") if reason in a["reason"]][0]
            equal(alert["severity"], "high", "severity")
            os.write(end, b"x")
            wait(pid)
            # attached until a worker of the kernel has freed it
            watch.wait_for(lambda number=number: [
                e for e in watch.events(types=("prog.unload",)) if e["program"]["id"] == number])
            os.write(ask, b"x")
            results.append(os.read(said, 8))
            os.write(ask, b"x")
            wait(owner)
            for fd in (ask, said, end, told):
                os.close(fd)
            refused = -errno.EPERM if calls_lsm or kind == "fmod_ret" else 0
            equal([struct.unpack("<q", r)[0] for r in results], [0, refused, 0], kind)
            watch.sync()
            equal([(e["process"]["pid"], e["key"]["number"], e["result"])
                   for e in watch.events(m.id, ("map.update",))],
                  [(owner, 0, 0), (owner, 1, "EPERM" if refused else 0), (owner, 2, 0)], kind)
            made = [e for e in watch.events(types=("prog.load", "link.create"))
                    if e.get("program", {}).get("id") == number]
            equal([(e["type"], e["process"]["pid"], e["target"]["name"]) for e in made],
                  [(what, pid, REFUSES[kind][2]) for what in ("prog.load", "link.create")], kind)


@lib.ends
@native
@lib.shared_with(eyes)
def test_frozen():
    """bpfmon is frozen by its cgroup: nobody hears of it meanwhile, neither lines nor heartbeats; then
    it says that it was held up, and what happened meanwhile is there."""
    with Cgroups("frozen") as groups, Shared() as watch, Map(name=b"meanwhile") as m:
        top = groups.top + "/frozen/"
        with open(f"/proc/{watch.process.pid}/cgroup", encoding="ascii") as f:
            home = next(line[3:].strip() for line in f if line.startswith("0::"))

        def state():
            with open(top + "cgroup.events", encoding="ascii") as f:
                return "frozen 1" in f.read()

        put(top + "cgroup.procs", str(watch.process.pid))
        try:
            put(top + "cgroup.freeze", "1")
            watch.wait_for(state)
            before = len(watch.all())
            m.elem(lib.UPDATE, bytes(4), bytes(8))
            time.sleep(7)
            equal(len(watch.all()), before, "lines of who is frozen")
            put(top + "cgroup.freeze", "0")
            alert = wait_alert(watch, "stalled")
            equal(alert["severity"], "medium", "severity")
            check("did not run for " in alert["reason"], alert)
            watch.wait_for(lambda: len(watch.events(m.id, ("map.update",))) == 1)
        finally:
            put(top + "cgroup.freeze", "0")
            put(f"{groups.top}{home}/cgroup.procs", str(watch.process.pid))
        watch.finish()
