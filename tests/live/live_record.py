# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Recordings: watch -w writes what replay reads, elsewhere and without rights."""

import mmap
import os
import random
import signal
import stat
import subprocess
import tempfile
import time

import lib
from lib import Map, Watch, bpfmon, check, equal, mapwriter
from live_faults import native
from live_btf import start_values
from live_handles import MMAPABLE
from live_maps import ARRAY_OF_MAPS, outer_map

# Nothing of the kernel to ask, and nobody's rights.
NOWHERE = ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /sys && "
           "exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \"$0\" \"$@\""]


def replay(path, *args, status=0):
    """Standard output of replay, by a nobody; the file is his by a descriptor alone."""
    with open(path, "rb") as file:
        run = subprocess.run([*NOWHERE, lib.BPFMON, "replay", *args, "-"], stdin=file,
                             capture_output=True, timeout=lib.PATIENCE, check=False)
    equal(run.returncode, status, f"exit status of replay ({run.stderr.decode()})")
    return run.stdout, run.stderr.decode()


class Scratch:
    """A directory for recordings, and the name of one in it."""

    def __enter__(self):
        self.dir = tempfile.TemporaryDirectory()
        return os.path.join(self.dir.name, "recording")

    def __exit__(self, *_):
        self.dir.cleanup()


def act(watch):
    """A bit of everything: writes by bpf(2) and by programs, of one value and of each CPU's, values
    with BTF, one that is put back, a store, pins, maps in maps, and processes that are gone at once."""
    for kind in ("array", "hash", "percpu_hash"):
        mapwriter("--type", kind, "--count", "3")
    with Map(name=b"recorded") as m:
        m.elem(lib.UPDATE, bytes(4), bytes(8))
        m.elem(lib.DELETE, b"\1\1\1\1")
        os.close(lib.open_id(m.id, 8))
        for value in (b"before..", b"between.", b"before.."):
            m.elem(lib.UPDATE, bytes(4), value)
        m.freeze()
        subprocess.run(["bpftool", "map", "dump", "id", str(m.id)], stdout=subprocess.DEVNULL,
                       check=True)
    actor, targets = start_values()
    for target in targets:
        target.write(random.Random(1))
    actor.communicate()
    pin = lib.bpffs() + "/live-recorded"
    with Map(lib.ARRAY, flags=MMAPABLE, entries=1, name=b"recorded") as m, \
            mmap.mmap(m.fd, mmap.PAGESIZE) as area, outer_map(ARRAY_OF_MAPS, 4, m) as outer:
        equal((m.pin(pin), outer.elem(lib.UPDATE, bytes(4), m.fd.to_bytes(4, "little"))), (0, 0), "pin")
        area[0:8] = b"a store."
        watch.wait_for(lambda: watch.events(m.id, ("map.change",)))
        m.elem(lib.UPDATE, bytes(4), bytes(8))
        os.unlink(pin)


def flips(path, m, value):
    """A value that is put back names the event that changed it, also by the `seq` of a replay."""
    for args in ((), ("-m", "flips"), ("-m", "flips", "-e", "write")):
        events = [lib.json.loads(line) for line in replay(path, "-o", "json", *args)[0].splitlines()]
        again, = [e for e in events if "flip" in e and e["map"]["id"] == m.id]
        equal(again["value"], value, "value")
        cause, = [e for e in events if e["seq"] == again["flip"]["seq"]]
        equal((cause["map"]["id"], cause["value"]["hex"]), (m.id, "0100000000000000"), args)


