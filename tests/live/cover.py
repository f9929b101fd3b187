# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every map type: how to make one, what its keys and values are, and a writer that does to it all
that bpf(2) and programs can, and notes what it did by the calls' own results.

A write noted is (type, op, via, key, result) as bpfmon must say it.
"""

import ctypes
import errno
import os
import socket
import struct
import tempfile

import kern
import lib
from lib import call

u32 = struct.Struct("<I").pack
u64 = struct.Struct("<Q").pack
CGROUP = "/sys/fs/cgroup"


def error(result):
    names = {-524: "ENOTSUPP", -errno.EOPNOTSUPP: "EOPNOTSUPP"}
    return 0 if result >= 0 else names.get(result) or errno.errorcode[-result]


class Type:
    """One map type: attributes of creation, and three keys with their values."""

    number = 0
    key_size, value_size, entries, flags = 4, 8, 8, 0
    programs = False  # may programs write it by helpers
    keyless = False
    needs_btf = False
    inner = 0

    def __init__(self, name):
        self.name = name
        self.keep = []
        self.fd = -1

    def setup(self):
        """What must exist before the map does."""

    def keys(self):
        return [u32(n) for n in range(3)]

    def value(self, n):
        return struct.pack("<Q", 0x1122334455667700 + n)[:self.value_size]

    def make(self):
        self.setup()
        btf = kern.load_btf() if self.needs_btf else 0
        attr = struct.pack("<IIIIIII16sIIIII", self.number, self.key_size, self.value_size,
                           self.entries, self.flags, self.inner, 0, b"cover", 0, btf,
                           kern.BTF_INT if btf else 0, kern.BTF_LONG if btf else 0, 0)
        self.fd = call(lib.CREATE, attr)
        if btf:
            os.close(btf)
        if self.fd >= 0:
            self.id = lib.map_id(self.fd)
        return self.fd

    def close(self):
        for thing in self.keep:
            if isinstance(thing, int):
                os.close(thing)
            else:
                thing.close()
        self.keep = []
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class Hash(Type):
    programs = True

    def keys(self):
        return [b"\x0a\x0b\x0c" + bytes([n]) for n in range(3)]


class Array(Type):
    programs = True


class Lpm(Type):
    programs, key_size, flags = True, 8, 1

    def keys(self):
        return [struct.pack("<I4B", 32, 10, 0, 0, n) for n in range(3)]


class Keyless(Type):
    programs, keyless, key_size = True, True, 0

    def keys(self):
        return [b""] * 3


class Descriptors(Type):
    """Values are descriptors; self.target is one."""

    value_size = 4

    def value(self, n):
        return u32(self.target)


class ProgArray(Descriptors):
    def setup(self):
        self.target = kern.load(kern.mov(0, 0) + kern.EXIT)
        self.keep.append(self.target)


class PerfArray(Descriptors):
    def setup(self):
        attr = ctypes.create_string_buffer(128)
        struct.pack_into("<IIQ", attr, 0, 1, 128, 9)  # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY
        self.target = lib.libc.syscall(298, attr, -1, 0, -1, 8)
        lib.check(self.target >= 0, "perf_event_open", ctypes.get_errno())
        self.keep.append(self.target)


class CgroupArray(Descriptors):
    def setup(self):
        self.target = os.open(CGROUP, os.O_RDONLY)
        self.keep.append(self.target)


class OfMaps(Descriptors):
    def setup(self):
        self.target = self.inner = lib.Map(lib.ARRAY, name=b"inner").give()
        self.keep.append(self.target)


class DevMap(Type):
    value_size = 4

    def value(self, n):
        return u32(1)


class CpuMap(Type):
    value_size, entries = 4, 1

    def keys(self):
        return [u32(0)] * 3

    def value(self, n):
        return u32(64)


class XskMap(Descriptors):
    def setup(self):
        self.keep.append(socket.socket(44, socket.SOCK_RAW, 0))
        self.target = self.keep[-1].fileno()


class SockMap(Type):
    value_size = 4

    def setup(self):
        listener = socket.create_server(("127.0.0.1", 0))
        one = socket.create_connection(listener.getsockname())
        self.keep += [listener, one, listener.accept()[0]]
        self.target = one.fileno()

    def value(self, n):
        return u32(self.target)


class ReusePort(Type):
    def setup(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", 0))
        self.keep.append(s)

    def value(self, n):
        return u64(self.keep[0].fileno())


class Storage(Type):
    """Keys are descriptors of the owners."""

    entries, flags, needs_btf = 0, 1, True

    def keys(self):
        return [u32(fd) for fd in self.owners]


class SkStorage(Storage):
    def setup(self):
        self.keep += [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        self.owners = [s.fileno() for s in self.keep]


class InodeStorage(Storage):
    def setup(self):
        self.keep += [tempfile.TemporaryFile() for _ in range(3)]
        self.owners = [f.fileno() for f in self.keep]


class TaskStorage(Storage):
    def setup(self):
        pidfd = os.pidfd_open(os.getpid())
        self.keep.append(pidfd)
        self.owners = [pidfd] * 3


class CgrpStorage(Storage):
    def setup(self):
        self.owners = [os.open(CGROUP, os.O_RDONLY)] * 3
        self.keep.append(self.owners[0])


class CgroupStorage(Type):
    """Storage of a program that is attached to a cgroup: it exists as long as that is."""

    key_size, entries = 8, 0

    def keys(self):
        return [u64(os.stat(CGROUP).st_ino)] * 3

    def attach(self):
        self.prog = kern.load(kern.map_fd(1, self.fd) + kern.mov(2, 0) + kern.call_helper(81) +
                              kern.mov(0, 1) + kern.EXIT, kern.CGROUP_SKB)
        self.cgroup = os.open(CGROUP, os.O_RDONLY)
        attr = struct.pack("<IIII", self.cgroup, self.prog, 0, 0)
        lib.equal(call(kern.PROG_ATTACH, attr), 0, "attach to the cgroup")

    def close(self):
        if self.fd >= 0:
            call(kern.PROG_DETACH, struct.pack("<IIII", self.cgroup, self.prog, 0, 0))
            os.close(self.cgroup)
            os.close(self.prog)
        super().close()


class StackTrace(Type):
    pass


class Ring(Type):
    key_size, value_size, entries = 0, 0, 4096

    def keys(self):
        return [b""] * 3


class Arena(Ring):
    key_size, value_size, entries, flags = 0, 0, 1, 1 << 10


class InsnArray(Type):
    value_size = 16

    def value(self, n):
        return bytes(16)


TYPES = {
    "hash": (Hash, 1), "array": (Array, 2), "prog_array": (ProgArray, 3),
    "perf_event_array": (PerfArray, 4), "percpu_hash": (Hash, 5), "percpu_array": (Array, 6),
    "stack_trace": (StackTrace, 7), "cgroup_array": (CgroupArray, 8), "lru_hash": (Hash, 9),
    "lru_percpu_hash": (Hash, 10), "lpm_trie": (Lpm, 11), "array_of_maps": (OfMaps, 12),
    "hash_of_maps": (OfMaps, 13), "devmap": (DevMap, 14), "sockmap": (SockMap, 15),
    "cpumap": (CpuMap, 16), "xskmap": (XskMap, 17), "sockhash": (SockMap, 18),
    "cgroup_storage": (CgroupStorage, 19), "reuseport_sockarray": (ReusePort, 20),
    "percpu_cgroup_storage": (CgroupStorage, 21), "queue": (Keyless, 22), "stack": (Keyless, 23),
    "sk_storage": (SkStorage, 24), "devmap_hash": (DevMap, 25), "ringbuf": (Ring, 27),
    "inode_storage": (InodeStorage, 28), "task_storage": (TaskStorage, 29),
    "bloom_filter": (Keyless, 30), "user_ringbuf": (Ring, 31), "cgrp_storage": (CgrpStorage, 32),
    "arena": (Arena, 33), "insn_array": (InsnArray, 34), "rhash": (Hash, 35),
}
# Names that a map type has got with a kernel, and not before: bpf(2) refuses to make one.
PERCPU = ("percpu_hash", "percpu_array", "lru_percpu_hash", "percpu_cgroup_storage")


def make(name, entries=None):
    """A map of the type, or None where the kernel has none."""
    kind, number = TYPES[name]
    t = kind(name)
    t.entries = t.entries if entries is None else entries
    t.number = number
    if name == "rhash":
        t.flags = 1
    if name in ("queue", "stack"):
        t.flags = 0
    if t.make() < 0:
        result = t.fd
        t.close()
        lib.check(result in (-errno.EINVAL, -errno.EOPNOTSUPP, -524, -errno.E2BIG),
                  name, "not made:", error(result))
        return None
    if hasattr(t, "attach"):
        t.attach()
    return t


class Writer:
    """Writes one map by every route and notes each write."""

    def __init__(self, t):
        self.t = t
        self.writes = []
        cpus = os.sysconf("SC_NPROCESSORS_CONF")
        with open("/sys/devices/system/cpu/possible", encoding="ascii") as f:
            cpus = max(cpus, int(f.read().strip().split("-")[-1]) + 1)
        self.cpus = cpus if t.name in PERCPU else 1

    def note(self, op, route, key, result, via=None):
        """Every write by bpf(2) is noted, refused or not."""
        kind = "map.update" if op in ("update", "push") else "map.delete"
        if self.t.keyless:
            op = {"update": "push", "lookup_and_delete": "pop"}.get(op, op)
        self.writes.append({"cell": (op, route), "type": kind, "op": op, "via": via or route,
                            "key": key.hex() if key else None, "result": result})

    def slot(self, n):
        value = self.t.value(n)
        return (value + bytes(-len(value) % 8)) * self.cpus if self.cpus > 1 else value

    def elem(self, cmd, key, value=b"", flags=0):
        k, v = lib.buf(key or bytes(8)), lib.buf(value or bytes(4096))
        attr = struct.pack("<IxxxxQQQ", self.t.fd, ctypes.addressof(k) if key else 0,
                           0 if cmd == lib.DELETE else ctypes.addressof(v), flags)
        return call(cmd, attr, [k, v])

    def update(self, n, flags=0):
        key = self.t.keys()[n]
        result = self.elem(lib.UPDATE, key, self.slot(n), flags)
        self.note("update", "syscall", key, error(result))
        return result

    def delete(self, n):
        key = self.t.keys()[n]
        self.note("delete", "syscall", key, error(self.elem(lib.DELETE, key)))

    def take(self, n):
        key = self.t.keys()[n]
        self.note("lookup_and_delete", "syscall", key, error(self.elem(lib.POP, key)))

    def batch(self, cmd, op, numbers):
        keys = [self.t.keys()[n] for n in numbers]
        k = lib.buf(b"".join(keys) or bytes(64))
        v = lib.buf(b"".join(self.slot(n) for n in numbers) + bytes(4096))
        out = lib.buf(bytes(64))
        attr = ctypes.create_string_buffer(128)
        struct.pack_into("<QQQQIIQQ", attr, 0, 0, ctypes.addressof(out), ctypes.addressof(k),
                         ctypes.addressof(v), len(numbers), self.t.fd, 0, 0)
        result = lib.libc.syscall(lib.SYS_BPF, ctypes.c_long(cmd), attr, ctypes.c_long(128))
        result = result if result >= 0 else -ctypes.get_errno()
        done = struct.unpack_from("<I", attr, 32)[0]
        takes = op == "lookup_and_delete"
        whole = result == 0 or (takes and result == -errno.ENOENT)
        if not whole and done >= len(numbers):
            done = 0  # the kernel wrote nothing back
        size = self.t.key_size
        for i in range(done):
            self.note(op, "batch", k.raw[i * size:(i + 1) * size], 0)
        if not whole:
            key = None if takes else (k.raw[done * size:(done + 1) * size] if size else None)
            self.note(op, "batch", key, error(result))

    def program(self, op, helper, n, flags=0):
        key = None if self.t.keyless else self.t.keys()[n]
        value = None if helper == kern.HELPER_DELETE else self.t.value(n)
        fd = kern.helper_program(helper, self.t.fd, key, value, flags)
        result = kern.run(fd)
        os.close(fd)
        if op:
            self.note(op, "program", key, error(result))

    def sk_storage_by_program(self):
        """bpf_sk_storage_get() creates, bpf_sk_storage_delete() deletes; then one goes with its
        socket, that of the test run."""
        for deletes in (True, False):
            code = kern.insn(0x79, 6, 1, 168)  # r6 = ctx->sk
            tail = kern.mov(0, 0) + kern.EXIT
            body = (kern.mov_reg(1, 6) + kern.call_helper(95) +  # bpf_sk_fullsock
                    kern.insn(0x55, 0, 0, 2, 0) + tail + kern.mov_reg(6, 0) +
                    kern.on_stack(self.t.value(0), -8) + kern.map_fd(1, self.t.fd) +
                    kern.mov_reg(2, 6) + kern.address(3, -8) + kern.mov(4, 1) +
                    kern.call_helper(107))
            if deletes:
                body += kern.map_fd(1, self.t.fd) + kern.mov_reg(2, 6) + kern.call_helper(108)
            body += kern.mov(0, 7) + kern.EXIT
            fd = kern.load(code + kern.insn(0x55, 6, 0, 2, 0) + tail + body)
            lib.equal(kern.run(fd), 7, "program that makes storage")
            os.close(fd)
            self.note("update", "program", None, 0)
            self.note("delete", "program" if deletes else "kernel", None, 0)

    def by_syscall(self):
        self.update(0)
        self.update(0, lib.NOEXIST)
        self.elem(lib.LOOKUP, self.t.keys()[0])
        self.take(0)
        self.take(0)
        self.update(0)
        self.delete(0)
        self.delete(0)

    def by_batch(self):
        self.batch(lib.UPDATE_BATCH, "update", [1, 2])
        self.batch(lib.DELETE_BATCH, "delete", [1, 2])
        self.batch(lib.DELETE_BATCH, "delete", [1, 2])
        self.batch(lib.UPDATE_BATCH, "update", [1, 2])
        self.batch(lib.POP_BATCH, "lookup_and_delete", [1, 2])

    def by_program(self):
        if self.t.name == "sk_storage":
            self.sk_storage_by_program()
        if not self.t.programs:
            return
        if self.t.keyless:
            self.program("push", kern.HELPER_PUSH, 0)
            self.program(None, kern.HELPER_PEEK, 0)
            if self.t.name != "bloom_filter":
                self.program("pop", kern.HELPER_POP, 0)
                self.program("pop", kern.HELPER_POP, 0)
            return
        self.program("update", kern.HELPER_UPDATE, 0)
        self.program("update", kern.HELPER_UPDATE, 0, lib.NOEXIST)
        self.program("delete", kern.HELPER_DELETE, 0)
        self.program("delete", kern.HELPER_DELETE, 0)

    def by_kernel(self):
        """What goes as a consequence."""
        keys = self.t.keys()
        if self.t.name == "perf_event_array":
            fd, other = self.t.fd, lib.open_id(self.t.id)
            self.t.fd = other
            self.update(1)
            self.t.fd = fd
            os.close(other)
            self.note("delete", "kernel", keys[1], 0)
        elif self.t.name == "prog_array":
            self.update(0)
            self.update(2)
            self.t.close()
            self.note("delete", "kernel", keys[0], 0)
            self.note("delete", "kernel", keys[2], 0)
        elif self.t.name in ("sockmap", "sockhash"):
            self.update(2)
            self.t.keep.pop(1).close()
            self.note("delete", "kernel", keys[2], 0)
        elif self.t.name in ("sk_storage", "inode_storage"):
            self.update(2)
            self.t.keep.pop().close()
            self.note("delete", "kernel", None, 0)

    def all(self):
        self.by_syscall()
        self.by_batch()
        self.by_program()
        self.by_kernel()
