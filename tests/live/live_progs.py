# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs and links: loaded, attached, replaced, detached, gone. What must be told is what bpf(2)
itself answers: descriptors, results, and ids by BPF_OBJ_GET_INFO_BY_FD."""

import ctypes
import errno
import json
import os
import signal
import struct
import subprocess
import tempfile

import kern
import lib
from lib import Map, Shared, Skipped, Watch, check, equal
from live_faults import native
from live_handles import child, wait
from live_objects import perf

PROG_LOAD, PROG_ATTACH, PROG_DETACH, RAW_TP_OPEN = 5, 8, 9, 17
LINK_CREATE, LINK_UPDATE, LINK_DETACH = 28, 29, 34
PROG_BY_ID, LINK_BY_ID = 13, 30
CGROUP_SKB, RAW_TRACEPOINT, INGRESS, EGRESS, MULTI = 8, 17, 0, 1, 2


def load(name, kind=CGROUP_SKB, maps=(), code=None, target=(0, 0, 0)):
    """A program that returns 1 and refers to the maps; the descriptor, or minus errno.
    target: expected_attach_type, attach_btf_id, attach_prog_fd."""
    if code is None:
        code = b"".join(struct.pack("<BBhiBBhi", 0x18, 0x11, 0, m.fd, 0, 0, 0, 0) for m in maps)
        code += struct.pack("<BBhi", 0xb7, 0, 0, 1) + struct.pack("<BBhi", 0x95, 0, 0, 0)
    insns, license_ = lib.buf(code), lib.buf(b"GPL\0")
    attr = struct.pack("<IIQQIIQII16sII36xII", kind, len(code) // 8, ctypes.addressof(insns),
                       ctypes.addressof(license_), 0, 0, 0, 0, 0, name, 0, *target)
    return lib.call(PROG_LOAD, attr, [insns, license_])


def info(fd):
    """Type, id and tag of a program; of a link type, id and the program's id."""
    out = ctypes.create_string_buffer(80)
    attr = struct.pack("<IIQ", fd, 80, ctypes.addressof(out))
    equal(lib.call(lib.OBJ_INFO, attr, [out]), 0, "info")
    return struct.unpack_from("<II8s", out.raw)


def wait_gone(watch, kind, what, number):
    """The end of a program or link, which a worker of the kernel may bring later."""
    def gone():
        return [e for e in watch.events(types=(kind,)) if e[what]["id"] == number]
    watch.wait_for(gone)
    equal(len(gone()), 1, kind)
    return gone()[0]


def mine(watch, *types):
    return [e for e in watch.events(types=types) if e["process"]["pid"] == os.getpid()]


