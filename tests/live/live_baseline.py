# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bpfmon snapshot and verify: what was changed on purpose is found, and nothing else."""

import json
import os
import random
import signal
import struct
import subprocess
import tempfile
import time

import lib
from lib import Map, bpfmon, check, equal
from live_faults import native

BPFFS = lib.bpffs()
ENTRIES, CHANGES = 10000, 200


def snapshot(path, *args):
    run = bpfmon("snapshot", *args)
    equal(run.returncode, 0, run.stderr)
    with open(path, "wb") as f:
        f.write(run.stdout)
    return run.stderr


def verify(path, *args):
    """The differences; the exit status must fit."""
    run = bpfmon("verify", "-q", "-o", "json", *args, path)
    differences = [json.loads(line) for line in run.stdout.splitlines()]
    equal(run.returncode, 3 if differences else 0, run.stderr)
    return differences


def fill(m, rng):
    values = {struct.pack("<I", n): rng.randbytes(16) for n in range(ENTRIES)}
    for key, value in values.items():
        equal(m.elem(lib.UPDATE, key, value), 0, "update")
    return values


@lib.ends
@native
def test_baseline_bytes():
    """Single bytes of random entries: each change is found with its old value, and nothing else."""
    rng = random.Random(6)
    with tempfile.TemporaryDirectory() as folder, \
            Map(name=b"base_bytes", value_size=16, entries=ENTRIES) as m:
        path = folder + "/snapshot"
        values = fill(m, rng)
        snapshot(path, "-m", str(m.id))
        equal(verify(path), [], "unchanged")
        want = set()
        for key in rng.sample(sorted(values), CHANGES):
            new = bytearray(values[key])
            new[rng.randrange(16)] ^= rng.randrange(1, 256)
            equal(m.elem(lib.UPDATE, key, bytes(new)), 0, "update")
            want.add((key.hex(), bytes(new).hex(), values[key].hex()))
        got = verify(path)
        equal({d["diff"] for d in got}, {"map.element.changed"}, "differences")
        equal({(d["key"]["hex"], d["value"]["hex"], d["old"]["hex"]) for d in got}, want, "changes")
        equal(len(got), CHANGES, "differences")
        reader, writer = os.pipe()
        os.close(reader)
        run = subprocess.run([lib.BPFMON, "verify", "-q", path], stdout=writer, timeout=lib.PATIENCE,
                             stderr=subprocess.PIPE, check=False)
        os.close(writer)
        equal((run.returncode, run.stderr), (3, b""), "the reader is gone: a quiet end")
        equal(m.elem(lib.DELETE, struct.pack("<I", 5)), 0, "delete")
        got = {d["diff"] for d in verify(path)}
        check("map.element.missing" in got, got)
        equal(verify(path, "--ignore", "map.element"), [], "ignored")
        equal(verify(path, "--no-content", f"map={m.id}"), [], "without content")


def write_always(m):
    """Writes random elements until it is killed."""
    while True:
        m.elem(lib.UPDATE, struct.pack("<I", random.randrange(ENTRIES)), os.urandom(16))


def retry(command, says):
    """Until its stderr says so: a busy machine may not let the writer run meanwhile."""
    end = time.monotonic() + lib.PATIENCE
    while True:
        run = command()
        text = run if isinstance(run, bytes) else run.stderr
        if says in text:
            return run
        check(time.monotonic() < end, says, "is not in", text)


@lib.ends
@native
def test_baseline_unstable():
    """A map that changes while it is read is told as such, and one that does not is not."""
    with tempfile.TemporaryDirectory() as folder, \
            Map(name=b"base_busy", value_size=16, entries=ENTRIES) as m:
        fill(m, random.Random(7))
        quiet = snapshot(folder + "/quiet", "-m", str(m.id))
        check(b"changed while" not in quiet, quiet)
        pid = os.fork()
        if not pid:
            write_always(m)
        try:
            retry(lambda: snapshot(folder + "/busy", "-m", str(m.id)),
                  b"changed while it was read: its content")
            run = retry(lambda: bpfmon("verify", "-q", folder + "/quiet"),
                        b"changed while it was read: what is told")
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        equal(run.returncode, 3, run.stderr)
        run = bpfmon("verify", "-q", folder + "/busy")
        check(b"changed while it was read for the snapshot" in run.stderr, run.stderr)


@lib.ends
@native
def test_baseline_things():
    """Frozen, pins with other rights and removed, a map in the place of another."""
    pin = f"{BPFFS}/live-baseline"
    with tempfile.TemporaryDirectory() as folder, Map(name=b"base_things") as m:
        path = folder + "/snapshot"
        equal(m.pin(pin), 0, "pin")
        try:
            os.chmod(pin, 0o600)
            snapshot(path, "-m", "base_things")
            equal(verify(path), [], "unchanged")
            os.chmod(pin, 0o666)
            equal(m.freeze(), 0, "freeze")
            got = {(d["diff"], d["attribute"], d["old"], d["new"]) for d in verify(path)}
            equal(got, {("pin.attribute", "mode", "0600", "0666"),
                        ("map.attribute", "frozen", False, True)}, "differences")
        finally:
            os.unlink(pin)
        check("pin.missing" in {d["diff"] for d in verify(path)}, "pin.missing")
        old = m.id
        m.close()
        with Map(name=b"base_things") as again:
            got = [d for d in verify(path) if d["diff"] == "map.replaced"]
            equal([(d["old"]["id"], d["map"]["id"]) for d in got], [(old, again.id)], "replaced")


@lib.ends
@native
def test_baseline_damaged():
    """A file that is cut off or has a wrong byte is refused with one line."""
    with tempfile.TemporaryDirectory() as folder, Map(name=b"base_damaged") as m:
        path = folder + "/snapshot"
        snapshot(path, "-m", str(m.id))
        with open(path, "rb") as f:
            good = f.read()
        wrong = bytearray(good)
        wrong[len(good) // 2] ^= 1
        for bad in [b"", good[:len(good) // 2], good[:-1], bytes(wrong), good + b"x", b"text\n" * 9]:
            with open(path, "wb") as f:
                f.write(bad)
            run = bpfmon("verify", path)
            equal((run.returncode, run.stdout, run.stderr.count(b"\n")), (2, b"", 1), run.stderr)
