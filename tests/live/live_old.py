# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The value before an update or delete is the one that a lookup gave before."""

import collections
import os
import struct
import subprocess

import lib
from lib import DELETE, DELETE_BATCH, HASH, UPDATE, UPDATE_BATCH, Map, Shared, check, equal

BEFORE = os.path.join(lib.TOP, "build/actors/before")
WRITES = ("map.update", "map.delete")
ARRAYS = ("array", "percpu_array")
Told = collections.namedtuple("Told", "map what by cpu key old result")


def round_up8(n):
    return n + 7 & ~7


def wanted_old(told, event):
    """`old` as the lookup before it had it; None: there was no element."""
    if told.old == "-":
        return None
    size, percpu = event["map"]["value_size"], "percpu" in event["map"]["type"]
    if not percpu:
        return {"size": size, "hex": told.old}
    stride = 2 * round_up8(size)
    values = [told.old[i:i + 2 * size] for i in range(0, len(told.old), stride)]
    if told.by == "program" and told.what == "update":
        return {"size": size, "hex": values[int(told.cpu)], "cpu": int(told.cpu)}
    return {"size": size, "cpus": [{"cpu": n, "size": size, "hex": value}
                                   for n, value in enumerate(values)]}


def got_op(event):
    return event.get("op", event["type"].removeprefix("map."))


@lib.shared
def test_old():
    """10,000 random updates and deletes by bpf(2), 3,000 by a program, of maps of every type whose
    elements can be found: what each found before it is what a lookup had found."""
    with Shared("-e", "write") as watch:
        run = subprocess.run([BEFORE, "10000", "3000"], stdout=subprocess.PIPE, text=True,
                             timeout=10 * lib.PATIENCE, check=True)
        watch.finish()
        told = [Told(*line.split()) for line in run.stdout.splitlines()]
        equal(len(told), 13000, "writes told")
        maps = {t.map for t in told}
        events = [e for e in watch.events(types=WRITES) if str(e["map"]["id"]) in maps]
        equal(len(events), len(told), "events")
    wrong, exact, none = [], collections.Counter(), collections.Counter()
    for t, e in zip(told, events):
        same = (str(e["map"]["id"]), got_op(e), e["via"], e["key"]["hex"], e["result"] == 0)
        equal(same, (t.map, t.what, t.by, t.key, t.result == "0"), f"order, {t}")
        kind, refused = e["map"]["type"], e["result"] in ("EOPNOTSUPP", "ENOTSUPP")
        if refused or (kind in ARRAYS and t.what == "delete"):
            if "old" in e or "existed" in e:
                wrong.append((t, e))
            continue
        want = wanted_old(t, e)
        if lib.undecoded(e.get("old")) != want or e.get("existed", True) != (want is not None):
            wrong.append((t, e.get("old"), e.get("existed"), want))
        elif want is None:
            none[kind, t.by] += 1
        else:
            exact[kind, t.by] += 1
    # An operation that another one preempts in the hook has no value before; then all is tried again.
    if wrong and lib.KERNEL.startswith("7.") and all(w[1:3] == (None, None) for w in wrong):
        raise lib.Preempted(f"{len(wrong)} of {len(told)} are not known: {wrong[:3]}")
    check(not wrong, f"{len(wrong)} of {len(told)} are wrong:", wrong[:3])
    print(f"# exact: {sum(exact.values())}, not there: {sum(none.values())}")
    for kind in lib.TYPES:
        for by in ("syscall", "program"):
            check(exact[kind, by] > 50, "few of", kind, by, exact)