class Cgroup:
    """A cgroup of our own."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp()
        if subprocess.run(["mount", "-t", "cgroup2", "none", self.dir], check=False).returncode:
            raise Skipped("no cgroup2")
        self.path = os.path.join(self.dir, "live-progs")
        os.mkdir(self.path)
        self.fd = os.open(self.path, os.O_RDONLY)
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        os.rmdir(self.path)
        subprocess.run(["umount", self.dir], check=True)
        os.rmdir(self.dir)


@native
@lib.shared
def test_progs_load():
    """A program comes and goes, with the maps that it uses; one is refused."""
    with Shared("-e", "prog") as watch, Map(name=b"one") as one, Map(name=b"two") as two:
        fd = load(b"live_loaded", maps=(one, two))
        check(fd >= 0, "load", fd)
        kind, number, tag = info(fd)
        equal((load(b"live_refused", code=struct.pack("<BBhi", 0x95, 0, 0, 0)),
               load(b"live_none", kind=4711)), (-errno.EACCES, -errno.EINVAL), "refused")
        os.close(fd)
        watch.finish()
        loaded, refused, none = mine(watch, "prog.load")
        equal(loaded["program"], {"id": number, "name": "live_loaded", "type": "cgroup_skb",
                                  "tag": tag.hex()}, "program")
        equal((kind, loaded["maps"], loaded["result"]), (CGROUP_SKB, [one.id, two.id], 0), "load")
        equal((refused["program"], refused["result"], "maps" in refused),
              ({"name": "live_refused", "type": "cgroup_skb"}, "EACCES", False), "refused")
        equal((none["program"], none["result"]),
              ({"name": "live_none", "type": "4711"}, "EINVAL"), "no such type")
        if watch_has(watch, "prog_unload"):
            gone = wait_gone(watch, "prog.unload", "program", number)
            equal((gone["program"], gone["maps"]), (loaded["program"], loaded["maps"]), "unload")


def function(wanted=None):
    """Of the kernel's BTF: the id and name of this one, or of the first."""
    more = {1: 4, 3: 12, 14: 4, 17: 4}
    each = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
    with open("/sys/kernel/btf/vmlinux", "rb") as f:
        data = f.read()
    header, at, _, strings, _ = struct.unpack_from("<IIIII", data, 4)
    at += header
    for number in range(1, 1 << 20):
        name, word, _ = struct.unpack_from("<III", data, at)
        kind, members = word >> 24 & 31, word & 0xffff
        if kind == 12:
            name += header + strings
            found = data[name:data.index(b"\0", name)].decode()
            if found == (wanted or found):
                return number, found
        at += 12 + more.get(kind, 0) + each.get(kind, 0) * members
    raise Skipped("no such function in BTF")


@lib.shared
def test_progs_refused_target():
    """A refused program for a function of the kernel, and one for a function of a program."""
    number, name = function()
    with Shared("-e", "prog") as watch:
        other = load(b"live_other")
        # What a program may not do: end without a result.
        equal([load(b"live_traces", kind=26, code=struct.pack("<BBhi", 0x95, 0, 0, 0),
                    target=(24, *target)) < 0 for target in ((number, 0), (1, other))],
              [True, True], "refused")
        ids = info(other)[1]
        os.close(other)
        watch.finish()
        traces, extends = [e for e in mine(watch, "prog.load")
                           if e["program"]["name"] == "live_traces"]
        if lib.KERNEL != "5.10":  # where the kernel's BTF is not found
            equal(traces["target"], {"attach_type": "trace_fentry", "name": name}, "function")
        equal(extends["target"], {"attach_type": "trace_fentry", "program": ids}, "program")


def watch_has(watch, hook):
    return any(h["hook"] == hook and h["attached"] in ("fentry", "kprobe")
               for h in watch.start()["hooks"])


@native
@lib.shared
def test_progs_cgroup():
    """Attached to a cgroup and detached, by bpf(2); an attempt with no program."""
    with Cgroup() as cgroup, Shared("-e", "prog") as watch:
        fd = load(b"live_attached")
        number = info(fd)[1]
        attr = struct.pack("<IIII", cgroup.fd, fd, EGRESS, MULTI)
        off = struct.pack("<III", cgroup.fd, fd, EGRESS)
        equal((lib.call(PROG_ATTACH, attr), lib.call(PROG_DETACH, off), lib.call(PROG_DETACH, off)),
              (0, 0, -errno.ENOENT), "attach, detach")
        equal(lib.call(PROG_ATTACH, struct.pack("<IIII", cgroup.fd, cgroup.fd, EGRESS, 0)),
              -errno.EINVAL, "no program")
        os.close(fd)
        watch.finish()
        events = mine(watch, "prog.attach", "prog.detach")
        equal([(e["type"], e["result"], e.get("program", {}).get("id")) for e in events],
              [("prog.attach", 0, number), ("prog.detach", 0, number),
               ("prog.detach", "ENOENT", number), ("prog.attach", "EINVAL", None)], "events")
        for event in events:
            target = event["target"]
            equal(target["attach_type"], "cgroup_inet_egress", "attach type")
            check(target["cgroup"].endswith("/live-progs"), "cgroup", target)
            equal(target["cgroup_id"], os.stat(cgroup.path).st_ino, "cgroup id")


