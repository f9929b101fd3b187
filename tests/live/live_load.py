# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Load: many writers, maps and programs that come and go, a reader that stalls, a full disk, little
memory. By the writers' own count each write is delivered or told as lost, memory stays bounded, and
what comes afterwards is delivered.

All are short. LOAD in the environment (1) makes each so many times longer, as `make load-test` does.
"""

import errno
import json
import os
import re
import signal
import subprocess
import tempfile
import time

import lib
from lib import Map, Watch, check, equal

LOAD = int(os.environ.get("LOAD", "1"))
CHURN = os.path.join(lib.TOP, "build/actors/churn")
WRITERS = 8
MOST = 64 << 10  # KiB that bpfmon may have resident, whatever comes
RING = "256K"


def native(function):
    function.native = True
    return function


def only_native(function):
    function.only_native = True
    return native(function)


def status(pid, name):
    """A number from /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name + ":"))


def writer(total, name="load", source=None):
    """One that writes `total` times as fast as it can. Writes of programs are not seen natively."""
    source = source if source and lib.KERNEL != "native" else "user"
    return subprocess.Popen([lib.MAPWRITER, "-o", "json", "--burst", str(total), "--map", name,
                             "--from", source], stdout=subprocess.PIPE)


def written(process):
    """Its own count, when it has ended."""
    out, _ = process.communicate(timeout=20 * lib.PATIENCE)
    equal(process.returncode, 0, "the writer")
    return json.loads(out.splitlines()[-1])["count"]


def churn(what, count, rate=""):
    """What came of it, by its own count."""
    run = subprocess.run([CHURN, what, str(count), str(rate)][:4 if rate else 3], check=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=20 * lib.PATIENCE)
    return json.loads(run.stdout)


def held(what, count):
    """So many of them are there when this returns, until its stdin is closed."""
    process = subprocess.Popen([CHURN, what, str(count)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    equal(json.loads(process.stdout.readline())["done"], count, what)
    return process


def release(process):
    process.stdin.close()
    process.stdout.close()
    equal(process.wait(10 * lib.PATIENCE), 0, "the holder")


class Lines:
    """What a watch wrote, counted without reading each line as JSON: there are too many."""

    KIND = re.compile(rb'"type":"([a-z.]+)"')
    VALUE = re.compile(rb'"map":\{"id":(\d+),.*"value":\{"size":8,"hex":"[0-9a-f]{16}","number":(\d+)')

    def __init__(self, lines):
        self.count = {}
        self.values = {}
        self.monitors = []
        for line in lines:
            kind = self.KIND.search(line)[1].decode()
            self.count[kind] = self.count.get(kind, 0) + 1
            if kind.startswith("monitor."):
                self.monitors.append(json.loads(line))
            elif kind == "map.update":
                number, value = self.VALUE.search(line).groups()
                self.values.setdefault(int(number), []).append(int(value))

    def lost(self, where=None, hooks=()):
        """All; or what was lost there by these hooks."""
        lost = [o for o in self.monitors if o["type"] == "monitor.lost"]
        if not where:
            return sum(o["lost"] for o in lost)
        return sum(o["hooks"].get(h, 0) for o in lost if o["where"] == where for h in hooks)

    def where(self):
        """What was lost, by place and hook."""
        return [(o["where"], o["lost"], o.get("hooks")) for o in self.monitors
                if o["type"] == "monitor.lost"]


def accounts(lines):
    """What monitor.stop has is what the lines are."""
    stop = lines.monitors[-1]
    equal(stop["type"], "monitor.stop", "the last line")
    equal(stop["events"], sum(n for k, n in lines.count.items() if not k.startswith("monitor.")),
          "events")
    equal(stop["lost"], lines.lost(), "lost")
    equal(stop["seen"], stop["events"] + stop["filtered"] + stop["lost"], "seen")
    return stop


OTHERS = 100  # commands of bpf(2) beside the writes, in one of these tests


def add_up(lines, total):
    """Updates that are delivered or told as lost are as many as were written. Where bpf(2) is seen at
    its boundary alone, commands that were no update may be among the lost. Where hooks were preempted
    by tasks that came to the same hook (lib.Preempted), what is told as lost may have been delivered
    after all, by another hook: then it is not less."""
    missing = total - lines.count["map.update"]
    if lib.KERNEL == "native":
        least, most = max(lines.lost() - OTHERS, 0), lines.lost()
    else:
        least = lines.lost("ring", ("array_update", "hash_update"))
        most = least + lines.lost() - sum(n for where, n, _ in lines.where() if where == "ring")
    check(least <= missing <= most, "missing", missing, "lost", lines.where())


def in_order(lines):
    """mapwriter counts up: none twice, none before its time."""
    for number, values in lines.values.items():
        check(all(a < b for a, b in zip(values, values[1:])), "out of order in map", number)


def delivered_after(watch):
    """It works as before: what is written now is delivered."""
    before = os.path.getsize(watch.path)

    def has(word):
        with open(watch.path, "rb") as file:
            file.seek(before)
            return any(b'"map.update"' in line and word in line for line in file)

    with Map(name=b"load_after") as m:
        equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), 0, "update")
        watch.wait_for(lambda: has(f'"map":{{"id":{m.id},'.encode()))


