# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is known of a map on each of its events: who created it and when, where it is pinned, which
programs use it, what is in it; held against this test's own acts, and against bpftool."""

import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

import lib
from lib import Map, Shared, Watch, bpfmon, check, equal
from live_faults import native
from live_maps import maps
from live_names import folder

ARRAY_OF_MAPS = 12
LONGNAME = os.path.join(lib.TOP, "build/actors/longname.bpf.o")
MEMBERS = ("created", "creator", "pins", "pins_more", "users", "users_more", "inner", "parents")


def facts(event):
    return {k: v for k, v in event["map"].items() if k in MEMBERS}


def bpftool(*args):
    run = subprocess.run(["bpftool", "-j", "-f", *args], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)


def pinned(m):
    """As bpftool walks the bpf file systems."""
    return sorted(bpftool("map", "show", "id", str(m.id)).get("pinned", []))


def is_full(watch):
    return watch.start()["mode"] == "full"


def write(watch, m):
    """Writes to the map; the event of that."""
    key = os.urandom(4)
    m.elem(lib.UPDATE, key, bytes(8))
    found = []

    def seen():
        found[:] = [e for e in watch.events(m.id, ("map.update",)) if e["key"]["hex"] == key.hex()]
        return found

    watch.wait_for(seen)
    return found[0]


def becomes(watch, m, what, member, want):
    """The next event has it; where hooks are missing, it is looked for once a second."""
    end = time.monotonic() + lib.PATIENCE
    while True:
        got = facts(write(watch, m)).get(member)
        got = sorted(got) if got else []
        if got == want or is_full(watch) or time.monotonic() > end:
            break
        time.sleep(0.1)
    equal(got, want, what)


def inner_of(kind, entries):
    return {"type": kind, "key_size": 4, "value_size": 8, "max_entries": entries, "flags": []}


def outer_map(inner):
    fd = lib.call(lib.CREATE, struct.pack("<IIIIIII16s", ARRAY_OF_MAPS, 4, 4, 4, 0, inner.fd, 0,
                                          b"outer"))
    check(fd >= 0, "outer", fd)
    m = Map.__new__(Map)
    m.fd, m.id = fd, lib.map_id(fd)
    return m


@lib.ends
@native
def test_facts():
    """Of a map that is created while bpfmon watches, and of one that was there before; the
    recording says the same."""
    with tempfile.TemporaryDirectory() as scratch, folder() as top, Map(name=b"before") as before, \
            Map(kind=lib.HASH, name=b"inner_hash") as inner, outer_map(inner) as old_outer:
        recording = os.path.join(scratch, "recording")
        paths = [os.path.join(top, n) for n in ("before", "one", "two")]
        equal(before.pin(paths[0]), 0, "pin")
        with Watch("-w", recording) as watch:
            with Map(name=b"facts") as m:
                equal((m.pin(paths[1]), m.pin(paths[2])), (0, 0), "pin")
                both = write(watch, m)
                os.unlink(paths[1])
                one = write(watch, m)
                equal(pinned(m), one["map"]["pins"], "bpftool")
                equal(pinned(before), facts(write(watch, before))["pins"], "bpftool, before")
                created = watch.events(m.id, ("map.create",))[0]
                os.unlink(paths[2])
                none = write(watch, m)
            with Map(kind=lib.ARRAY, name=b"inner_array", entries=5) as inside, \
                    outer_map(inside) as outer:
                outer.elem(lib.UPDATE, bytes(4), struct.pack("<I", inside.fd))
                old_outer.elem(lib.UPDATE, bytes(4), struct.pack("<I", inner.fd))
                inside.elem(lib.UPDATE, bytes(4), bytes(8))
                written = write(watch, inner)
            watch.finish()
            direct = b"".join(line + b"\n" for line in watch.lines())
            me = {"pid": os.getpid(), "comm": created["process"]["comm"],
                  "exe": os.path.realpath(sys.executable)}
            want = {"created": created["time"], "creator": me}
            equal(facts(created), want, "create")
            equal(facts(both), {**want, "pins": paths[1:]}, "both pins")
            equal(facts(one), {**want, "pins": paths[2:]}, "one pin")
            equal(facts(none), want, "no pin")
            for event in watch.events(before.id):
                equal(facts(event), {"pins": paths[:1]}, "before " + event["type"])
            equal(facts(watch.events(outer.id, ("map.create",))[0])["inner"], inner_of("array", 5),
                  "inner, new")
            equal(facts(watch.events(old_outer.id)[-1])["inner"], inner_of("hash", 16),
                  "inner, before")
            parents = [facts(watch.events(inside.id, ("map.update",))[-1]).get("parents"),
                       facts(written).get("parents")]
            equal(parents, [[outer.id], [old_outer.id]], "parents")
        os.unlink(paths[0])
        replayed = bpfmon("replay", "-o", "json", recording)
        equal(replayed.returncode, 0, replayed.stderr)
        equal(replayed.stdout, direct, "replay")


