# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every write of the covered map types is reported once, exactly, and nothing else is."""

import collections
import re
import struct
import subprocess
import tempfile
import threading

import lib
from lib import Map, Shared, Watch, check, equal, mapwriter

USER_OPS = "update,delete,update_batch,delete_batch,update,lookup_and_delete," \
           "update_batch,lookup_and_delete_batch"
WRITES = ("map.update", "map.delete")
PROGRAMS = "socket_filter,xdp,tc,raw_tp,tracepoint,kprobe"


def expected(write):
    """mapwriter's line as bpfmon should say it."""
    value = None
    if write["op"] in ("update", "update_batch"):
        value = write["cpus"] if "cpus" in write else write.get("value")
    return {
        "type": "map.update" if write["op"].startswith("update") else "map.delete",
        "op": write["op"].removesuffix("_batch"),
        "via": write["via"],
        "key": write.get("key"),
        "value": value,
        "result": write["result"],
        "tid": write["tid"],
    }


def reported(event):
    value = event.get("value")
    if value is not None:
        value = [c["hex"] for c in value["cpus"]] if "cpus" in value else value["hex"]
    return {
        "type": event["type"],
        "op": event.get("op", "update"),
        "via": event["via"],
        "key": event["key"]["hex"] if "key" in event else None,
        "value": value,
        "result": event["result"],
        "tid": event["process"]["tid"],
    }


def compare(watch, map_id, writes):
    got = [reported(e) for e in watch.events(map_id, ("map.update", "map.delete"))]
    want = [expected(w) for w in writes if w["map"] == map_id]
    check(want, "mapwriter wrote nothing")
    for number, (g, w) in enumerate(zip(got, want)):
        equal(g, w, f"map {map_id} write {number}")
    equal(len(got), len(want), f"map {map_id} writes")


def matrix(*args):
    with Shared() as watch:
        maps, writes = mapwriter("--type", "all", "--max-entries", "64", *args)
        watch.finish()
        equal(len(maps), len(lib.TYPES), "maps")
        for m in maps:
            compare(watch, m["id"], writes)
            created, = watch.events(m["id"], ("map.create",))
            equal(created["map"]["type"], m["map_type"], "type")
            equal(created["map"]["name"], m["name"], "name")
            equal(created["process"]["pid"], m["pid"], "pid")
            equal([created["map"][k] for k in ("key_size", "value_size", "max_entries")],
                  [m[k] for k in ("key_size", "value_size", "max_entries")], "sizes")


@lib.shared
def test_matrix_user():
    """Each type, each operation of bpf(2), single and batch."""
    matrix("--count", "3", "--from", "user", "--op", USER_OPS)


@lib.shared
def test_matrix_programs():
    """Each type, update and delete, by programs of six types."""
    matrix("--count", "3", "--from", PROGRAMS, "--op", "update,delete,delete")


@lib.shared
def test_matrix_mixed():
    """User and program in turn; failed attempts carry their result."""
    matrix("--count", "2", "--from", "user,xdp", "--op", "update,delete,delete,update", "--flags",
           "noexist")


@lib.shared
def test_matrix_frozen():
    """bpf(2) is refused on a frozen map, with EPERM and the key; programs still write."""
    with Shared() as watch:
        maps, writes = mapwriter("--type", "hash", "--freeze", "--count", "2")
        watch.finish()
        compare(watch, maps[0]["id"], writes)
        events = watch.events(maps[0]["id"])
        equal([e["result"] for e in events if e["type"] == "map.freeze"], [0], "freeze")
        equal([e["result"] for e in events if e.get("via") == "syscall"], ["EPERM"] * 2, "refused")


def sizes(watch, limit, *pairs):
    """Keys and values of these sizes are exact, or truncated and said so, at a --bytes of `limit`."""
    for key_size, value_size in pairs:
        maps, writes = mapwriter("--type", "hash", "--key-size", str(key_size), "--value-size",
                                 str(value_size), "--count", "1", "--op", "update,delete")
        watch.wait_for(lambda m=maps[0], n=len(writes): len(watch.events(m["id"], WRITES)) >= n)
        events = watch.events(maps[0]["id"], WRITES)
        equal(len(events), len(writes), "events")
        for event, write in zip(events, writes):
            for name, size in (("key", key_size), ("value", value_size)):
                if name not in write:
                    continue
                got = event[name]
                equal(got["size"], size, f"{name} size")
                equal(got["hex"], write[name][:2 * limit], f"{name} of {size}, --bytes {limit}")
                equal(got.get("truncated", False), size > limit, f"{name} truncated")
    watch.finish()