@lib.parallel
@lib.ends
@native
def test_load_writers():
    """Eight writers at once, half of them BPF programs: delivered and lost are what they wrote,
    each one's in order, whatever the number of CPUs."""
    each = 10000 * LOAD if lib.KERNEL == "native" else 4000 * LOAD
    with Watch("-m", "load*", "-e", "update") as watch:
        writers = [writer(each, f"load{n}", "socket_filter" if n % 2 else None)
                   for n in range(WRITERS)]
        equal([written(w) for w in writers], WRITERS * [each], "written")
        delivered_after(watch)
        peak = status(watch.process.pid, "VmHWM")
        watch.stop()
        lines = Lines(watch.lines())
        accounts(lines)
        in_order(lines)
        add_up(lines, WRITERS * each + 1)
        check(peak <= MOST, "KiB", peak)
        print(f"# {WRITERS} x {each} on {os.cpu_count()} CPUs: {lines.count['map.update']} delivered, "
              f"{lines.lost()} lost, {peak} KiB")


def come_and_go(watch, seconds):
    """1,000 maps a second, each written once, then 50 programs a second: by their own count each is
    told, or told as lost, and nothing of them is kept; also the end of a program that bpfmon, which
    looks at new ones, was the last to let go of."""
    churn("maps", 1000, 1000)
    before = status(watch.process.pid, "VmRSS")
    maps, progs = churn("maps", 1000 * seconds, 1000), churn("progs", 50 * seconds, 50)
    delivered_after(watch)
    grown = status(watch.process.pid, "VmRSS") - before
    kinds = ["map.create", "map.update"]
    kinds += [] if lib.KERNEL == "native" else ["map.free", "prog.load", "prog.unload"]
    want = {k: progs["done"] if k[0] == "p" else 1000 + maps["done"] for k in kinds}

    def look():
        lines = Lines(l for l in watch.lines() if b'"name":"churn"' in l or b'"monitor.' in l)
        return {kind: lines.count.get(kind, 0) for kind in kinds}, lines.lost()

    def is_told():  # the last of them end after a grace period, and a loss is told after a second
        got, lost = look()
        return sum(want.values()) - sum(got.values()) <= lost

    watch.wait_for(is_told)
    got, _ = look()
    check(all(got[kind] <= n for kind, n in want.items()), "more than there were:", got, want)
    check(grown <= 16 << 10, "KiB more", grown)
    print(f"# {maps['done'] * 10**9 // maps['elapsed_ns']} maps, "
          f"{progs['done'] * 10**9 // progs['elapsed_ns']} programs a second: {got}, {grown} KiB more")
    return sum(want.values()) - sum(got.values())


def stay(watch, counts):
    """So many maps, programs and processes are there at the same time: KiB resident with the first, with
    the first two, with all."""
    sizes, holders = [], []
    for what, count in zip(("hold-maps", "hold-progs", "hold-procs"), counts):
        holders.append(held(what, count))
        delivered_after(watch)
        time.sleep(2)  # it has looked at them, which it does once a second
        sizes.append(status(watch.process.pid, "VmRSS"))
    for holder in holders:
        release(holder)
    delivered_after(watch)
    return sizes