@lib.ends
def test_record():
    """What is printed at once and what replay prints are the same bytes."""
    with Scratch() as path, Map(kind=lib.ARRAY, name=b"flips") as m:
        with Watch("-w", path, "--heartbeat", "1") as watch:
            act(watch)
            for value in (1, 0):
                m.elem(lib.UPDATE, bytes(4), bytes((value,)) + bytes(7))
            stop = watch.finish()
            flip, = [e for e in watch.events(m.id) if "flip" in e]
            direct = b"".join(line + b"\n" for line in watch.lines())
        equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the file")
        for word in (b'"btf":', b'"btf_id":', b'"full_name":', b'"old":', b'"flip":', b'"exe":',
                     b'"args":', b'"ancestors":', b'"loader":', b'"suspects":', b'"pins":',
                     b'"parents":', b'"inner":', b'"monitor.heartbeat"'):
            check(word in direct, f"nothing has {word}")
        equal(replay(path, "-o", "json")[0], direct, "replay")
        text, said = replay(path)
        equal(len(text.splitlines()), stop["events"] + direct.count(b'"monitor.heartbeat"'),
              "lines of text")
        check(f"{stop['events']} events, 0 left out" in said, said)
        again = bpfmon("watch", "-w", path)
        equal(again.returncode, 2, "an existing file")
        check(b"exists" in again.stderr, again.stderr)
        equal(replay(path, "-o", "json")[0], direct, "it was not touched")
        check(b"  change  through a mapping" in replay(path, "-e", "change")[0], "text")
        flips(path, m, flip["value"])


@lib.one_end("lowest")
@native
def test_record_only():
    """Nothing is printed; filters work when recording, and again when replaying."""
    with Scratch() as path, Map(name=b"noise") as noise, Map(name=b"wanted") as m:
        with open(path, "wb") as out, tempfile.TemporaryFile() as err:
            run = subprocess.Popen([lib.BPFMON, "watch", "-w", "-", "-m", str(m.id)], stdout=out,
                                   stderr=err)
            end = time.monotonic() + lib.PATIENCE
            while b"watching" not in os.pread(err.fileno(), 100000, 0):
                check(time.monotonic() < end and run.poll() is None, "no start")
                time.sleep(0.02)
            for i in range(3):
                noise.elem(lib.UPDATE, bytes(4), bytes(8))
                m.elem(lib.UPDATE, bytes((i, 0, 0, 0)), bytes(8))
            m.elem(lib.DELETE, bytes(4))
            run.send_signal(signal.SIGTERM)
            equal(run.wait(lib.PATIENCE), 0, "exit status")
            check(b"events, " in os.pread(err.fileno(), 100000, 0), "summary")
        deletes, said = replay(path, "-e", "map.delete", "-o", "json")
        types = [lib.json.loads(line)["type"] for line in deletes.splitlines()]
        equal(types, ["monitor.start", "map.delete", "monitor.stop"], "types")
        check("1 events, " in said, said)
        equal([lib.json.loads(line)["seq"] for line in deletes.splitlines()], [0, 1, 2], "seq")
        every, _ = replay(path, "-e", "write", "-o", "json", "--bytes", "2")
        equal([e["map"]["name"] for e in map(lib.json.loads, every.splitlines()) if "map" in e],
              ["wanted"] * 4, "maps")
        check(b'"hex":"0200","truncated":true' in every, every)


@lib.one_end("newest")
@native
def test_record_killed():
    """What a killed recorder had written is there, and that it was killed is said."""
    with Scratch() as path:
        with Watch("-w", path) as watch, Map(name=b"killed") as m:
            for i in range(10):
                m.elem(lib.UPDATE, bytes((i, 0, 0, 0)), bytes(8))
            watch.wait_for(lambda: len(watch.events(m.id, ("map.update",))) == 10)
            watch.stop(signal.SIGKILL)
            direct = watch.lines()
        out, said = replay(path, "-o", "json", status=2)
        equal(out.splitlines(), direct, "what is there")
        equal(len(said.strip().splitlines()), 3, f"what is said ({said})")
        check("cut off" in said, said)


@lib.one_end("lowest")
@native
def test_record_full():
    """A full disk ends it: said once, with what is lost; what was written replays."""
    with tempfile.TemporaryDirectory() as disk:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "small", disk], check=True)
        try:
            path = os.path.join(disk, "recording")
            watch = Watch("-w", path)
            with watch, Map(name=b"full") as m:
                for i in range(4000):
                    m.elem(lib.UPDATE, bytes((i % 16, 0, 0, 0)), bytes(8))
                equal(watch.process.wait(lib.PATIENCE), 1, "exit status")
                said = watch.stderr()
            equal(said.count("No space left on device"), 1, said)
            out, _ = replay(path, "-o", "json", "-q", status=2)
            check(20 < len(out.splitlines()) < 4000, len(out.splitlines()), "lines")
        finally:
            subprocess.run(["umount", disk], check=True)
