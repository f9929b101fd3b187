# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A ring buffer in the hands of a stranger: read empty by another consumer, or its positions moved, so
that what its owner's programs write vanishes. No function of the kernel is called for that."""

import ctypes
import errno
import mmap
import os
import struct

import cover
import kern
import lib
import live_handles as handles
from lib import Shared, check, equal

PAGE = mmap.PAGESIZE
OUTPUT = 130  # bpf_ringbuf_output()
RING = ("map.open", "map.mmap")
RDONLY = handles.RDONLY


class Ring:
    """A ring of ours, and a program that puts what it is given into it: 8 bytes, 16 with the header."""

    def __enter__(self):
        self.t = cover.make("ringbuf")
        check(self.t, "no ring buffers")
        self.id = self.t.id
        self.pages = Pages(self.t.fd)
        self.programs = []
        return self

    def __exit__(self, *_):
        self.pages.close()
        for fd in self.programs:
            os.close(fd)
        self.t.close()

    def put(self, data):
        """What bpf_ringbuf_output() returned."""
        code = (kern.on_stack(data, -8) + kern.map_fd(kern.R1, self.t.fd) + kern.address(kern.R2, -8) +
                kern.mov(kern.R3, 8) + kern.mov(kern.R4, 0) + kern.call_helper(OUTPUT) + kern.EXIT)
        self.programs.append(kern.load(code, name=b"puts"))
        return kern.run(self.programs[-1])


class Pages:
    """The memory of a ring as a consumer has it: its position to write, the producer's and data to
    read."""

    def __init__(self, fd):
        self.consumer_page = mmap.mmap(fd, PAGE)
        self.rest = mmap.mmap(fd, 3 * PAGE, prot=mmap.PROT_READ, offset=PAGE)

    def close(self):
        self.consumer_page.close()
        self.rest.close()

    @property
    def consumer(self):
        return struct.unpack_from("<Q", self.consumer_page)[0]

    @consumer.setter
    def consumer(self, position):
        struct.pack_into("<Q", self.consumer_page, 0, position)

    @property
    def producer(self):
        return struct.unpack_from("<Q", self.rest)[0]

    def take(self):
        """All that is there, and nobody else gets it."""
        found = []
        while self.consumer < self.producer:
            at = PAGE + self.consumer % PAGE
            size, = struct.unpack_from("<I", self.rest, at)
            found.append(self.rest[at + 8:at + 8 + size])
            self.consumer += 8 + (size + 7) // 8 * 8
        return found


def stranger(ring, act):
    """Another process, which finds the ring by its id; what act returns is told back by JSON."""
    read_end, write_end = os.pipe()

    def body():
        with open("/proc/self/comm", "wb") as f:
            f.write(b"stranger")
        pages = Pages(lib.open_id(ring.id))
        os.write(write_end, lib.json.dumps(act(pages)).encode())

    pid = handles.child(body)
    handles.wait(pid)
    os.close(write_end)
    with open(read_end, encoding="ascii") as f:
        return pid, lib.json.loads(f.read())


def told(watch, ring, pid):
    """What this process did to the ring."""
    return [(e["type"], e.get("how"), e["mode"], e.get("offset"), e.get("length"), e.get("result", 0))
            for e in watch.events(ring.id, RING) if e["process"]["pid"] == pid]


CONSUMER = [("map.open", "id", "rw", None, None, 0), ("map.mmap", None, "rw", 0, PAGE, 0),
            ("map.mmap", None, "r", PAGE, 3 * PAGE, 0)]


@lib.shared
def test_ring_drained():
    """A second consumer takes what is in the ring before its owner does: who mapped the ring, how."""
    with Shared() as watch, Ring() as ring:
        equal([ring.put(b"record %d" % n) for n in range(3)], [0] * 3, "put")
        pid, took = stranger(ring, lambda pages: [r.decode() for r in pages.take()])
        equal(took, ["record 0", "record 1", "record 2"], "the stranger")
        equal(ring.pages.take(), [], "its owner")
        watch.sync()
        equal(told(watch, ring, pid), CONSUMER, "stranger")
        equal(told(watch, ring, os.getpid()), CONSUMER[1:], "owner")
        check(all(e["process"]["comm"] == "stranger" for e in watch.events(ring.id, RING)
                  if e["process"]["pid"] == pid), "not by name")


@lib.shared
def test_ring_moved():
    """The consumer's position is put beyond the producer's: to the kernel the ring is full, and all that
    its owner's programs write is gone. Then it is put where it leaves out what was not read."""
    with Shared() as watch, Ring() as ring:
        equal(ring.put(b"record 0"), 0, "put")
        equal(ring.pages.take(), [b"record 0"], "taken")

        def blocks(pages):
            pages.consumer += 1 << 20

        def skips(pages):
            pages.consumer = pages.producer

        pids = [stranger(ring, blocks)[0]]
        check(ring.put(b"vanishes") < 0, "the kernel took it")
        ring.pages.consumer = 16
        equal(ring.put(b"record 1"), 0, "put")
        pids.append(stranger(ring, skips)[0])
        equal(ring.pages.take(), [], "its owner")
        watch.sync()
        for pid in pids:
            equal(told(watch, ring, pid), CONSUMER, "stranger")
        equal(told(watch, ring, os.getpid()), CONSUMER[1:], "owner")


@lib.shared
def test_ring_refused():
    """Who has the ring to read can't have its position, nor see it: both attempts are told."""
    with Shared() as watch, Ring() as ring:
        def body():
            fd = lib.open_id(ring.id, RDONLY)
            return [handles.mmap_fd(fd, PAGE, prot) for prot in (3, 1)] != [-errno.EACCES,
                                                                             -errno.EINVAL]

        pid = handles.child(body)
        handles.wait(pid)
        watch.sync()
        equal(told(watch, ring, pid), [("map.open", "id", "r", None, None, 0),
                                       ("map.mmap", None, "rw", None, None, "EACCES"),
                                       ("map.mmap", None, "r", 0, PAGE, "EINVAL")], "told")