@native
@lib.shared
def test_progs_raw_tracepoint():
    """A link to a raw tracepoint, which goes with its descriptor; one of no such name."""
    with Shared("-e", "prog") as watch:
        fd = load(b"live_raw", kind=RAW_TRACEPOINT)
        number = info(fd)[1]
        name, none = lib.buf(b"sys_enter\0"), lib.buf(b"no_such\0")
        link = lib.call(RAW_TP_OPEN, struct.pack("<QI", ctypes.addressof(name), fd), [name])
        check(link >= 0, "open", link)
        link_id = info(link)[1]
        equal(lib.call(RAW_TP_OPEN, struct.pack("<QI", ctypes.addressof(none), fd), [none]),
              -errno.ENOENT, "no such tracepoint")
        os.close(link)
        os.close(fd)
        watch.finish()
        made, refused = mine(watch, "link.create")
        equal((made["link"], made["program"]["id"], made["target"]),
              ({"id": link_id, "type": "raw_tracepoint"}, number, {"name": "sys_enter"}), "link")
        equal((refused["result"], refused["target"], "link" in refused),
              ("ENOENT", {"name": "no_such"}, False), "refused")
        if watch_has(watch, "link_free"):
            gone = wait_gone(watch, "link.detach", "link", link_id)
            equal((gone["via"], gone["program"]["id"], gone["target"]),
                  ("kernel", number, made["target"]), "closed")


@native
@lib.shared
def test_progs_link_update():
    """A link to a cgroup: another program in the place of the first, and detached, told once."""
    with Cgroup() as cgroup, Shared("-e", "prog") as watch:
        first, second = load(b"live_first"), load(b"live_second")
        ids = [info(fd)[1] for fd in (first, second)]
        links = [lib.call(LINK_CREATE, struct.pack("<IIII", first, cgroup.fd, EGRESS, 0))
                 for _ in range(2)]
        check(min(links) >= 0, "create", links)
        numbers = [info(link)[1] for link in links]
        equal(lib.call(LINK_UPDATE, struct.pack("<III", links[0], second, 0)), 0, "update")
        equal(info(links[0])[2][:4], struct.pack("<I", ids[1]), "program after")
        equal(lib.call(LINK_DETACH, struct.pack("<I", links[0])), 0, "detach")
        # The end of the second is told after that of the first would be.
        for fd in (*links, first, second):
            os.close(fd)
        if watch_has(watch, "link_free"):
            gone = wait_gone(watch, "link.detach", "link", numbers[1])
            equal((gone["via"], gone["program"]["id"]), ("kernel", ids[0]), "closed")
        watch.finish()
        events = [e for e in mine(watch, "link.create", "link.update", "link.detach")
                  if e.get("link", {}).get("id") == numbers[0]]
        equal([(e["type"], e["result"], e["link"]["type"], e["program"]["id"],
                e.get("old_program", {}).get("id")) for e in events],
              [(kind, 0, "cgroup", *programs) for kind, *programs in
               (("link.create", ids[0], None), ("link.update", ids[1], ids[0]),
                ("link.detach", ids[1], None))], "events")
        check(events[0]["target"]["cgroup"].endswith("/live-progs"), "target", events[0])
        equal([e["target"] for e in events[1:]], [events[0]["target"]] * 2, "targets")


@lib.ends
def test_progs_filters():
    """-m lets pass what concerns a program that uses such a map; --prog what concerns it."""
    for args, want in lib.spread(((("-m", "wanted"), {"live_uses"}),
                                  (("--prog", "live_oth*"), {"live_other"}))):
        with Map(name=b"wanted") as wanted, Watch("-e", "prog", *args) as watch:
            for fd in (load(b"live_uses", maps=(wanted,)), load(b"live_other")):
                os.close(fd)
            watch.finish()
            equal({e["program"]["name"] for e in watch.events(types=("prog.load", "prog.unload"))},
                  want, args)


