# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Bad input, missing rights, a closed or full output, signals, hostile names, full trampolines."""

import contextlib
import mmap
import os
import signal
import subprocess

import lib
from lib import Map, Watch, bpfmon, check, equal, mapwriter


def native(function):
    function.native = True
    return function


def only_native(function):
    """Not in a VM: it is about the degraded mode, or about what the user side does alone and an
    emulated machine would take minutes for."""
    function.native = function.only_native = True
    return function


def one_line(run, status, *words):
    text = run.stderr.decode()
    equal(run.returncode, status, text)
    equal(run.stdout, b"", "stdout")
    equal(text.count("\n"), 1, f"lines on stderr: {text!r}")
    for word in words:
        check(word in text, word, "is not in", text)


@lib.one_end("lowest")
@native
def test_bad_usage():
    """Each kind of bad input: one line that says what to do, status 2."""
    for args, word in (
            (["--nonsense"], "--nonsense"), (["-Z"], "-Z"), (["-m"], "-m"),
            (["extra"], "extra"), (["-o", "yaml"], "text, json"), (["-e", "nothing"], "map.update"),
            (["-m", "4294967000"], "4294967000"), (["-m", "0"], "0"), (["-m", "99999999999"], "id"),
            (["-m", "/sys/fs/bpf/not-there"], "not-there"), (["-p", "x"], "pid"),
            (["-p", "2147483647"], "2147483647"), (["--prog", "4294967000"], "bpftool prog"),
            (["--prog", "0"], "program id"), (["-x", "what=1"], "map=MAP"),
            (["--bytes", "4097"], "4096"), (["--bytes", "-1"], "4096"), (["--buffer", "1"], "--buffer"),
            (["--buffer", "2G"], "--buffer"), (["--duration", "0"], "--duration"),
            (["--count", "many"], "--count"), (["--compare-interval", "86401"], "86400"),
            (["--compare-limit", "1"], "--compare-limit")):
        one_line(bpfmon("watch", *args), 2, word)
    one_line(bpfmon("nonsense"), 2, "nonsense")
    one_line(bpfmon("features", "-o", "xml"), 2, "xml")


@lib.ends
@native
def test_help():
    """Help and version go to stdout, status 0."""
    for args in (["--help"], ["help"], ["watch", "--help"], ["features", "--help"], ["--version"],
                 ["help", "watch"]):
        run = bpfmon(*args)
        equal((run.returncode, run.stderr), (0, b""), args)
        check(b"bpfmon" in run.stdout, args)


@lib.ends
@native
def test_not_root():
    """Without rights: what is missing, status 1."""
    one_line(bpfmon("watch", user=65534, group=65534, extra_groups=[]), 1, "root", "CAP_SYS_ADMIN")


@lib.ends
@native
def test_no_btf():
    """A kernel without BTF: says so, status 1."""
    run = subprocess.run(["unshare", "-m", "sh", "-c",
                          f"mount -t tmpfs none /sys/kernel/btf && exec {lib.BPFMON} watch"],
                         capture_output=True, timeout=lib.PATIENCE, check=False)
    one_line(run, 1, "BTF", "CONFIG_DEBUG_INFO_BTF")


@only_native
def test_static():
    """The static file sees what the other one sees."""
    runs = [subprocess.run([path, "features", "-o", "json"], capture_output=True,
                           timeout=lib.PATIENCE, check=True).stdout
            for path in (lib.BPFMON, lib.BPFMON + "-static")]
    equal(runs[0], runs[1], "features")


@lib.ends
def test_no_memory():
    """A ring that the machine can't hold: says so, status 1."""
    one_line(bpfmon("watch", "--buffer", "1G", "--duration", "1"), 1, "--buffer")