@lib.ends
@lib.shared
def test_sizes():
    """Keys and values from one byte to half a KiB, at the default of --bytes."""
    with Shared() as watch:
        sizes(watch, 64, (1, 1), (64, 65), (512, 512))


@lib.ends
@lib.shared_with(lib.whole_values)
def test_sizes_whole():
    """Up to 64 KiB, as much as can be shown."""
    with Shared() as watch:
        sizes(watch, 4096, (512, 4096), (4, 65536))


@lib.one_end("lowest")
def test_sizes_none():
    """None of the bytes is shown."""
    with Watch("--bytes", "0", "-e", "write") as watch:
        sizes(watch, 0, (4, 65536))


@lib.ends
@lib.shared_with(lib.whole_values)
def test_percpu_sizes():
    """Per-CPU values of odd and of large sizes, from user space."""
    for value_size in (1, 9, 4096):
        with Shared() as watch:
            maps, writes = mapwriter("--type", "percpu_hash", "--value-size", str(value_size),
                                     "--count", "1", "--from", "user,xdp")
            watch.finish()
            event, by_program = watch.events(maps[0]["id"])
            for got, want in zip(event["value"]["cpus"], writes[0]["cpus"]):
                equal(got["hex"], want[:len(got["hex"])], "value of a cpu")
                equal(got["size"], value_size, "size")
                equal(got.get("truncated", False), len(got["hex"]) < 2 * value_size, "truncated")
            equal(by_program["value"]["cpu"], writes[1]["cpu"], "cpu")


@lib.shared
def test_one_cpu():
    """BPF_F_CPU: one CPU's value, where the kernel has it; elsewhere the refused attempt says so."""
    with Shared("-e", "write") as watch, Map(6, name=b"percpu") as m:
        result = m.elem(lib.UPDATE, bytes(4), b"one cpu!", flags=8)
        watch.finish()
        event, = watch.events(m.id)
        equal(event["flags"], ["BPF_F_CPU"], "flags")
        equal(lib.undecoded(event["value"]), {"size": 8, "hex": b"one cpu!".hex(), "cpu": 0},
              "value")
        equal(event["result"], lib.errno.errorcode[-result] if result else 0, "result")


@lib.parallel
@lib.shared
def test_threads():
    """pid is the process, tid the thread that wrote."""
    with Shared("-e", "write") as watch, Map() as m:
        tids = []

        def write():
            tids.append(threading.get_native_id())
            m.elem(lib.UPDATE, b"\1\0\0\0", bytes(8))

        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        watch.finish()
        event, = watch.events(m.id)
        equal(event["process"]["tid"], tids[0], "tid")
        equal(event["process"]["pid"], lib.os.getpid(), "pid")
        equal(event["process"]["uid"], 0, "uid")


@lib.shared
def test_large_batch():
    """A batch of thousands, seen element by element."""
    count = 5000
    keys = b"".join(struct.pack("<I", n) for n in range(count))
    with Shared("-e", "write") as watch, Map(entries=8192) as m:
        equal(m.batch(lib.UPDATE_BATCH, keys, bytes(8 * count), count), 0, "update batch")
        equal(m.batch(lib.DELETE_BATCH, keys, b"", count), 0, "delete batch")
        watch.finish()
        got = collections.Counter((e["type"], e["via"], e["key"]["hex"])
                                  for e in watch.events(m.id))
        want = collections.Counter((t, "batch", struct.pack("<I", n).hex())
                                   for t in ("map.update", "map.delete") for n in range(count))
        equal(got, want, "elements")


def burst(total, *options):
    """A burst of program writes; returns monitor.stop and the monitor.lost lines."""
    lib.end_session()  # which would write it all down, too
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        with subprocess.Popen([lib.BPFMON, "watch", "-a", "-o", "json", "-m", "mapwriter", "-e", "write",
                               *options], stdout=subprocess.PIPE, stderr=err) as process:
            with subprocess.Popen(["grep", "--line-buffered", "\"type\":\"monitor[.]"],
                                  stdin=process.stdout, stdout=out):
                process.stdout.close()
                wait_line(out.name, "monitor.start")
                _, (line,) = mapwriter("--burst", str(total), "--from", "socket_filter")
                equal(line["count"], total, "writes by the writer's own count")
                process.terminate()
                equal(process.wait(10 * lib.PATIENCE), 0, "exit status")
        objects = [lib.json.loads(l) for l in open(out.name, encoding="utf-8")]
    return objects[-1], [o for o in objects if o["type"] == "monitor.lost"]


