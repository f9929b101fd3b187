# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What bpfmon snapshot has of links and attachments, held against what this test attached, and what
bpfmon verify says when it goes."""

import contextlib
import ctypes
import os
import struct
import subprocess
import tempfile

import kern
import lib
from lib import Map, bpfmon, check, equal
from live_baseline import snapshot, verify
from live_processes import Cgroups

XDP, RAW_TRACEPOINT = 6, 17
RAW_TRACEPOINT_OPEN, LINK_CREATE = 17, 28
INGRESS, EGRESS = 0, 1  # of cgroup_skb


def program(m, kind, name, result, attach_type=0):
    """A program that has to do with the map, and returns `result`."""
    return kern.load(kern.map_fd(kern.R1, m.fd) + kern.mov(kern.R0, result) + kern.EXIT, kind,
                     attach_type, name)


def run(*args):
    done = subprocess.run(args, capture_output=True, check=False, timeout=lib.PATIENCE)
    equal(done.returncode, 0, f"{args}: {done.stderr}")
    return done.stdout


def cgroup_attach(m, path, stack):
    """By BPF_PROG_ATTACH."""
    group = os.open(path, os.O_RDONLY)
    prog = program(m, kern.CGROUP_SKB, b"on_ingress", 1)
    attr = struct.pack("<IIII", group, prog, INGRESS, 0)
    equal(lib.call(kern.PROG_ATTACH, attr), 0, "attach")

    def detach():
        equal(lib.call(kern.PROG_DETACH, attr), 0, "detach")
        os.close(prog)

    stack.callback(os.close, group)
    return detach


def cgroup_link(m, path, stack):
    group = os.open(path, os.O_RDONLY)
    prog = program(m, kern.CGROUP_SKB, b"on_egress", 1, EGRESS)
    link = lib.call(LINK_CREATE, struct.pack("<IIII", prog, group, EGRESS, 0))
    check(link >= 0, "link", link)
    stack.callback(os.close, group)
    return lambda: (os.close(link), os.close(prog))


def raw_tracepoint(m):
    prog = program(m, RAW_TRACEPOINT, b"on_switch", 0)
    name = lib.buf(b"sched_switch\0")
    link = lib.call(RAW_TRACEPOINT_OPEN, struct.pack("<QI", ctypes.addressof(name), prog), [name])
    check(link >= 0, "raw tracepoint", link)
    return lambda: (os.close(link), os.close(prog))


def pinned(m, kind, name, bpffs):
    """A program under a name, which goes when it is attached: only by that it is wanted then."""
    prog = program(m, kind, name, 2)
    path = f"{bpffs}/live-{name.decode()}"
    p = lib.buf(path.encode() + b"\0")
    equal(lib.call(lib.OBJ_PIN, struct.pack("<QI", ctypes.addressof(p), prog), [p]), 0, "pin")
    os.close(prog)
    return path


def xdp(m, bpffs):
    """By netlink."""
    path = pinned(m, XDP, b"on_packet", bpffs)
    run("ip", "link", "set", "dev", "lo", "xdpgeneric", "pinned", path)
    os.unlink(path)
    return lambda: run("ip", "link", "set", "dev", "lo", "xdpgeneric", "off")


def tc(m, bpffs, stack):
    path = pinned(m, kern.SCHED_CLS, b"on_filter", bpffs)
    run("tc", "qdisc", "add", "dev", "lo", "clsact")
    stack.callback(run, "tc", "qdisc", "del", "dev", "lo", "clsact")
    run("tc", "filter", "add", "dev", "lo", "ingress", "prio", "7", "bpf", "da", "object-pinned", path)
    os.unlink(path)
    return lambda: run("tc", "filter", "del", "dev", "lo", "ingress")


@lib.ends
def test_baseline_attached():
    """Everything attached is in the snapshot once, and missed by its place when it is detached."""
    for module in ("sch_ingress", "cls_bpf"):  # nothing loads them by itself in a VM
        subprocess.run(["modprobe", module], capture_output=True, check=False)
    lib.end_session()
    bpffs = lib.bpffs()
    with tempfile.TemporaryDirectory() as folder, Map(name=b"attached") as m, \
            Cgroups("base/one") as groups, contextlib.ExitStack() as stack:
        path, group = folder + "/snapshot", groups.top + "/base/one"
        detach = {
            ("attachment", "cgroup /base/one", "on_ingress"): cgroup_attach(m, group, stack),
            ("link", "cgroup /base/one", "on_egress"): cgroup_link(m, group, stack),
            ("link", "sched_switch", "on_switch"): raw_tracepoint(m),
            ("attachment", "xdp lo", "on_packet"): xdp(m, bpffs),
            ("attachment", "tc lo ingress", "on_filter"): tc(m, bpffs, stack),
        }
        said = snapshot(path, "-q", "-m", str(m.id))
        equal(said, b"", "nothing is not known")
        equal(verify(path), [], "unchanged")
        for (kind, target, name), undo in detach.items():
            undo()
            got = verify(path)
            missing = {(d["diff"], d.get(kind, {}).get("target"),
                        d.get(kind, {}).get("program", "").split(" ")[0]) for d in got}
            check((kind + ".missing", target, name) in missing, kind, target, name, got)
            check(("program.missing" in {d["diff"] for d in got}), "its program", got)
            equal({d["diff"].split(".")[1] for d in got}, {"missing"}, "only that")
            snapshot(path, "-q", "-m", str(m.id))
            equal(verify(path), [], f"without {name}")