@lib.shared
def test_progs_netlink():
    """Attached to a device over netlink, and detached; an attempt while there is one."""
    with Shared("-e", "prog") as watch:
        pins = []
        for name in (b"live_packet", b"live_second"):
            fd = kern.load(kern.mov(0, 2) + kern.EXIT, 6, 0, name)
            pins.append(f"{lib.bpffs()}/{name.decode()}")
            path = lib.buf(pins[-1].encode() + b"\0")
            attr = struct.pack("<QI", ctypes.addressof(path), fd)
            equal(lib.call(lib.OBJ_PIN, attr, [path]), 0, "pin")
            pins.append(info(fd)[1])
            os.close(fd)
        one, first, two, second = pins

        # Without -force it takes none in the place of another.
        results = [subprocess.run(["ip", "link", "set", "dev", "lo", "xdpgeneric", *args],
                                  check=False, capture_output=True).returncode
                   for args in (("pinned", one), ("pinned", two), ("off",))]
        equal([bool(result) for result in results], [False, True, False], "ip")
        os.unlink(one)
        os.unlink(two)
        watch.finish()
        events = [e for e in watch.events(types=("prog.attach", "prog.detach"))
                  if e["process"]["comm"] == "ip"]
        equal([(e["type"], e["result"], e.get("program", {}).get("id")) for e in events],
              [("prog.attach", 0, first), ("prog.attach", "EBUSY", second),
               ("prog.detach", 0, None)], "events")
        equal([e["target"] for e in events], [{"attach_type": "xdp", "ifindex": 1}] * 3, "targets")


@lib.shared
def test_progs_tc():
    """Attached as a filter of tc, replaced, detached; refused; classic BPF is no program."""
    def tc(*args):
        run = subprocess.run(["tc", *args], check=False, capture_output=True)
        return run.returncode

    def new_filter(verb, place, *args):
        return tc("filter", verb, "dev", "lo", place, "protocol", "all", "pref", "7", "handle", "1",
                  *args)

    pins, ids = [], []
    for name, kind in ((b"live_one", 3), (b"live_two", 3), (b"live_other", 1)):
        fd = kern.load(kern.mov(0, 0) + kern.EXIT, kind, 0, name)
        pins.append(f"{lib.bpffs()}/{name.decode()}")
        path = lib.buf(pins[-1].encode() + b"\0")
        equal(lib.call(lib.OBJ_PIN, struct.pack("<QI", ctypes.addressof(path), fd), [path]), 0, "pin")
        ids.append(info(fd)[1])
        os.close(fd)
    try:
        with Shared("-e", "prog") as watch:
            results = [
                tc("qdisc", "add", "dev", "lo", "clsact"),
                new_filter("add", "ingress", "bpf", "da", "pinned", pins[0]),
                new_filter("replace", "ingress", "bpf", "da", "pinned", pins[1]),
                new_filter("add", "egress", "bpf", "da", "pinned", pins[1]),
                new_filter("add", "egress", "bpf", "da", "pinned", pins[0]),
                new_filter("add", "egress", "bpf", "bytecode", "1,6 0 0 0"),
                new_filter("del", "ingress", "bpf"),
                new_filter("del", "ingress", "bpf"),
            ]
            equal([bool(result) for result in results],
                  [False, False, False, False, True, True, False, True], "tc")
            watch.finish()
            events = [e for e in watch.events(types=("prog.attach", "prog.detach"))
                      if e["process"]["comm"] == "tc"]
    finally:
        tc("qdisc", "del", "dev", "lo", "clsact")
        for path in pins:
            os.unlink(path)
    equal([(e["type"], e["result"] == 0, e["target"], e.get("program", {}).get("id"))
           for e in events],
          [(kind, done, {"name": f"clsact/{place}", "ifindex": 1}, number)
           for kind, done, place, number in (
               ("prog.attach", True, "ingress", ids[0]),
               ("prog.attach", True, "ingress", ids[1]),
               ("prog.attach", True, "egress", ids[1]),
               ("prog.attach", False, "egress", ids[0]),
               ("prog.detach", True, "ingress", None),
               ("prog.detach", False, "ingress", None))], "events")
    equal(events[1]["program"]["name"], "live_two", "name")


