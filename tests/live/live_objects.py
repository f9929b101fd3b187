# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The object behind a value that is a descriptor: what is told of it is what the kernel says of it
in another way, by the object's own descriptor, address, name or file."""

import contextlib
import ctypes
import mmap
import os
import socket
import struct
import subprocess
import time

import cover
import kern
import lib
from cover import u32, u64
from lib import Shared, check, equal

XDP = 6


def prog_info(fd):
    info = ctypes.create_string_buffer(128)
    attr = struct.pack("<IIQ", fd, 128, ctypes.addressof(info))
    equal(lib.call(lib.OBJ_INFO, attr, [info]), 0, "program info")
    return {"id": struct.unpack_from("<I", info.raw, 4)[0],
            "name": info.raw[64:80].split(b"\0")[0].decode(),
            "prog_type": {XDP: "xdp", kern.SCHED_CLS: "sched_cls"}[struct.unpack_from(
                "<I", info.raw, 0)[0]]}


def program(name, kind=kern.SCHED_CLS, attach_type=0):
    fd = kern.load(kern.mov(0, 2) + kern.EXIT, kind, attach_type, name)
    return fd, {"type": "program", **prog_info(fd)}


def inner(name):
    fd = lib.Map(lib.ARRAY, name=name).give()
    return fd, {"type": "map", "id": lib.map_id(fd), "name": name.decode(), "map_type": "array"}


def perf(config):
    attr = ctypes.create_string_buffer(128)
    struct.pack_into("<IIQ", attr, 0, 1, 128, config)  # PERF_TYPE_SOFTWARE
    fd = lib.libc.syscall(298, attr, -1, 0, -1, 8)
    check(fd >= 0, "perf_event_open", ctypes.get_errno())
    return fd, {"type": "perf_event", "perf_type": 1, "config": config, "cpu": 0}


def cgroup(stack, path):
    os.mkdir(cover.CGROUP + path)
    stack.callback(os.rmdir, cover.CGROUP + path)
    fd = os.open(cover.CGROUP + path, os.O_RDONLY)
    return fd, {"type": "cgroup", "id": os.stat(cover.CGROUP + path).st_ino, "path": path}


def address(name):
    return f"[{name[0]}]:{name[1]}" if len(name) > 2 else f"{name[0]}:{name[1]}"


def tcp(stack, family, host):
    """Both ends of a connection."""
    listener = socket.create_server((host, 0), family=family)
    one = socket.create_connection(listener.getsockname()[:2])
    ends = [one, listener.accept()[0]]
    listener.close()
    for end in ends:
        stack.callback(end.close)
    return [(end.fileno(), {"type": "socket",
                            "family": "inet6" if family == socket.AF_INET6 else "inet",
                            "protocol": "tcp", "local": address(end.getsockname()),
                            "remote": address(end.getpeername())}) for end in ends]


def udp(stack):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stack.callback(s.close)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(("127.0.0.1", 0))
    return s.fileno(), {"type": "socket", "family": "inet", "protocol": "udp",
                        "local": address(s.getsockname())}


def xdp_socket(stack, ifindex):
    """An AF_XDP socket, bound to queue 0 of a device."""
    s = socket.socket(44, socket.SOCK_RAW, 0)
    stack.callback(s.close)
    page = mmap.mmap(-1, 16 * 4096)
    at = ctypes.addressof(ctypes.c_char.from_buffer(page))
    s.setsockopt(283, 4, struct.pack("<QQIIII", at, 16 * 4096, 4096, 0, 0, 0))  # XDP_UMEM_REG
    for ring in (5, 6, 2):  # fill, completion, rx
        s.setsockopt(283, ring, u32(8))
    name = struct.pack("<HHIII", 44, 2, ifindex, 0, 0)  # XDP_COPY
    equal(lib.libc.bind(s.fileno(), name, len(name)), 0, f"bind: {ctypes.get_errno()}")
    return s.fileno(), {"type": "socket", "family": "xdp", "ifindex": ifindex, "queue": 0}


def device(stack):
    """The index of a second network device; the loopback has 1."""
    subprocess.run(["ip", "link", "add", "live0", "type", "dummy"], check=True)
    stack.callback(subprocess.run, ["ip", "link", "del", "live0"], check=True)
    return socket.if_nametoindex("live0")


def netdev(ifindex, prog=None):
    want = {"type": "netdev", "ifindex": ifindex, "name": socket.if_indextoname(ifindex)}
    if prog:
        want["program"] = prog_info(prog)
    return struct.pack("<Ii", ifindex, prog or -1), want


def cpu(qsize, prog=None):
    want = {"type": "cpu", "cpu": 0, "qsize": qsize}
    if prog:
        want["program"] = prog_info(prog)
    return struct.pack("<Ii", qsize, prog or 0), want


