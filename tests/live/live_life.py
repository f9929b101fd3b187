# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Maps as a whole: creation, handles, freeze, pins, their end."""

import os
import subprocess

import lib
from lib import Map, Shared, Watch, check, equal, mapwriter
from live_faults import native

PIN = lib.bpffs() + "/live-pin"


def unpin():
    if os.path.exists(PIN):
        os.unlink(PIN)


@lib.shared
def test_life():
    """One map from creation to its end, in order, with how it was opened and what for."""
    unpin()
    with Shared() as watch:
        with Map(name=b"alive") as m:
            equal(m.pin(PIN), 0, "pin")
            fds = [open_ for flags in (0, 8, 16)
                   for open_ in (lib.open_id(m.id, flags), lib.open_pin(PIN, flags))]
            check(all(fd >= 0 for fd in fds), "open", fds)
            equal(m.freeze(), 0, "freeze")
            again = m.freeze()
            check(again < 0, "frozen twice")
            for fd in fds:
                os.close(fd)
            unpin()
        watch.wait_for(lambda: watch.events(m.id, ("map.free",)))
        watch.finish()
        events = watch.events(m.id)
        equal([e["type"] for e in events], ["map.create", "map.pin"] + 6 * ["map.open"] +
              2 * ["map.freeze"] + ["map.unpin", "map.free"], "events")
        equal(events[1]["path"], PIN, "pin path")
        equal([(e["how"], e["mode"], e["fd"]) for e in events[2:8]],
              [(how, mode, fd) for (mode, how), fd in
               zip(((m_, h) for m_ in ("rw", "r", "w") for h in ("id", "pin")), fds)], "opens")
        equal([e["path"] for e in events[2:8] if e["how"] == "pin"], [PIN] * 3, "open path")
        equal([e["result"] for e in events[8:10]], [0, lib.errno.errorcode[-again]], "freeze")
        equal(events[-1]["map"]["name"], "alive", "name at the end")
        check(all(e["process"]["pid"] == os.getpid() for e in events[:-1]), "pid")


@lib.shared
def test_read_only():
    """A descriptor that may not write: the attempt is reported with EPERM, the map and the key."""
    with Shared("-e", "write") as watch, Map() as m:
        fd = lib.open_id(m.id, 8)
        equal(m.elem(lib.UPDATE, b"\7\0\0\0", bytes(8), fd=fd), -1, "update")
        equal(m.elem(lib.DELETE, b"\7\0\0\0", fd=fd), -1, "delete")
        os.close(fd)
        watch.finish()
        equal([(e["type"], e["result"], e["key"]["hex"]) for e in watch.events(m.id)],
              [("map.update", "EPERM", "07000000"), ("map.delete", "EPERM", "07000000")], "refused")


@lib.shared
def test_bad_pointers():
    """Key and value that can't be read: reported with the result, without what nobody knows."""
    with Shared("-e", "write") as watch, Map() as m:
        attr = lib.struct.pack("<IxxxxQQQ", m.fd, 8, 8, 0)
        equal(lib.call(lib.UPDATE, attr), -14, "update")
        watch.finish()
        event, = watch.events(m.id)
        equal(event["result"], "EFAULT", "result")
        equal(event["key"]["hex"], "", "key")


def churned(watch):
    return [e for e in watch.events() if e["map"].get("name") == "churn"]


@lib.ends
@lib.shared
@native
def test_churn():
    """Maps that come and go fast: each is reported from creation to its end."""
    count = 300
    with Shared() as watch:
        ids = []
        for _ in range(count):
            with Map(name=b"churn") as m:
                ids.append(m.id)
                m.elem(lib.UPDATE, b"\0\0\0\0", bytes(8))
        watch.finish()
        events = churned(watch)
        equal([e["map"]["id"] for e in events if e["type"] == "map.create"], ids, "created")
        equal([e["map"]["id"] for e in events if e["type"] == "map.update"], ids, "updated")


@lib.ends
@lib.shared
def test_churn_end():
    """The end of each of many maps, in the order of their ids."""
    with Shared("-e", "free") as watch:
        ids = []
        for _ in range(100):
            with Map(name=b"churn") as m:
                ids.append(m.id)
        watch.wait_for(lambda: len(churned(watch)) == len(ids))
        watch.finish()
        equal(sorted(e["map"]["id"] for e in churned(watch)), ids, "freed")