@lib.ends
@native
def test_load_objects():
    """Maps and programs that come and go; then 10,000 maps, 1,000 programs and 5,000 processes (fewer
    where one is emulated): bpfmon is not larger than 16 MiB at rest, 48 with the maps, 64 with all."""
    many = lib.KERNEL == "native" or LOAD > 1
    counts = (10000, 1000, 5000) if many else (2000, 200, 500)
    with Watch("-e", "open,write,life,prog") as watch:
        rest = status(watch.process.pid, "VmRSS")
        missing = come_and_go(watch, 3 * LOAD)
        sizes = [rest, *stay(watch, counts)]
        watch.stop()
        lines = Lines(watch.lines())
        accounts(lines)
        check(missing <= lines.lost(), missing, "neither told nor lost:", lines.where())
        check(sizes[0] <= 16 << 10 and sizes[1] <= 48 << 10 and sizes[3] <= MOST, "KiB", sizes)
        print(f"# KiB resident at rest, with {counts[0]} maps, {counts[1]} programs, "
              f"{counts[2]} processes: {sizes}; {lines.lost()} lost")


class Piped:
    """bpfmon whose lines go through a pipe and cat(1) to a file."""

    def __init__(self, *args, under=()):
        lib.end_session()
        self.out, self.err = tempfile.NamedTemporaryFile(), tempfile.TemporaryFile("w+")
        self.path = self.out.name
        self.process = subprocess.Popen([*under, lib.BPFMON, "watch", "-a", "-o", "json", *args],
                                        stdout=subprocess.PIPE, stderr=self.err)
        self.cat = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=self.out)
        self.process.stdout.close()

    def __enter__(self):
        try:
            wait_text(self.err, "watching")
        except lib.Failed:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in (self.process, self.cat):
            process.kill()
            process.wait()

    def wait_for(self, condition):
        end = time.monotonic() + lib.PATIENCE
        while not condition():
            equal(self.process.poll(), None, "bpfmon ended")
            check(time.monotonic() < end, "nothing after", lib.PATIENCE, "s")
            time.sleep(0.1)

    def lines(self):
        with open(self.path, "rb") as file:
            return file.read().split(b"\n")[:-1]

    def stop(self):
        self.process.terminate()
        equal(self.process.wait(lib.PATIENCE), 0, "status")
        equal(self.cat.wait(lib.PATIENCE), 0, "cat")


@lib.one_end("lowest")
@native
def test_load_stalled_reader():
    """A reader that stops reading for seconds: what the ring can't hold meanwhile is told as lost, by
    the writer's count; then it goes on."""
    total, stall = 20000, 3 * (10 if LOAD > 1 else 1)
    with Piped("-m", "load*", "-e", "update", "--buffer", RING) as watch:
        watch.cat.send_signal(signal.SIGSTOP)
        equal(written(writer(total)), total, "written")
        time.sleep(stall)
        peak = status(watch.process.pid, "VmHWM")
        watch.cat.send_signal(signal.SIGCONT)
        watch.wait_for(lambda: any(b'"monitor.lost"' in line for line in watch.lines()))
        delivered_after(watch)
        watch.stop()
        lines = Lines(watch.lines())
    accounts(lines)
    in_order(lines)
    check(lines.lost(), "the ring held all")
    add_up(lines, total + 1)
    check(peak <= MOST, "KiB", peak)
    print(f"# {stall} s: {lines.count['map.update']} delivered, {lines.lost()} lost, {peak} KiB")


class SmallDisk:
    """A file system that holds 1 MiB."""

    def __enter__(self):
        self.path = tempfile.mkdtemp()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", self.path], check=True)
        return self.path

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], check=True)
        os.rmdir(self.path)


TOTALS = re.compile(r"bpfmon: (\d+) events, (\d+) left out, (\d+) lost")


@lib.one_end("newest")
@native
def test_load_full_disk():
    """Stdout is a file on a disk that gets full: status 1, and delivered and lost, as it says them at
    the end, are what was written."""
    total = 5000
    with SmallDisk() as disk:
        with open(f"{disk}/out", "wb") as out, tempfile.TemporaryFile("w+") as err:
            lib.end_session()
            with subprocess.Popen([lib.BPFMON, "watch", "-a", "-o", "json", "-m", "load", "-e",
                                   "update"], stdout=out, stderr=err) as process:
                try:
                    wait_text(err, "watching")
                    process.send_signal(signal.SIGSTOP)  # all is in the ring before the disk is full
                    equal(written(writer(total)), total, "written")
                    process.send_signal(signal.SIGCONT)
                    equal(process.wait(lib.PATIENCE), 1, "status")
                finally:
                    process.kill()
            err.seek(0)
            text = err.read()
        events, _, lost = map(int, TOTALS.search(text).groups())
        with open(f"{disk}/out", "rb") as out:
            whole = out.read().split(b"\n")[:-1]
        delivered = sum(b'"map.update"' in line for line in whole)
        check(0 < delivered < total, "delivered", delivered)
        equal((events, events + lost), (delivered, total), "delivered, and with lost")
        check(f"No space left on device; {lost} events lost" in text, text)