def pairs(stack):
    """For each map type two values, each with what is behind it."""
    def by_fd(pack, *objects):
        return [(pack(fd), want) for fd, want in objects]

    other = device(stack)
    for_devices = [netdev(1, program(b"on_device", XDP, 33)[0]), netdev(other)]
    maps = by_fd(u32, inner(b"inner_one"), inner(b"inner_two"))
    return {
        "prog_array": by_fd(u32, program(b"prog_one"), program(b"prog_two")),
        "array_of_maps": maps,
        "hash_of_maps": maps,
        "perf_event_array": by_fd(u32, perf(9), perf(10)),
        "cgroup_array": by_fd(u32, cgroup(stack, "/live-objects"),
                              cgroup(stack, "/live-objects/a b\"")),
        "sockmap": by_fd(u32, *tcp(stack, socket.AF_INET, "127.0.0.1")),
        "sockhash": by_fd(u32, *tcp(stack, socket.AF_INET6, "::1")),
        "reuseport_sockarray": by_fd(u64, udp(stack), udp(stack)),
        "xskmap": by_fd(u32, xdp_socket(stack, 1), xdp_socket(stack, other)),
        "devmap": for_devices,
        "devmap_hash": for_devices[::-1],
        "cpumap": [cpu(64, program(b"on_cpu", XDP, 35)[0]), cpu(128)],
    }


def make(name, value):
    """A map of the type for such values; only those who need no more than bpf(2)."""
    t = cover.TYPES[name][0](name)
    t.number = cover.TYPES[name][1]
    t.value_size, t.flags = len(value), 0
    if name in ("array_of_maps", "hash_of_maps"):
        t.setup()
    key_size, flags = 4, 0
    entries = 1 if name == "cpumap" else 8
    t.fd = lib.call(lib.CREATE, struct.pack("<IIIIIII16s", t.number, key_size, len(value), entries,
                                            flags, t.inner, 0, b"objects"))
    check(t.fd >= 0, name, "not made", t.fd)
    t.id = lib.map_id(t.fd)
    return t


def elem(t, cmd, key, value=b"", flags=0):
    k, v = lib.buf(key), lib.buf(value or bytes(8))
    attr = struct.pack("<IxxxxQQQ", t.fd, ctypes.addressof(k),
                       0 if cmd == lib.DELETE else ctypes.addressof(v), flags)
    return lib.call(cmd, attr, [k, v])


KEY = u32(0)


def steps(t, one, two, wrong):
    """Every way of an object into the map and out of it: (result, object, what it replaced)."""
    (value, first), (other, second) = one, two
    return [
        (elem(t, lib.UPDATE, KEY, value), first, None),
        (elem(t, lib.UPDATE, KEY, other), second, first),
        (elem(t, lib.UPDATE, KEY, wrong), None, None),
        (elem(t, lib.UPDATE, KEY, value), first, second),
        (elem(t, lib.DELETE, KEY), None, first),
        (elem(t, lib.DELETE, KEY), None, None),
    ]


def told(watch, map_id):
    return [(e["result"], e.get("value", {}).get("object"), e.get("old_object"))
            for e in watch.events(map_id, ("map.update", "map.delete"))]


def warm(watch, made):
    """Hooks on demand are loaded once there is a map of the type; until they are, nothing is told
    of what is behind values."""
    end = time.monotonic() + 2 * lib.PATIENCE
    cold = dict(made)
    while cold:
        for t, (one, _) in cold.values():
            elem(t, lib.UPDATE, KEY, one[0])
            elem(t, lib.DELETE, KEY)
        watch.sync()
        cold = {name: (t, pair) for name, (t, pair) in cold.items()
                if not (told(watch, t.id)[-1][2] and told(watch, t.id)[-2][1])}
        check(not cold or time.monotonic() < end, "no object is told of", list(cold),
              [told(watch, t.id)[-2:] for t, _ in cold.values()])


WRONG = {"devmap": struct.pack("<Ii", 99999, -1), "devmap_hash": struct.pack("<Ii", 99999, -1),
         "cpumap": struct.pack("<Ii", 1 << 30, 0), "reuseport_sockarray": u64(9999)}