@lib.shared
def test_progs_perf():
    """Attached to a perf event by ioctl; one that can not be."""
    with Shared("-e", "prog") as watch:
        event, _ = perf(9)
        fds = [kern.load(kern.mov(0, 0) + kern.EXIT, kind, 0, b"live_perf") for kind in (7, 1)]
        results = [lib.libc.ioctl(event, ctypes.c_ulong(0x40042408), ctypes.c_ulong(fd))
                   for fd in fds]
        equal(results, [0, -1], "ioctl")
        ids = [info(fd)[1] for fd in fds]
        for fd in (event, *fds):
            os.close(fd)
        watch.finish()
        events = mine(watch, "prog.attach")
        equal([(e["result"] == 0, e["program"]["id"], e["target"]) for e in events],
              [(result == 0, number,
                {"attach_type": "perf_event",
                 "perf_event": {"type": "perf_event", "perf_type": 1, "config": 9, "cpu": 0}})
               for result, number in zip(results, ids)], "events")


def stranger(function):
    """Another process, under a name of its own; its pid."""
    def body():
        with open("/proc/self/comm", "wb") as f:
            f.write(b"stranger")
        return function()

    pid = child(body)
    wait(pid)
    return pid


@native
@lib.shared
def test_progs_stranger():
    """A stranger opens a link by its id, puts another program in the place of its owner's and detaches
    it; then the same the old way, where no link is. Who, what was there before, what is then."""
    with Cgroup() as cgroup, Shared("-e", "prog") as watch:
        mine = load(b"live_mine")
        link = lib.call(LINK_CREATE, struct.pack("<IIII", mine, cgroup.fd, EGRESS, 0))
        equal(lib.call(PROG_ATTACH, struct.pack("<IIII", cgroup.fd, mine, INGRESS, MULTI)), 0,
              "attach")
        number, program = info(link)[1], info(mine)[1]
        read_end, write_end = os.pipe()

        def replaces():
            theirs = load(b"live_theirs")
            fd = lib.call(LINK_BY_ID, struct.pack("<II", number, 0))
            os.write(write_end, struct.pack("<I", info(theirs)[1]))
            return -(lib.call(LINK_UPDATE, struct.pack("<III", fd, theirs, 0)) or
                     lib.call(LINK_DETACH, struct.pack("<I", fd)))

        def detaches():
            fd = lib.call(PROG_BY_ID, struct.pack("<II", program, 0))
            group = os.open(cgroup.path, os.O_RDONLY)
            return -lib.call(PROG_DETACH, struct.pack("<III", group, fd, INGRESS))

        pids = [stranger(replaces), stranger(detaches)]
        theirs, = struct.unpack("<I", os.read(read_end, 4))
        for fd in (link, mine, read_end, write_end):
            os.close(fd)
        watch.finish()
        events = [e for e in watch.events(types=("link.update", "link.detach", "prog.detach"))
                  if e["process"]["pid"] in pids]
        equal([(e["type"], e["process"]["pid"], e["process"]["comm"], e.get("link", {}).get("id"),
                e.get("program", {}).get("id"), e.get("old_program", {}).get("id"), e["result"])
               for e in events if e.get("via") != "kernel"],
              [("link.update", pids[0], "stranger", number, theirs, program, 0),
               ("link.detach", pids[0], "stranger", number, theirs, None, 0),
               ("prog.detach", pids[1], "stranger", None, program, None, 0)], "events")
        for event in events[:3]:
            check(event["target"]["cgroup"].endswith("/live-progs"), "target", event)