def wait_text(file, text):
    end = time.monotonic() + lib.PATIENCE
    while file.seek(0) or text not in file.read():
        check(time.monotonic() < end, "no", text)
        time.sleep(0.02)


@only_native
def test_load_full_disk_beside():
    """An output beside stdout is on a disk that is full: it tells what it lost in place of it, goes on
    when there is room again, and stdout has all."""
    total = 5000
    with SmallDisk() as disk, \
            Watch("-m", "load*", "-e", "update", "--output",
                  f"file,path={disk}/more,queue=64K,linger=5") as watch:
        filler, path = f"{disk}/filler", f"{disk}/more"
        with open(filler, "wb") as file:
            try:
                while True:
                    os.write(file.fileno(), bytes(4096))
            except OSError as error:
                equal(error.errno, errno.ENOSPC, "the disk is full")
        equal(written(writer(total)), total, "written")
        watch.wait_for(lambda: "No space left" in watch.stderr())
        os.unlink(filler)
        watch.wait_for(lambda: "works again" in watch.stderr())
        equal(written(writer(1, "load_after")), 1, "written")

        def lines():
            with open(path, "rb") as file:
                return file.read().split(b"\n")

        watch.wait_for(lambda: any(b'"load_after"' in line for line in lines()))
        watch.stop()
        got, printed = lines(), Lines(watch.lines())
        equal(got.pop(), b"", "the end of its last line")
        told = [json.loads(line) for line in got]
        add_up(printed, total + 1)
        mine = sum(o["type"] == "map.update" for o in told)
        check(mine < printed.count["map.update"], "the disk held all")
        stop, = (o for o in printed.monitors if o["type"] == "monitor.stop")
        lost = sum(o["lost"] for o in stop["outputs"])
        equal(len(got) - sum("since" in o and o.get("where") == "output" for o in told) + lost,
              len(watch.lines()), "its lines and what it lost")


LIMITED = "/sys/fs/cgroup/load"


def put(path, value):
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(value))


def memory(name):
    with open(f"{LIMITED}/memory.{name}", encoding="utf-8") as file:
        return file.read()


@lib.one_end("newest")
def test_load_memory():
    """In a cgroup that leaves it 32 MiB more than it has at rest, and less than that for a while, so
    that what it reads from files goes again and again: it is not killed, and nothing is lost that it
    does not tell."""
    total = 20000 * LOAD
    put("/sys/fs/cgroup/cgroup.subtree_control", "+memory")
    os.makedirs(LIMITED, exist_ok=True)
    enter = ["sh", "-c", f'echo 0 >{LIMITED}/cgroup.procs && exec "$@"', "sh"]
    with Piped("-m", "load*", "-e", "update", under=enter) as watch:
        rest = int(memory("current"))
        put(f"{LIMITED}/memory.max", rest + (32 << 20))
        put(f"{LIMITED}/memory.high", max(rest - (4 << 20), 4096))
        equal(written(writer(total, "load1", "socket_filter")), total, "written")
        equal(written(writer(total, "load2")), total, "written")
        put(f"{LIMITED}/memory.high", "max")
        delivered_after(watch)
        events = dict(line.split() for line in memory("events").splitlines())
        watch.stop()
        lines = Lines(watch.lines())
    os.rmdir(LIMITED)
    accounts(lines)
    in_order(lines)
    add_up(lines, 2 * total + 1)
    equal(events["oom_kill"], "0", "killed")
    check(int(events["high"]), "no pressure", events)
    print(f"# {rest >> 10} KiB charged at rest: {lines.count['map.update']} delivered, "
          f"{lines.lost()} lost, pressed {events['high']} times, at the limit {events['max']}")