@lib.shared
def test_objects():
    """Each type: put, replaced, refused, deleted."""
    with contextlib.ExitStack() as stack, Shared("-e", "write") as watch:
        made = {name: (make(name, pair[0][0]), pair) for name, pair in pairs(stack).items()}
        for t, _ in made.values():
            stack.callback(t.close)
        warm(watch, made)
        done, differ = {}, []
        for name, (t, pair) in made.items():
            skip = len(told(watch, t.id))
            wrong = WRONG.get(name, u32(9999))
            done[name] = (skip, steps(t, *pair, wrong))
        watch.sync()
        for name, (skip, want) in done.items():
            want = [(cover.error(result), *objects) for result, *objects in want]
            got = told(watch, made[name][0].id)[skip:]
            equal(len(got), len(want), name)
            equal([g[0] for g in got], [w[0] for w in want], name)
            equal([w[0] for w in want].count(0) >= 4, True, f"{name}: {want}")
            differ += [f"{name} {n}: got {g[1:]}, want {w[1:]}"
                       for n, (g, w) in enumerate(zip(got, want)) if g != w]
        check(not differ, len(differ), "differ:", "; ".join(differ))


@lib.shared
def test_objects_of_the_kernel():
    """What the kernel removes as a consequence: the slot's object is told as well."""
    with contextlib.ExitStack() as stack, Shared("-e", "write") as watch:
        for name, pair in (("perf_event_array", perf(9)), ("prog_array", program(b"cut_off")),
                           ("sockmap", tcp(stack, socket.AF_INET, "127.0.0.1")[0])):
            fd, want = pair
            t = make(name, u32(0))
            warm(watch, {name: (t, [(u32(fd), want)] * 2)})
            other = lib.open_id(t.id) if name == "perf_event_array" else -1
            held, t.fd = t.fd, other if other >= 0 else t.fd
            equal(elem(t, lib.UPDATE, KEY, u32(fd)), 0, name)
            if name == "perf_event_array":
                os.close(other)
                t.fd = held
            elif name == "prog_array":
                t.close()
            else:
                stack.close()
            watch.wait_for(lambda: [e for e in watch.events(t.id, ("map.delete",))
                                    if e["via"] == "kernel"])
            gone, = [e for e in watch.events(t.id, ("map.delete",)) if e["via"] == "kernel"]
            equal(gone.get("old_object"), want, name)
            t.close()


def put_socket(t, one):
    """A program that looks up the TCP socket over IPv4 and puts it at index 0; its result, or None
    where the kernel lets no program of this type do that."""
    (host, port), (peer, peer_port) = one.getsockname(), one.getpeername()
    addresses = socket.inet_aton(peer) + socket.inet_aton(host) + struct.pack(">HH", peer_port, port)
    code = (kern.mov_reg(6, 1) + kern.on_stack(addresses, -16) + kern.on_stack(KEY, -24) +
            kern.address(2, -16) + kern.mov(3, len(addresses)) + kern.mov(4, -1) + kern.mov(5, 0) +
            kern.call_helper(84) +  # bpf_sk_lookup_tcp()
            kern.insn(0x55, 0, 0, 2, 0) + kern.mov(0, 1) + kern.EXIT + kern.mov_reg(7, 0) +
            kern.map_fd(1, t.fd) + kern.address(2, -24) + kern.mov_reg(3, 7) + kern.mov(4, 0) +
            kern.call_helper(kern.HELPER_UPDATE) + kern.mov_reg(8, 0) + kern.mov_reg(1, 7) +
            kern.call_helper(86) +  # bpf_sk_release()
            kern.mov_reg(0, 8) + kern.EXIT)
    try:
        fd = kern.load(code)
    except lib.Failed as failed:
        check("cannot update sockmap" in str(failed), failed)
        return None
    result = kern.run(fd)
    os.close(fd)
    return result


def put_on_connect(t, helper):
    """A program of socket operations that puts each socket at index 0 once it is connected; both
    ends of a new connection."""
    code = (kern.on_stack(KEY, -8) + kern.insn(0x61, 2, 1, 0) +  # r2 = ctx->op
            kern.insn(0x55, 2, 0, 6, 4) +  # BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB
            kern.map_fd(2, t.fd) + kern.address(3, -8) + kern.mov(4, 0) + kern.call_helper(helper) +
            kern.mov(0, 1) + kern.EXIT)
    fd, root = kern.load(code, 13), os.open(cover.CGROUP, os.O_RDONLY)
    attr = struct.pack("<IIII", root, fd, 3, 0)  # BPF_CGROUP_SOCK_OPS
    equal(lib.call(kern.PROG_ATTACH, attr), 0, "attach")
    listener = socket.create_server(("127.0.0.1", 0))
    one = socket.create_connection(listener.getsockname())
    lib.call(kern.PROG_DETACH, attr)
    for thing in (fd, root):
        os.close(thing)
    return one, listener