@lib.shared
def test_progs_device_link():
    """Links to a device, as XDP and, where there is that, in front of tc: detached by a stranger."""
    with Shared("-e", "prog") as watch:
        done = []
        for kind, place, what, name in ((6, 37, "xdp", b"live_xdp"), (3, 46, "tcx", b"live_tcx")):
            fd = kern.load(kern.mov(0, 2 if kind == 6 else 0) + kern.EXIT, kind, 0, name)
            flags = 2 if kind == 6 else 0  # XDP_FLAGS_SKB_MODE
            link = lib.call(LINK_CREATE, struct.pack("<IIII", fd, 1, place, flags))
            if link == -errno.EINVAL and what == "tcx":
                os.close(fd)
                continue
            check(link >= 0, what, link)
            numbers = info(link)[1], info(fd)[1]
            by_id = struct.pack("<II", numbers[0], 0)
            pid = stranger(lambda by_id=by_id: -lib.call(LINK_DETACH, struct.pack(
                "<I", lib.call(LINK_BY_ID, by_id))))
            done.append((pid, what, *numbers))
            os.close(link)
            os.close(fd)
        watch.finish()
        events = [e for e in watch.events(types=("link.detach",)) if e.get("via") != "kernel"]
        equal([(e["process"]["pid"], e["link"]["type"], e["link"]["id"], e["program"]["id"],
                e["target"].get("ifindex"), e["result"]) for e in events
               if e["process"]["pid"] in [d[0] for d in done]],
              [(*d, 1, 0) for d in done], "detached")


@lib.shared
def test_progs_replaced_function():
    """A function of a program gets another program in its place: when that is loaded and when it is
    attached, whose function it is."""
    with Shared("-e", "prog") as watch:
        run = subprocess.Popen([os.path.join(lib.TOP, "build/actors/turns"), "1", "1"],
                               stdout=subprocess.PIPE)
        out = run.communicate(timeout=lib.PATIENCE)[0]
        equal(run.returncode, 0, "actor")
        ids = {t["name"]: t["id"] for t in map(json.loads, out.splitlines()[1:])}
        watch.finish()
        events = [e for e in watch.events(types=("prog.load", "link.create"))
                  if e["process"]["pid"] == run.pid and
                  e.get("program", {}).get("id") == ids["ext"]]
        equal([(e["type"], e["program"]["type"], e["result"]) for e in events],
              [("prog.load", "ext", 0), ("link.create", "ext", 0)], "events")
        equal(events[0]["target"], {"program": ids["sub"], "name": "deep"}, "whose function")


@lib.shared
def test_progs_killed():
    """An owner is killed: that what it had attached is gone, with its program and its map."""
    with Shared() as watch:
        ready, tell = os.pipe()

        def owner():
            m = Map(name=b"killed")
            fd = load(b"live_killed", kind=RAW_TRACEPOINT, maps=(m,))
            name = lib.buf(b"sys_enter\0")
            link = lib.call(RAW_TP_OPEN, struct.pack("<QI", ctypes.addressof(name), fd), [name])
            os.write(tell, struct.pack("<III", m.id, info(fd)[1], info(link)[1]))
            signal.pause()

        pid = child(owner)
        map_id, program, link = struct.unpack("<III", os.read(ready, 12))
        os.kill(pid, signal.SIGKILL)
        equal(os.waitpid(pid, 0)[1], signal.SIGKILL, "owner")
        os.close(ready)
        os.close(tell)
        if watch_has(watch, "link_free"):
            gone = wait_gone(watch, "link.detach", "link", link)
            equal((gone["via"], gone["program"]["id"], gone["target"]["name"]),
                  ("kernel", program, "sys_enter"), "link")
        gone = wait_gone(watch, "prog.unload", "program", program)
        equal(gone["maps"], [map_id], "program")
        watch.wait_for(lambda: watch.events(map_id, ("map.free",)))
        watch.finish()