@lib.ends
@native
def test_signals():
    """SIGINT, SIGTERM, SIGHUP: what is in the ring comes out, then monitor.stop, status 0."""
    for number in lib.spread((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
        with Watch() as watch, Map() as m:
            for n in range(100):
                m.elem(lib.UPDATE, bytes([n % 8, 0, 0, 0]), bytes(8))
            watch.stop(number)
            watch.finish()
            equal(len(watch.events(m.id, ("map.update",))), 100, f"signal {number}")


@lib.ends
@native
def test_signal_early():
    """A signal at any moment, also while starting, ends it cleanly and soon."""
    for delay in lib.spread((0.0, 0.05, 0.2, 0.5, 1.0)):
        with subprocess.Popen([lib.BPFMON, "watch", "-o", "json"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            lib.time.sleep(delay)
            process.terminate()
            out, err = process.communicate(timeout=lib.PATIENCE)
            check(process.returncode in (0, -signal.SIGTERM), process.returncode, err)
            for line in out.splitlines():
                lib.json.loads(line)


@lib.ends
@native
def test_stdout_closed():
    """The reader goes away: quiet end, also when nothing more happens."""
    for busy in lib.spread((True, False)):
        with subprocess.Popen([lib.BPFMON, "watch", "-o", "json"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process, Map() as m:
            check(b"monitor.start" in process.stdout.readline(), "no start")
            process.stdout.close()
            if busy:
                m.elem(lib.UPDATE, bytes(4), bytes(8))
            equal(process.wait(lib.PATIENCE), 0, "status")
            check(b"error" not in process.stderr.read(), "not quiet")


@lib.one_end("lowest")
@native
def test_stdout_full():
    """A full device: said once, status 1."""
    with open("/dev/full", "wb") as full:
        run = subprocess.run([lib.BPFMON, "watch", "-o", "json"], stdout=full,
                             stderr=subprocess.PIPE, timeout=lib.PATIENCE, check=False)
    equal(run.returncode, 1, "status")
    check(b"No space left" in run.stderr and run.stderr.count(b"error") == 1, run.stderr)


@lib.one_end("newest")
@native
def test_stuck_reader():
    """Nobody reads the pipe: the second signal ends it."""
    with subprocess.Popen([lib.BPFMON, "watch", "-o", "json"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process, Map() as m:
        check(b"monitor.start" in process.stdout.readline(), "no start")
        for _ in range(1000):
            m.elem(lib.UPDATE, bytes(4), bytes(8))
        lib.time.sleep(0.5)
        process.terminate()
        lib.time.sleep(0.2)
        process.terminate()
        process.wait(lib.PATIENCE)


@lib.ends
@native
def test_count_and_duration():
    """--count and --duration stop by themselves."""
    for args, told in lib.spread(((("--count", "3"), 3), (("--duration", "1"), None))):
        with Watch("-e", "write", *args) as watch, Map() as m:
            for _ in range(10):
                m.elem(lib.UPDATE, bytes(4), bytes(8))
            watch.process.wait(lib.PATIENCE)
            watch.finish()
            if told:
                equal(len(watch.events()), told, args)


LRU_HASH = 9
HOSTILE = [b"a\nb", b"q\"u\\o't", b"\x1b[31mred", b"\xff\xfe\x80", b"\xc3\xa9t\xc3\xa9", b"\x7f\x01"]


def write_by_hostile_names(m):
    saved = open("/proc/self/comm", "rb").read()
    for name in HOSTILE:
        with open("/proc/self/comm", "wb") as f:
            f.write(name)
        equal(m.elem(lib.UPDATE, bytes(4), bytes(8)), 0, "update")
    with open("/proc/self/comm", "wb") as f:
        f.write(saved.strip())


@lib.ends
@native
@lib.shared
def test_hostile_names():
    """Names of processes with anything in them: valid JSON."""
    with lib.Shared("-e", "write") as watch, Map() as m:
        write_by_hostile_names(m)
        watch.finish()
        comms = [e["process"]["comm"] for e in watch.events(m.id)]
        equal(comms, ["a\nb", "q\"u\\o't", "\x1b[31mred", "\\xff\\xfe\\x80", "\u00e9t\u00e9",
                      "\x7f\x01"], "comm")


@lib.one_end("newest")
@native
def test_hostile_names_text():
    """A terminal is fed no control bytes."""
    with Watch("-e", "write", output="text") as watch, Map() as m:
        write_by_hostile_names(m)
        watch.stop()
        lines = watch.lines()
        equal(len(lines), len(HOSTILE), lines)
        equal([c for c in b"".join(lines) if c < 0x20 or c == 0x7f], [], "control bytes")


@contextlib.contextmanager
def filled(function, leave=0):
    """The trampoline of a kernel function has room for so many programs only."""
    with subprocess.Popen([lib.FILL, function, str(leave)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as fill:
        try:
            check(b"full" in fill.stdout.readline(), "not filled")
            yield
        finally:
            fill.stdin.close()
            fill.wait(lib.PATIENCE)


@lib.ends
def test_full_trampoline():
    """A hook whose trampoline somebody filled: the fallback, and a warning. Where it has room for all but
    the program that reads the value before, the rest works, and it is said."""
    lib.end_session()  # which would make room when it ends
    with filled("htab_map_update_elem"), filled("htab_lru_map_update_elem", 2), Watch() as watch, \
            Map(LRU_HASH) as m:
        start = watch.all()[0]
        hooks = {h["hook"]: h for h in start["hooks"]}
        hook = hooks["hash_update"]
        check(hook["attached"] in ("kprobe", "missing"), hook)
        check("lost" in hook and "why" in hook, hook)
        check("hash_update" in watch.stderr(), watch.stderr())
        hook = hooks["lru_update"]
        equal((hook["attached"], hook.get("lost")), ("fexit", "the value before"), hook)
        check("lru_update is incomplete" in watch.stderr(), watch.stderr())
        maps, writes = mapwriter("--type", "hash", "--count", "2", "--op", "update,delete")
        for cmd, value in ((lib.UPDATE, bytes(8)), (lib.UPDATE, bytes(8)), (lib.DELETE, b"")):
            equal(m.elem(cmd, bytes(4), value), 0, "write")
        watch.finish()
        events = watch.events(maps[0]["id"], ("map.update", "map.delete"))
        by_user = [e for e in events if e["via"] == "syscall"]
        equal(len(by_user), sum(w["from"] == "user" for w in writes), "bpf(2)")
        if hooks["hash_update"]["attached"] == "kprobe":
            equal(len(events), len(writes), "events")
        events = watch.events(m.id, ("map.update", "map.delete"))
        equal([(e["type"], "old" in e, "existed" in e) for e in events],
              [("map.update", False, False), ("map.update", False, False), ("map.delete", True, False)],
              "events")


def test_features():
    """What each hook is attached to is what is known of this kernel."""
    text = bpfmon("features").stdout.decode()
    equal("".join(l + "\n" for l in text.splitlines() if not l.startswith("kernel: ")),
          lib.known_features(), "features")


@lib.one_end("newest")
def test_features_json():
    """The same in JSON."""
    as_json = lib.json.loads(bpfmon("features", "-o", "json").stdout)
    equal(as_json["mode"], "full", "mode")
    equal({h["hook"]: h["attached"] for h in as_json["hooks"]}, lib.known_hooks(), "hooks")


@native
@lib.shared
def test_short_attributes():
    """Attributes that end where memory does: read as far as the command needs them."""
    page = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    start = lib.ctypes.addressof(lib.ctypes.c_char.from_buffer(page))
    equal(lib.libc.mprotect(lib.ctypes.c_void_p(start + mmap.PAGESIZE), mmap.PAGESIZE, 0), 0,
          "mprotect")

    def call(cmd, attr):
        at = start + mmap.PAGESIZE - len(attr)
        lib.ctypes.memmove(at, attr, len(attr))
        return lib.libc.syscall(lib.SYS_BPF, lib.ctypes.c_long(cmd), lib.ctypes.c_void_p(at),
                                lib.ctypes.c_long(len(attr)))

    with lib.Shared() as watch, Map(name=b"short") as m:
        key, value = lib.buf(bytes(4)), lib.buf(b"8 bytes!")
        elem = lib.struct.pack("<IxxxxQQQ", m.fd, lib.ctypes.addressof(key),
                               lib.ctypes.addressof(value), 0)
        equal(call(lib.UPDATE, elem), 0, "update")
        equal(call(lib.DELETE, elem[:16]), 0, "delete")
        fd = call(lib.GET_FD_BY_ID, lib.struct.pack("<I", m.id))
        check(fd >= 0, "open by id")
        equal(call(lib.FREEZE, lib.struct.pack("<I", m.fd)), 0, "freeze")
        os.close(fd)
        watch.finish()
        events = watch.events(m.id)
        equal([e["type"] for e in events],
              ["map.create", "map.update", "map.delete", "map.open", "map.freeze"], "events")
        equal(events[1]["value"]["hex"], b"8 bytes!".hex(), "value")
        equal(events[2]["key"]["hex"], "00000000", "key")


@only_native
def test_degraded():
    """Where trampolines are refused: bpf(2) is seen with map, key, value and result."""
    mode = lib.json.loads(bpfmon("features", "-o", "json").stdout)["mode"]
    if mode == "full":
        raise lib.Skipped("this kernel allows trampolines")
    with Watch() as watch:
        check("degraded" in watch.stderr() and "not seen" in watch.stderr(), watch.stderr())
        maps, writes = mapwriter("--type", "all", "--count", "2", "--op",
                                 "update,delete,update_batch,delete_batch")
        watch.finish()
        import live_writes
        for m in maps:
            live_writes.compare(watch, m["id"], [w for w in writes if w["from"] == "user"])


@only_native
def test_degraded_life():
    """The same of maps as a whole."""
    import live_life
    live_life.unpin()
    with Watch() as watch, Map(name=b"alive") as m:
        equal(m.pin(live_life.PIN), 0, "pin")
        fds = [lib.open_id(m.id), lib.open_pin(live_life.PIN, 8)]
        equal(m.freeze(), 0, "freeze")
        equal(m.elem(lib.UPDATE, b"\7\0\0\0", bytes(8)), -1, "update")
        for fd in fds:
            os.close(fd)
        live_life.unpin()
        watch.finish()
        events = watch.events(m.id)
        equal([e["type"] for e in events],
              ["map.create", "map.pin", "map.open", "map.open", "map.freeze", "map.update"], "events")
        equal([e.get("mode") for e in events[2:4]], ["rw", "r"], "modes")
        equal(events[-1]["result"], "EPERM", "result")


@lib.ends
def test_idle():
    """Nothing happens: bpfmon does not run, but for the two things that it looks at by itself once a
    second, together where comparing does not take an emulated machine so long that it comes later;
    and its start and its end leave nothing in the kernel's log."""
    lib.end_session()
    log = lib.kernel_log()
    for options, a_second in lib.spread(((("--check-interval", "0", "--compare-interval", "0"), 0),
                                         ((), 2))):
        with Watch(*options) as watch:
            lib.time.sleep(1.5)

            def waits(pid=watch.process.pid):
                with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                    return sum(int(l.split()[1]) for l in f if l.startswith("voluntary"))

            before, start = waits(), lib.time.monotonic()
            lib.time.sleep(3)
            woken, took = waits() - before, lib.time.monotonic() - start
            check(woken <= 2 + a_second * took, "woken", woken, "times in", took, "s", options)
    equal(lib.kernel_log()[len(log):], [], "log")