def wait_line(path, text):
    end = lib.time.monotonic() + lib.PATIENCE
    while text not in open(path, encoding="utf-8").read():
        check(lib.time.monotonic() < end, "no", text)
        lib.time.sleep(0.02)


def accounts(stop, lost, total):
    equal(sum(o["lost"] for o in lost), stop["lost"], "monitor.lost")
    writes = sum(o["hooks"].get("array_update", 0) for o in lost)
    equal(stop["events"] + writes, total, f"delivered and lost ({stop}, {lost})")
    check(all(o["where"] == "ring" for o in lost), "lost elsewhere", lost)


@lib.ends
def test_burst_million():
    """1,000,000 program writes: delivered and lost add up."""
    stop, lost = burst(1000000)
    accounts(stop, lost, 1000000)
    print(f"# of 1000000: {stop['events']} delivered, {stop['lost']} lost")


@lib.one_end("lowest")
def test_burst_small_ring():
    """A ring that is much too small: what it can't hold is counted and reported, but for bpfmon's own
    canary, which nobody would be told of."""
    stop, lost = burst(400000, "--buffer", "64K", "--check-interval", "1")
    accounts(stop, lost, 400000)
    check(stop["lost"] > 0, "the ring held everything")


STRACE = re.compile(rb"^(\d+) +bpf\((0x[0-9a-f]+|\d+), .*\) = (-?\d+|0x[0-9a-f]+)")


@lib.shared
def test_strace():
    """Every update and delete of bpftool that strace saw succeed is reported once, and no other."""
    script = """
        d=/sys/fs/bpf/live-strace; mkdir $d
        bpftool map create $d/a type array key 4 value 8 entries 4 name st_array
        bpftool map create $d/h type hash key 4 value 8 entries 4 name st_hash
        bpftool map create $d/p type percpu_hash key 4 value 8 entries 4 name st_percpu
        bpftool map update pinned $d/a key 1 0 0 0 value 1 2 3 4 5 6 7 8
        bpftool map update pinned $d/h key 1 0 0 0 value 1 2 3 4 5 6 7 8 noexist
        bpftool map update pinned $d/h key 1 0 0 0 value 1 2 3 4 5 6 7 8 noexist
        bpftool map update name st_hash key 2 0 0 0 value 1 2 3 4 5 6 7 9 any
        bpftool map delete pinned $d/h key 1 0 0 0
        bpftool map delete pinned $d/h key 1 0 0 0
        bpftool map dump pinned $d/h
        bpftool map lookup pinned $d/a key 1 0 0 0
        bpftool map freeze pinned $d/a
        bpftool map update pinned $d/a key 1 0 0 0 value 1 2 3 4 5 6 7 8
        rm -r $d
    """
    with Shared("-e", "write") as watch, tempfile.NamedTemporaryFile() as trace:
        subprocess.run(["strace", "-f", "-X", "raw", "-e", "trace=bpf", "-o", trace.name, "sh", "-c",
                        script], capture_output=True, timeout=4 * lib.PATIENCE, check=False)
        watch.finish()
        want, failed = collections.Counter(), collections.Counter()
        for line in open(trace.name, "rb"):
            found = STRACE.match(line)
            if found and int(found[2], 0) in (lib.UPDATE, lib.DELETE):
                kind = "map.update" if int(found[2], 0) == lib.UPDATE else "map.delete"
                (want if found[3] == b"0" else failed)[int(found[1]), kind] += 1
        check(sum(want.values()) >= 4 and sum(failed.values()) >= 3, "strace saw", want, failed)
        got, refused = collections.Counter(), collections.Counter()
        for e in watch.events(types=("map.update", "map.delete")):
            if e["process"]["comm"] != "bpftool":
                continue
            (got if e["result"] == 0 else refused)[e["process"]["pid"], e["type"]] += 1
        equal(got, want, "succeeded")
        equal(refused, failed, "refused")


JIT = "/proc/sys/net/core/bpf_jit_enable"


def set_jit(value):
    try:
        with open(JIT, "w", encoding="utf-8") as f:
            f.write(value)
    except OSError as reason:
        raise lib.Skipped(f"{JIT}: {reason}") from reason