@lib.one_end("lowest")
def test_deleted_while_watched():
    """The watched map goes away: reported, and bpfmon goes on."""
    with Map(name=b"victim") as m:
        with Watch("-m", str(m.id)) as watch:
            m.elem(lib.UPDATE, b"\0\0\0\0", bytes(8))
            m.close()
            watch.wait_for(lambda: watch.events(m.id, ("map.free",)))
            watch.finish()
            equal([e["type"] for e in watch.events(m.id)], ["map.open", "map.update", "map.free"],
                  "events")


@lib.ends
@lib.shared
def test_two_monitors():
    """Two bpfmons: neither reports the other's bookkeeping, both see everything else."""
    with Shared() as first, Watch(beside=True) as second:
        maps, writes = mapwriter("--count", "2", "--type", "hash")
        second.finish()
        first.sync()
        for watch in (first, second):
            by_bpfmon = [e for e in watch.events() if e.get("process", {}).get("comm") == "bpfmon"]
            equal(by_bpfmon, [], "bookkeeping")
            equal([a for a in watch.all() if a.get("rule") == "own-map-touched"], [], "alerts")
            equal([e for e in watch.events() if e["map"].get("name", "").startswith("bpfmon")], [],
                  "maps of bpfmon")
            equal(len(watch.events(maps[0]["id"], ("map.update",))), len(writes), "writes")


@lib.one_end("newest")
@native
def test_pin_filter():
    """-m with a pinned path watches that map and no other."""
    unpin()
    with Map(name=b"one") as one, Map(name=b"two") as two:
        one.pin(PIN)
        with Watch("-m", PIN) as watch:
            for m in (two, one):
                m.elem(lib.UPDATE, b"\0\0\0\0", bytes(8))
            watch.finish()
            equal([e["map"]["id"] for e in watch.events(types=("map.update",))], [one.id], "maps")
    unpin()


@lib.ends
@native
def test_map_filters():
    """-m by id, name and glob; -x leaves out; maps that come later count too."""
    for args, want in lib.spread(((("-m", "live_a"), "a"), (("-m", "live_?"), "ab"),
                                  (("-x", "map=live_*"), ""), (("-m", "live_*", "-x", "map=live_a"), "b"))):
        with Map(name=b"live_a") as early, Watch("-e", "write", *args) as watch:
            with Map(name=b"live_b") as late:
                for m in (early, late):
                    m.elem(lib.UPDATE, b"\0\0\0\0", bytes(8))
            watch.finish()
            got = "".join(sorted(e["map"]["name"][-1] for e in watch.events()
                                 if e["map"]["name"].startswith("live_")))
            equal(got, want, args)


@lib.ends
@native
def test_process_filters():
    """-p and -c, and their exclusion."""
    mine = str(os.getpid())
    with open("/proc/self/comm", encoding="utf-8") as f:
        comm = f.read().strip()
    for args, seen in lib.spread(((("-p", mine, "-c", comm[:2] + "*"), True), (("-p", "1"), False),
                                  (("-x", "pid=" + mine), False), (("-c", "nobody"), False))):
        with Map(name=b"by_pid") as m, Watch("-e", "write", *args) as watch:
            m.elem(lib.UPDATE, b"\0\0\0\0", bytes(8))
            watch.finish()
            equal(len(watch.events(m.id)), int(seen), args)


@lib.ends
def test_program_filter():
    """--prog by name, by glob, and its exclusion: mapwriter writes by bpf(2) and by a program."""
    for args, want in lib.spread(((("--prog", "mw_socket"), {"program"}),
                                  (("--prog", "mw_*"), {"program"}), (("--prog", "nobody"), set()),
                                  (("-x", "prog=mw_socket"), {"syscall"}))):
        with Watch("-e", "write", *args) as watch:
            (m,), _ = mapwriter("--count", "2")
            watch.finish()
            equal({e["via"] for e in watch.events(m["id"])}, want, args)


@lib.shared
def test_foreign_writer():
    """A stranger opens a map by id and writes it: both are told, by name and pid."""
    with Shared() as watch, Map(name=b"config") as m:
        run = subprocess.Popen(["bpftool", "map", "update", "id", str(m.id), "key", "0", "0", "0",
                                "0", "value", "1", "0", "0", "0", "0", "0", "0", "0"])
        equal(run.wait(lib.PATIENCE), 0, "bpftool")
        watch.finish()
        opened, = watch.events(m.id, ("map.open",))
        update, = watch.events(m.id, ("map.update",))
        for event in (opened, update):
            equal((event["process"]["comm"], event["process"]["pid"]), ("bpftool", run.pid), "who")
        equal((opened["how"], opened["mode"]), ("id", "rw"), "how")
        equal(update["value"]["hex"], "0100000000000000", "value")