@native
@lib.shared
def test_facts_names():
    """Pins that get other names, in folders that do, in each other's place, and on a file system
    that is mounted and goes: each time as bpftool finds them."""
    with folder() as top, tempfile.TemporaryDirectory() as second, Shared() as watch, \
            Map(name=b"left") as left, Map(name=b"right") as right:
        a, b, deep = (os.path.join(top, n) for n in ("a", "b", "deep"))

        def same(what):
            for m in (left, right):
                becomes(watch, m, f"{what} {m.fd}", "pins", pinned(m))

        equal((left.pin(a), right.pin(b)), (0, 0), "pin")
        same("pinned")
        os.rename(a, a + "2")
        same("renamed")
        os.rename(a + "2", b)
        same("replaced")
        os.mkdir(deep)
        os.mkdir(os.path.join(deep, "er"))
        equal(right.pin(os.path.join(deep, "er", "right")), 0, "pin")
        same("deep")
        os.rename(deep, deep + "2")
        same("folder renamed")
        if is_full(watch):  # else nobody notices a name that is only new
            os.link(b, b + "2")
            same("linked")
        subprocess.run(["mount", "-t", "bpf", "bpf", second], check=True)
        try:
            equal(left.pin(os.path.join(second, "left")), 0, "pin")
            same("mounted second")
        finally:
            subprocess.run(["umount", second], check=True)
        same("unmounted")
        check(pinned(left) and pinned(right), "nothing was compared")
        watch.finish()


@native
@lib.shared
def test_facts_users():
    """The programs that use a map, as they come and go."""
    with Shared() as watch:
        run = subprocess.Popen([lib.MAPWRITER, "-o", "json", "--type", "hash", "--interval", "50"],
                               stdout=subprocess.PIPE)
        try:
            announced = json.loads(run.stdout.readline())
            lib.drain(run)
            m = Map.__new__(Map)
            m.id, m.fd = announced["id"], lib.open_id(announced["id"])
            users = [p["id"] for p in bpftool("prog", "show") if m.id in p.get("map_ids", [])]
            check(users, "bpftool tells of no program")
            becomes(watch, m, "users", "users", sorted(users))
        finally:
            run.terminate()
            run.wait(lib.PATIENCE)
        end = time.monotonic() + lib.PATIENCE
        while "users" in facts(write(watch, m)):
            check(time.monotonic() < end, "programs that are gone are still told")
            time.sleep(0.1)
        m.close()
        watch.finish()


@native
def test_maps_full_names():
    """Names that the kernel cut: of programs as bpftool shows them, of a map as it is in the source."""
    path = f"{lib.bpffs()}/live-longnames"
    os.mkdir(path)
    try:
        subprocess.run(["bpftool", "prog", "loadall", LONGNAME, path, "pinmaps", path], check=True,
                       stdout=subprocess.DEVNULL)
        ids = {}
        for name in ("long_names", "names_of_egress_ports"):
            fd = lib.open_pin(f"{path}/{name}")
            ids[name] = lib.map_id(fd)
            os.close(fd)
        shown = {p["id"]: p["name"] for p in bpftool("prog", "show")
                 if p.get("name", "").startswith("counts_packets_")}
        got = maps(*map(str, ids.values()))
        text = bpfmon("maps", *map(str, ids.values())).stdout.decode()
    finally:
        shutil.rmtree(path)
    equal(sorted(shown.values()), ["counts_packets_of_egress", "counts_packets_of_ingress"], "bpftool")
    programs = got[ids["long_names"]]["programs"]
    equal({p["id"]: (p["name"], p["full_name"]) for p in programs},
          {i: ("counts_packets_", name) for i, name in shown.items()}, "programs")
    m = got[ids["names_of_egress_ports"]]["map"]
    equal((m["name"], m["full_name"]), ("names_of_egress", "names_of_egress_ports"), "map")
    check("full_name" not in got[ids["long_names"]]["map"], "a name that was not cut")
    for name in (*shown.values(), "names_of_egress_ports (array)"):
        check(name in text, name, text)