@lib.ends
def test_jit_off():
    """A program that the interpreter runs: its writes are by an unknown writer, and mislead nobody."""
    set_jit("0")
    try:
        with subprocess.Popen([lib.MAPWRITER, "-o", "json", "--type", "hash", "--interval", "50",
                               "--from", "socket_filter"], stdout=subprocess.PIPE) as writer:
            try:
                map_id = lib.json.loads(writer.stdout.readline())["id"]
                writer.stdout.readline()
                lib.drain(writer)
                set_jit("1")
                with Watch("-e", "write") as watch, Map() as m:
                    equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), 0, "update")
                    watch.wait_for(lambda: watch.events(map_id))
                    watch.finish()
                    equal([e["via"] for e in watch.events(m.id)], ["syscall"], "bpf(2)")
                    equal({(e["via"], "program_error" in e) for e in watch.events(map_id)},
                          {("unknown", True)}, "by the interpreter")
            finally:
                writer.terminate()
    finally:
        set_jit("1")


@lib.shared
def test_unprivileged():
    """Who may not use bpf(2), on a descriptor that was left open: the attempt, with uid and result."""
    with Shared("-e", "write") as watch, Map() as m:
        read_end, write_end = lib.os.pipe()
        child = lib.os.fork()
        if not child:
            lib.os.setresuid(65534, 65534, 65534)
            result = m.elem(lib.UPDATE, b"\5\0\0\0", bytes(8))
            lib.os.write(write_end, str(result).encode())
            lib.os._exit(0)
        lib.os.waitpid(child, 0)
        result = int(lib.os.read(read_end, 16))
        lib.os.close(read_end)
        lib.os.close(write_end)
        watch.finish()
        event, = watch.events(m.id)
        equal(event["result"], lib.errno.errorcode[-result] if result else 0, "result")
        equal((event["process"]["uid"], event["key"]["hex"]), (65534, "05000000"), "who and what")


def test_missed():
    """What a hook that has no program that counts misses because it is at work already: told as
    lost, by that hook."""
    if lib.KERNEL == "5.10":
        raise lib.Skipped("the kernel has no recursion guard: the attacker panics it")
    with Watch("-e", "write,alert") as watch:
        run = subprocess.run([lib.TOP + "/build/actors/missed", "5"], capture_output=True,
                             timeout=lib.PATIENCE, check=True)
        told = lib.json.loads(run.stdout)
        watch.wait_for(lambda: [a for a in watch.events(types=("alert",))
                                if a["rule"] == "recursion"])
        stop = watch.finish()
        equal((told["outer_deleted"], told["inner_deleted"]), (5, 5), "what it did")
        deletes = {name: [e for e in watch.events(told[name], ("map.delete",))
                          if e["via"] == "program"] for name in ("outer", "inner")}
        equal({name: len(events) for name, events in deletes.items()},
              {"outer": 5, "inner": 0}, "deletes told")
        lost = [o for o in watch.all() if o["type"] == "monitor.lost"]
        equal({(o["where"], *o["hooks"]) for o in lost}, {("exit", "storage_delete")}, "lost")
        equal((sum(o["lost"] for o in lost), stop["lost"]), (5, 5), "lost")
        check("events lost (exit)" in watch.stderr(), watch.stderr())
        alert, = (a for a in watch.events(types=("alert",)) if a["rule"] == "recursion")
        check("storage_delete" in alert["reason"], alert)
        check(set(alert["events"]) <= {o["seq"] for o in lost} and alert["events"], alert, lost)


def test_recursion():
    """Writes made inside a helper that bpfmon calls are hidden from its details, but not from its
    count: monitor.lost says how many, and stderr warns."""
    if lib.KERNEL == "5.10":
        raise lib.Skipped("the kernel has no recursion guard: the attacker panics it")
    with Watch() as watch:
        run = subprocess.run([lib.BLIND, "20"], capture_output=True, timeout=lib.PATIENCE,
                             check=True)
        told = lib.json.loads(run.stdout)
        watch.finish()
        check(told["written"] >= 20, "nothing was hidden", told)
        equal(len(watch.events(told["open"], ("map.update",))), 20, "in the open")
        lost = [o for o in watch.all() if o["type"] == "monitor.lost"]
        equal({o["where"] for o in lost}, {"recursion"}, "where")
        equal({o["map"]["id"] for o in lost}, {told["hidden"]}, "map")
        check(f"map {told['hidden']}" in watch.stderr(), "no map on stderr", watch.stderr())
        hidden = sum(o["hooks"]["hash_update"] for o in lost)
        seen = len(watch.events(told["hidden"], ("map.update",)))
        equal(hidden + seen, told["written"], "hidden and seen")
        check(hidden >= 20, "hidden", hidden)
        check("recursion" in watch.stderr(), watch.stderr())
