# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What LRU maps push out, as `bpfmon maps` tells it while a bpfmon watches."""

import struct

import lib
from lib import Map, Watch, bpfmon, check, equal
from live_maps import maps

LRU, LRU_PERCPU, NO_COMMON_LRU = 9, 10, 2
PUT = 3000


def there(m):
    """How many elements it has."""
    key, n = None, 0
    while True:
        found = lib.buf(bytes(4))
        given = lib.buf(key) if key else None
        attr = struct.pack("<IxxxxQQ", m.fd, lib.ctypes.addressof(given) if given else 0,
                           lib.ctypes.addressof(found))
        if lib.call(lib.NEXT_KEY, attr, [given, found]):
            return n
        key, n = bytes(found)[:4], n + 1


@lib.ends
def test_evicted():
    """As many as were put in and are not there any more, in each kind of LRU map; a map that has room
    has none, and of other types, or where nobody watches, none is told."""
    value = bytes(8 * 256)  # for as many CPUs
    with Map(LRU, entries=256, name=b"lru") as lru, \
            Map(LRU_PERCPU, entries=256, name=b"lru_percpu") as percpu, \
            Map(LRU, entries=256, flags=NO_COMMON_LRU, name=b"lru_lists") as lists, \
            Map(LRU, entries=2 * PUT, name=b"lru_room") as room, Map(name=b"other") as other:
        check("evicted" not in maps()[lru.id], "nobody counts")
        with Watch("-e", "life") as watch:
            watch.wait_for(lambda: "evicted" in maps()[lru.id])
            for m in (lru, percpu, lists, room):
                equal(maps()[m.id]["evicted"]["count"], 0, "before")
                for n in range(PUT):
                    equal(m.elem(lib.UPDATE, struct.pack("<I", n), value), 0, n)
            told = maps()
            want = {m.id: PUT - there(m) for m in (lru, percpu, lists, room)}
            equal({id: told[id]["evicted"]["count"] for id in want}, want, "evicted")
            check(all(want[m.id] >= PUT - 256 for m in (lru, percpu, lists)), want)
            equal(want[room.id], 0, "room for all")
            check("evicted" not in told[other.id], told[other.id])
            check(f"{want[lru.id]} elements since".encode() in bpfmon("maps", str(lru.id)).stdout,
                  "text")
            watch.finish()


@lib.ends
def test_evicted_later():
    """The first LRU map while a bpfmon watches: what it writes then is its own affair. That `bpfmon
    maps` opens its maps is told, as low."""
    with Watch("-m", "none") as watch, Map(LRU, entries=256, name=b"lru") as lru:
        watch.wait_for(lambda: "evicted" in maps()[lru.id])
        watch.finish()
        alerts = [o for o in watch.all() if o["type"] == "alert"]
        equal([o for o in alerts if o["severity"] != "low"], [], "alerts")
