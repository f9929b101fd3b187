# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Software that people have, as Debian has it: what strace saw of its map activity is in the
JSON, exactly once each, and nothing else of its threads is."""

import os
import subprocess
import sys
import tempfile

import lib
from traced import Case, against_strace

PINNED = os.path.join(lib.TOP, "build/actors/pinned.bpf.o")


def shell(script):
    return ["sh", "-c", "set -e\n" + script]


def bpftool(bpffs):
    """Maps by name, id and pin, queue and stack, map in map, a batch file, refusals."""
    d = bpffs + "/live-bpftool"
    return Case("bpftool", shell(f"""
        mkdir {d}
        batch=$(mktemp)
        trap 'rm -r {d} $batch' EXIT
        map() {{ bpftool map "$@"; }}
        map create {d}/h type hash key 4 value 8 entries 4 name sw_hash
        map create {d}/q type queue key 0 value 4 entries 4 name sw_queue
        map create {d}/s type stack key 0 value 4 entries 4 name sw_stack
        map create {d}/o type array_of_maps key 4 value 4 entries 2 name sw_outer \\
            inner_map pinned {d}/h
        id=$(bpftool -j map show pinned {d}/h | sed 's/.*"id":\\([0-9]*\\).*/\\1/')
        echo "map update id $id key 1 0 0 0 value 1 2 3 4 5 6 7 8" >$batch
        echo "map update name sw_hash key 2 0 0 0 value 1 2 3 4 5 6 7 8 noexist" >>$batch
        echo "map delete id $id key 1 0 0 0" >>$batch
        bpftool batch file $batch
        map update pinned {d}/h key 2 0 0 0 value 1 2 3 4 5 6 7 8 noexist && exit 9
        map push pinned {d}/s value 1 0 0 0
        map pop pinned {d}/s
        map enqueue pinned {d}/q value 1 0 0 0
        map dequeue pinned {d}/q
        map pop pinned {d}/s && exit 9
        map update pinned {d}/o key 0 0 0 0 value pinned {d}/h
        map delete pinned {d}/o key 0 0 0 0
        map dump pinned {d}/h
        map pin id $id {d}/again
        map pin id $id {d}/again && exit 9
        map freeze pinned {d}/h
        map update pinned {d}/h key 1 0 0 0 value 1 2 3 4 5 6 7 8 && exit 9
        map show
    """), want=("map.create", "map.open", "map.pin", "map.update", "map.delete", "map.freeze",
                "map.pin refused", "map.update refused", "map.delete refused"))


def bpftrace():
    """Counts by command name, a scalar that comes and goes, cleared at the end."""
    program = """tracepoint:syscalls:sys_enter_openat { @opens[comm] = count(); @last = nsecs; }
                 interval:s:1 { print(@opens); clear(@opens); delete(@last); exit(); }"""
    return Case("bpftrace", ["bpftrace", "-e", program], programs=("AT_last",),
                want=("map.create", "map.update", "map.delete"))


def bcc_tools():
    """Those that need no kernel headers (Debian's libbpf-tools): files opened, system calls counted
    (read in batches that delete), block I/O. Debian's biolatency does not know that 5.10's stable series
    has tracepoints like those of 5.11, and fails to load there. opensnoop ends with 1 where files were
    opened at its last look; what it says tells that it worked."""
    block = () if lib.KERNEL == "5.10" else ("Tracing block",)
    return Case("bcc tools", shell("opensnoop -d 1 || [ $? -eq 1 ]"), ["syscount", "-i", "1", "-d", "2"],
                ["biolatency", "1", "1"], programs=("start",), says=("SYSCALL", "ERR PATH", *block),
                statuses=(0,) if block else (0, 1),
                want=("map.create", "map.update", "map.delete", "map.freeze"))


def xdp_filter():
    """On a veth: maps pinned by one process, filled by the next ones, unpinned."""
    return Case("xdp-filter", shell("""
        ip link add live0 type veth peer name live1
        trap 'ip link del live0' EXIT
        ip link set live0 up
        xdp-filter load -m skb -f ipv4,ethernet,udp live0
        xdp-filter port 53 -p udp
        xdp-filter ip 192.0.2.1 -m src,dst
        xdp-filter ether 02:00:00:00:00:01
        xdp-filter ip -r 192.0.2.1 -m src,dst
        xdp-filter port -r 53 -p udp
        xdp-filter unload live0
    """), want=("map.create", "map.open", "map.pin", "map.update", "map.delete"))


def tc(bpffs):
    """Loads a classifier, pins its map by name, and takes the pinned one the second time; its
    writes come from softirqs."""
    add = f"tc filter add dev lo ingress bpf da obj {PINNED} sec tc"
    pin = f"{bpffs}/tc/globals/live_tc_count"
    send = 'import socket as s; s.socket(s.AF_INET, s.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))'
    return Case("tc", shell(f"""
        export TC_BPF_MNT={bpffs}
        tc qdisc add dev lo clsact
        trap 'tc qdisc del dev lo clsact; rm -f {pin}' EXIT
        {add}
        {sys.executable} -c '{send}'
        {add}
        tc filter show dev lo ingress
        bpftool map update pinned {pin} key 1 0 0 0 value 0 0 0 0 0 0 0 0
        bpftool map delete pinned {pin} key 1 0 0 0
    """), want=("map.create", "map.open", "map.pin", "map.update", "map.delete"),
                programs=("live_tc_count", "live_tc_last"))


UNIT = """[Unit]
DefaultDependencies=no
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/true
IPAccounting=yes
IPAddressDeny=192.0.2.0/24 2001:db8::/32
IPAddressAllow=192.0.2.7
"""


def systemd(folder):
    """IPAddressDeny=: a manager of root's own, in a control group of its own, runs one unit and
    ends. (Process 1 of a test VM is a shell.)"""
    # that of an earlier try has groups of its own in it by now, and takes no process any more
    group = tempfile.mkdtemp(prefix="live-systemd-", dir="/sys/fs/cgroup")
    os.makedirs("/run/systemd/system", exist_ok=True)  # else it refuses: "not booted with systemd"
    with open(folder + "/deny.service", "w", encoding="ascii") as unit:
        unit.write(UNIT)
    return Case("systemd", shell(f"""
        echo $$ >{group}/cgroup.procs
        export XDG_RUNTIME_DIR={folder} SYSTEMD_UNIT_PATH={folder}
        export SYSTEMD_GENERATOR_PATH=/none SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/none
        exec /lib/systemd/systemd --user --unit=deny.service
    """), want=("map.create", "map.update"))


@lib.ends
@lib.shared
def test_software():
    """All of them under one bpfmon."""
    for module in ("veth", "sch_ingress", "cls_bpf"):  # nothing loads them by itself in a VM
        subprocess.run(["modprobe", module], capture_output=True, check=False)
    bpffs = lib.bpffs()
    with tempfile.TemporaryDirectory() as folder:
        events = against_strace([bpftool(bpffs), bpftrace(), bcc_tools(), xdp_filter(), tc(bpffs),
                                 systemd(folder)])
    kinds = {e["map"].get("type") for e in events}
    lib.check({"lpm_trie", "queue", "stack", "array_of_maps"} <= kinds, "map types", kinds)