@lib.shared
def test_objects_of_programs():
    """A program's value is a socket of the kernel; there are no bytes of it."""
    with contextlib.ExitStack() as stack, Shared("-e", "write") as watch:
        for name in ("sockmap", "sockhash"):
            (fd, want), _ = tcp(stack, socket.AF_INET, "127.0.0.1")
            t = make(name, u32(0))
            stack.callback(t.close)
            one = socket.socket(fileno=os.dup(fd))
            stack.callback(one.close)
            result = put_socket(t, one)
            if result is None:
                continue
            equal(result, 0, name)
            watch.sync()
            event, = watch.events(t.id, ("map.update",))
            equal((event["via"], event["result"]), ("program", 0), name)
            equal(event["value"], {"object": want}, name)
        for name, helper in (("sockmap", 53), ("sockhash", 70)):
            t = make(name, u32(0))
            stack.callback(t.close)
            one, listener = put_on_connect(t, helper)
            want = {"type": "socket", "family": "inet", "protocol": "tcp",
                    "local": address(one.getsockname()), "remote": address(one.getpeername())}
            one.close()
            listener.close()
            watch.wait_for(lambda t=t: watch.events(t.id, ("map.delete",)))
            put, gone = watch.events(t.id)
            equal((put["via"], put["value"]), ("program", {"object": want}), name)
            equal((gone["via"], gone["old_object"]), ("kernel", want), name)


def flip(target, fds, going):
    n = 0
    while going:
        n += 1
        os.dup2(fds[n % 2], target)


@lib.parallel
@lib.shared
def test_objects_race():
    """Another thread changes what the descriptor is while bpf(2) runs: what is told is what the
    kernel took, as a lookup says it then."""
    with Shared("-e", "write") as watch:
        for name, make_one in (("prog_array", program), ("hash_of_maps", inner)):
            fds = [make_one(b"race_one")[0], make_one(b"race_two")[0]]
            t = make(name, u32(0))
            target = os.dup(fds[0])
            warm(watch, {name: (t, [(u32(target), None)] * 2)})
            skip, want, going = len(told(watch, t.id)), [], [True]
            thread = lib.threading.Thread(target=flip, args=(target, fds, going))
            thread.start()
            try:
                # as long as it takes until the other thread had its turns
                while len(want) < 300 or len(set(want)) < 2 and len(want) < 20000:
                    equal(elem(t, lib.UPDATE, KEY, u32(target)), 0, name)
                    k, v = lib.buf(KEY), lib.buf(bytes(4))
                    attr = struct.pack("<IxxxxQQQ", t.fd, ctypes.addressof(k),
                                       ctypes.addressof(v), 0)
                    equal(lib.call(lib.LOOKUP, attr, [k, v]), 0, "lookup")
                    want.append(struct.unpack("<I", v.raw)[0])
            finally:
                going.clear()
                thread.join()
            watch.sync()
            check(len(set(want)) == 2, name, "nothing was changed meanwhile")
            got = [obj and obj["id"] for _, obj, _ in told(watch, t.id)[skip:]]
            old = [obj and obj["id"] for _, _, obj in told(watch, t.id)[skip + 1:]]
            equal(got, want, name)
            equal(old, want[:-1], f"{name}: replaced")
            t.close()


@lib.ends
def test_objects_of_new_types():
    """The first write ever to a type of map: before there are hooks on its operations."""
    with lib.Watch("-e", "write") as watch:
        for name, (fd, want) in (("prog_array", program(b"first")),
                                 ("array_of_maps", inner(b"first"))):
            t = make(name, u32(0))
            equal(elem(t, lib.UPDATE, u32(7), u32(fd)), 0, name)
            watch.wait_for(lambda t=t: watch.events(t.id, ("map.update",)))
            event, = watch.events(t.id, ("map.update",))
            equal(event["value"].get("object"), want, name)
            t.close()


@lib.shared
def test_objects_of_batches():
    """Each element of a batch has its own object."""
    with Shared("-e", "write") as watch:
        objects = [inner(b"batch_one"), inner(b"batch_two")]
        t = make("hash_of_maps", u32(0))
        warm(watch, {"hash_of_maps": (t, [(u32(objects[0][0]), None)] * 2)})
        skip = len(told(watch, t.id))
        keys, values = lib.buf(u32(1) + u32(2)), lib.buf(b"".join(u32(fd) for fd, _ in objects))
        attr = struct.pack("<QQQQIIQQ", 0, 0, ctypes.addressof(keys), ctypes.addressof(values), 2,
                           t.fd, 0, 0)
        result = lib.call(lib.UPDATE_BATCH, attr, [keys, values])
        if result == -524:  # ENOTSUPP: before 5.17 there are no batches of maps of maps
            t.close()
            return
        equal(result, 0, "batch")
        watch.sync()
        equal([obj for _, obj, _ in told(watch, t.id)[skip:]], [want for _, want in objects])
        t.close()