@lib.shared
def test_old_limits():
    """Elements of a batch; values that are longer than is captured; keys too long to be looked for."""
    with Map(HASH, 4, 8) as short, Map(HASH, 4, 200) as wide, Map(HASH, 80, 8) as long, \
            Shared("-e", "write") as watch:
        keys = [struct.pack("<I", n) for n in range(4)]
        for n in range(2):
            values = b"".join(struct.pack("<Q", 10 * n + i) for i in range(4))
            equal(short.batch(UPDATE_BATCH, b"".join(keys), values, 4), 0, "batch")
            equal(wide.elem(UPDATE, bytes(4), bytes([n]) * 200), 0, "wide")
            equal(long.elem(UPDATE, bytes(80), struct.pack("<Q", n)), 0, "long")
        equal(short.batch(DELETE_BATCH, b"".join(keys[:2]), None, 2), 0, "delete batch")
        check(short.elem(DELETE, keys[0]) < 0, "deleted twice")
        watch.finish()
        got = [(e["key"]["hex"], e.get("old", {}).get("hex"), e.get("existed"))
               for e in watch.events(short.id)]
        want = [(k.hex(), None, False) for k in keys]
        want += [(k.hex(), struct.pack("<Q", n).hex(), None) for n, k in enumerate(keys)]
        want += [(k.hex(), struct.pack("<Q", 10 + n).hex(), None)
                 for n, k in enumerate(keys[:2])]
        want += [(keys[0].hex(), None, False)]
        equal(got, want, "batch")
        equal([e.get("old") for e in watch.events(wide.id)],
              [None, {"size": 200, "hex": "00" * 64, "truncated": True}], "wide")
        equal([(e.get("old"), e.get("existed")) for e in watch.events(long.id)],
              2 * [(None, None)], "long")


@lib.shared
def test_flips():
    """An entry that is zeroed and restored, a key that is put in and taken out: said as such."""
    one, other = struct.pack("<Q", 1), bytes(8)
    with Map(lib.ARRAY, 4, 8) as table, Map(HASH, 4, 8) as allowed, \
            Shared("-e", "write") as watch:
        for value in (one, other, one, one, other):  # what is not there is zeros
            equal(table.elem(UPDATE, bytes(4), value), 0, "array")
        equal(allowed.elem(UPDATE, bytes(4), one), 0, "put in")
        equal(allowed.elem(DELETE, bytes(4)), 0, "taken out")
        watch.finish()
        for m, back in ((table, {1: 0, 4: 2}), (allowed, {1: 0})):
            events = watch.events(m.id)
            flips = {n: e["flip"] for n, e in enumerate(events) if "flip" in e}
            equal({n: flip["seq"] for n, flip in flips.items()},
                  {n: events[changed]["seq"] for n, changed in back.items()}, "put back")
            check(all(0 <= flip["after_ms"] < 60000 for flip in flips.values()), "after", flips)


def crowd(rounds, keys, in_turns):
    """A process for each key writes to it `rounds` times, all at once or one write each in turn:
    how many values before were not known; what was is that process's last value."""
    pipes = [os.pipe() for _ in keys]
    with Map(HASH, 4, 8) as m, Shared("-e", "write") as watch:
        children = []
        for here, key in enumerate(keys):
            child = os.fork()
            if not child:
                for n in range(rounds):
                    if in_turns:
                        os.read(pipes[here][0], 1)
                    m.elem(UPDATE, key, struct.pack("<Q", n))
                    if in_turns:
                        os.write(pipes[(here + 1) % len(keys)][1], b"t")
                os._exit(0)
            children.append(child)
        os.write(pipes[0][1], b"t")
        equal([os.waitpid(child, 0)[1] for child in children], 4 * [0], "children")
        for end in sum(pipes, ()):
            os.close(end)
        watch.finish()
        events, unknown = watch.events(m.id, WRITES), 0
        for key in keys:
            mine = [e for e in events if e["key"]["hex"] == key.hex()]
            equal([e["value"]["hex"] for e in mine],
                  [struct.pack("<Q", n).hex() for n in range(rounds)], "values")
            for n, e in enumerate(mine):
                if "old" not in e and "existed" not in e:
                    unknown += 1
                elif n == 0:
                    equal(e.get("existed"), False, "first")
                else:
                    equal(e.get("old", {}).get("hex"), struct.pack("<Q", n - 1).hex(), "before")
    return unknown


@lib.parallel
@lib.shared
def test_old_crowd():
    """Four processes write to one map, each its own key: what was before is that process's last
    value, or, where one write came in between another's, not known. In turns, none does."""
    keys = [struct.pack("<I", n) for n in range(4)]
    equal(crowd(100, keys, True), 0, "not known in turns")
    unknown = crowd(400, keys, False)
    print(f"# not known: {unknown} of {4 * 400}")
    check(unknown < 4 * 400, "none is known")
