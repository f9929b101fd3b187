# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What live tests share: bpfmon as a process, bpf(2) by system call, mapwriter, checks.

bpf(2) is called directly here, so that tests do not depend on the library that bpfmon uses.
"""

import atexit
import copy
import ctypes
import errno
import json
import os
import re
import signal
import struct
import subprocess
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BPFMON = os.path.join(TOP, "build/bpfmon")
MAPWRITER = os.path.join(TOP, "build/mapwriter")
FILL = os.path.join(TOP, "build/actors/fill")
BLIND = os.path.join(TOP, "build/actors/blind")
PATIENCE = 150  # seconds; an emulated machine is slow
KERNEL = "native"  # which of tests/vm/kernels this is; set by tests/live/run

TYPES = ["array", "percpu_array", "hash", "percpu_hash", "lru_hash", "lru_percpu_hash"]


class Failed(Exception):
    """A check that did not hold."""


class Preempted(Failed):
    """Events were lost, and told, because of what only a slow machine does: kernel code was preempted
    in a hook by a task that came to the same hook. Such a test is run again."""


class Skipped(Exception):
    """The kernel lacks what the test needs."""


def everything():
    """The bpfmon that most tests share."""
    return Watch()


def shared_with(start):
    """Marks a test that needs no bpfmon of its own, only Shared, which is the one that `start()` gives:
    those with the same one run one after the other, in the order of their files."""
    def mark(function):
        function.shared = start
        return function
    return mark


shared = shared_with(everything)


def whole_values():
    """One that shows as much of keys and values as can be."""
    return Watch("--bytes", "4096", "-e", "write")


def ends(function):
    """Marks a test that runs on the lowest and the newest kernel only."""
    function.on = ("lowest", "newest")
    return function


def one_end(which):
    """Marks a test of what depends on the kernel in nothing but that the full monitor works: in a VM it
    runs on the "lowest" or the "newest" kernel only. Each start takes an emulated machine half a
    minute."""
    def mark(function):
        function.on = (which,)
        return function
    return mark


def parallel(function):
    """Marks a test of what happens at once on two CPUs: the emulated ones of the other tests take
    turns, which is faster."""
    function.parallel = True
    return function


def end():
    """"lowest", "newest", or None: which end of the table of kernels this one is."""
    with open(os.path.join(TOP, "tests/vm/kernels"), encoding="utf-8") as f:
        names = [line.split()[0] for line in f if line.strip() and line[0] != "#"]
    return {names[0]: "lowest", names[-1]: "newest"}.get(KERNEL)


def spread(variants):
    """Variants of one behaviour that take a start each: natively all of them, in VMs every other one
    on the lowest kernel and the rest on the newest."""
    return {"lowest": variants[::2], "newest": variants[1::2]}.get(end(), variants)


# What is lost when a hook is at work for a task that was preempted in it: its return, the mark that a
# task is inside bpf(2), or the details of a write that was seen.
BY_PREEMPTION = ("exit", "table", "recursion")
SLOW_HOST = re.compile(r"clocksource|calibrate_delay|hrtimer: interrupt took")


def kernel_log():
    """What the kernel said at the level of a warning or worse, without times."""
    run = subprocess.run(["dmesg", "--notime", "--level", "emerg,alert,crit,err,warn"],
                         stdout=subprocess.PIPE, text=True, errors="replace", check=True)
    return [line for line in run.stdout.splitlines() if not SLOW_HOST.search(line)]


def on_request(function):
    """Marks a test that runs only when it is named: it takes minutes and needs what is not built."""
    function.on_request = True
    return function


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(w) for w in what))


def equal(got, want, what=""):
    if got != want:
        raise Failed(f"{what}: got {got!r}, want {want!r}")


class Accounts:
    """What must hold of all lines that one bpfmon wrote."""

    def __init__(self):
        self.first = self.last = None
        self.lines = self.events = self.lost = 0
        self.losses = []

    def add(self, objects):
        for o in objects:
            equal(o["seq"], self.lines, "seq")
            self.first = self.first or o
            self.last = o
            self.lines += 1
            self.events += not o["type"].startswith("monitor.")
            if o["type"] == "monitor.lost":
                self.lost += o["lost"]
                self.losses = [*self.losses, o]

    def hold(self):
        """Returns monitor.stop."""
        equal(self.first["type"], "monitor.start", "first line")
        stop = self.last
        equal(stop["type"], "monitor.stop", "last line")
        equal(stop["events"], self.events, "monitor.stop events")
        equal(stop["seen"], stop["events"] + stop["filtered"] + stop["lost"], "accounts")
        equal(stop["lost"], self.lost, "monitor.stop lost")
        return stop


class Watch:
    """bpfmon watch, its JSON going to a file; `with` waits for monitor.start and stops it. Tests count
    single events, however fast a program writes: -a, unless `singles` is false. `beside` the one
    that tests share, or in its place."""

    def __init__(self, *args, output="json", singles=True, under=(), beside=False):
        args = ("-a", *args) if singles else args
        if not beside:
            end_session()  # two on the same functions make each other's start much slower
        self.start([*under, BPFMON, "watch", "-o", output, *args])

    def start(self, command):
        """In a folder of its own, which may be there already."""
        self.dir = getattr(self, "dir", None) or tempfile.TemporaryDirectory()
        self.path = os.path.join(self.dir.name, "out")
        self.err = os.path.join(self.dir.name, "err")
        self.objects, self.at, self.accounts = [], 0, Accounts()
        with open(self.path, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err)
        self.status = None

    def __enter__(self):
        self.wait_for(lambda: "watching" in self.stderr())
        return self

    def __exit__(self, kind=None, *_):
        self.stop()
        lost = [json.loads(line) for line in self.lines() if b'"monitor.lost"' in line]
        self.dir.cleanup()
        if kind is Failed and lost:
            raise_if_preempted(lost)

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None and not condition():
                raise Failed(f"bpfmon ended: {self.process.returncode} {self.stderr()}")
            if time.monotonic() > end:
                raise Failed(f"nothing after {PATIENCE} s: {self.stderr()}")
            time.sleep(0.05)

    def stderr(self):
        with open(self.err, encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self, number=signal.SIGTERM):
        if self.status is None:
            if self.process.poll() is None:
                self.process.send_signal(number)
            self.status = self.process.wait(PATIENCE)
        return self.status

    def lines(self):
        with open(self.path, "rb") as f:
            return f.read().split(b"\n")[:-1]

    def all(self):
        """Every object written since it was last told to forget; each line must be valid JSON, and is
        read once."""
        with open(self.path, "rb") as f:
            f.seek(self.at)
            lines = f.read().split(b"\n")[:-1]
        self.at += sum(len(line) + 1 for line in lines)
        self.objects += [json.loads(line) for line in lines]
        return list(self.objects)

    def forget(self):
        """What was written so far, but for the accounts."""
        self.accounts.add(self.all())
        self.objects = []

    def losses(self):
        """Each monitor.lost since its start, whatever was forgotten since."""
        return self.accounts.losses + [o for o in self.all() if o["type"] == "monitor.lost"]

    def events(self, map_id=None, types=None):
        """Alerts, and events of programs and links, are none of a map: only who asks gets them."""
        return [e for e in self.all()
                if not e["type"].startswith("monitor.")
                and (e["type"] not in NOT_OF_MAPS or (types and e["type"] in types))
                and (map_id is None or e.get("map", {}).get("id") == map_id)
                and (types is None or e["type"] in types)]

    def finish(self):
        """Stops, and checks what must hold of every run."""
        status = self.stop()
        equal(status, 0, f"exit status ({self.stderr()})")
        accounts = copy.copy(self.accounts)
        accounts.add(self.all())
        return accounts.hold()


def undecoded(value):
    """A key or value without what its bytes mean."""
    if isinstance(value, dict):
        return {k: undecoded(v) for k, v in value.items() if k not in ("btf", "number")}
    return [undecoded(v) for v in value] if isinstance(value, list) else value


GROUPS = {
    "open": {"map.open", "map.mmap"},
    "write": {"map.update", "map.delete", "map.change"},
    "life": {"map.create", "map.free", "map.freeze", "map.pin", "map.unpin", "map.chmod",
             "fs.change"},
    "alert": {"alert"},
    "prog": {"prog.load", "prog.unload", "prog.attach", "prog.detach", "link.create", "link.update",
             "link.detach"},
}
NOT_OF_MAPS = GROUPS["alert"] | GROUPS["prog"]


def types_of(words):
    """The event types of an -e list."""
    types = set()
    for word in words.split(","):
        types |= GROUPS.get(word, {word if "." in word else "map." + word})
    return types


class Shared:
    """A window on one bpfmon that runs while many tests do, because its start takes seconds in an
    emulated machine: what it wrote since the window was opened. Which one the mark of the test says.
    `-e` is as of watch. Its accounts are checked at the end, by end_session()."""

    session = None
    wanted = everything  # what the test that runs is marked with
    began = None  # what made the session

    def __init__(self, *args):
        self.types = types_of(args[1]) if args[:1] == ("-e",) else None
        check(len(args) == (2 if self.types else 0), "only -e", args)
        start = Shared.wanted
        if Shared.session is None or Shared.session.process.poll() is not None or \
                Shared.began is not start:
            end_session()
            session = start()
            Shared.session, Shared.began = session, start
            session.__enter__()
        self.watch = Shared.session
        self.marker = Map(name=b"marker")

    def __enter__(self):
        self.sync()
        self.watch.forget()
        return self

    def __exit__(self, *_):
        self.marker.close()

    def sync(self):
        """Returns when all that was written up to now is there."""
        self.marker.elem(UPDATE, bytes(4), os.urandom(8))
        value = self.marker.last.hex()
        self.wait_for(lambda: any(o["type"] == "map.update" and o.get("value", {}).get("hex") == value
                                  for o in reversed(self.watch.all())))

    def wait_for(self, condition):
        self.watch.wait_for(condition)

    def start(self):
        """Its monitor.start."""
        return self.watch.accounts.first

    def stderr(self):
        return self.watch.stderr()

    @property
    def process(self):
        return self.watch.process

    def all(self):
        return [o for o in self.watch.all() if (self.types is None or o["type"] in self.types)
                and o.get("map", {}).get("id") != self.marker.id]

    events = Watch.events

    def finish(self):
        self.sync()
        lost = [o for o in self.all() if o["type"] == "monitor.lost"]
        no_loss(lost)


def raise_if_preempted(lost):
    if lost and KERNEL.startswith("7.") and all(o["where"] in BY_PREEMPTION for o in lost):
        raise Preempted(f"lost: {lost}")


def no_loss(lost):
    """Of these monitor.lost there must be none."""
    raise_if_preempted(lost)
    equal(lost, [], "lost")


def losses():
    """What the shared bpfmon told as lost since its start."""
    return Shared.session.losses() if Shared.session else []


def late_loss(before):
    """After the failure of a test before which there were these losses(): one is told when it is a
    second old or two, so the last may not have been told yet when the test looked. Raises Preempted
    for what came in any of the test's windows."""
    if Shared.session is None or Shared.session.process.poll() is not None:
        return
    time.sleep(6)
    raise_if_preempted([o for o in losses() if o not in before])


def drop_session():
    """Ends the shared bpfmon, whose accounts need not hold."""
    session, Shared.session = Shared.session, None
    session.stop()
    session.dir.cleanup()


def end_session():
    """Ends the shared bpfmon and checks its accounts; False: there was none."""
    if Shared.session is None:
        return False
    session, Shared.session = Shared.session, None
    session.finish()
    session.dir.cleanup()
    return True


def known_features():
    """What `bpfmon features` says of this kernel, but for its first line."""
    path = os.path.join(TOP, "tests/golden/features", KERNEL + ".text")
    with open(path, encoding="utf-8") as f:
        return f.read()


def known_hooks():
    """{hook: how it is attached} on this kernel, to root."""
    rows = [line.split() for line in known_features().split("\nMAP TYPE")[0].splitlines()[2:]
            if not line.startswith(" ")]
    return {row[0]: " ".join(row[1:-1]) for row in rows}


def same_hooks(start):
    """A monitor.start has the hooks that root gets on this kernel, but for those that are due later."""
    want = known_hooks()
    got = {h["hook"]: h["attached"] for h in start["hooks"]}
    later = {hook: want[hook] for hook, how in got.items() if how == "on demand"}
    equal(set({**got, **later}.items()) ^ set(want.items()), set(), "hooks")


def bpfmon(*args, **options):
    return subprocess.run([BPFMON, *args], capture_output=True, timeout=PATIENCE, check=False,
                          **options)


def mapwriter(*args, may_fail=False):
    """Runs mapwriter; returns the maps that it announced and the writes, in order."""
    run = subprocess.run([MAPWRITER, "-o", "json", "--interval", "0", *args],
                         capture_output=True, timeout=10 * PATIENCE, check=False)
    if run.returncode and not may_fail:
        raise Failed(f"mapwriter {' '.join(args)}: {run.stderr.decode()}")
    objects = [json.loads(line) for line in run.stdout.splitlines()]
    return ([o for o in objects if o["type"] == "map"],
            [o for o in objects if o["type"] != "map"])


def drain(process):
    """Nobody looks at what else it says, and it never waits for that."""
    threading.Thread(target=process.stdout.read, daemon=True).start()


def bpffs():
    """A mounted bpf file system: the host's, or one of our own that goes with this process."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", "/sys/fs/bpf"], capture_output=True, check=False)
    if kind.stdout.strip() == b"bpf_fs":
        return "/sys/fs/bpf"
    path = tempfile.mkdtemp()
    subprocess.run(["mount", "-t", "bpf", "bpf", path], check=True)
    atexit.register(lambda: (subprocess.run(["umount", path], check=True), os.rmdir(path)))
    return path


# ---- bpf(2) ----

libc = ctypes.CDLL(None, use_errno=True)
SYS_BPF = 321
CREATE, LOOKUP, UPDATE, DELETE, NEXT_KEY, OBJ_PIN, OBJ_GET = 0, 1, 2, 3, 4, 6, 7
GET_FD_BY_ID, OBJ_INFO, POP, FREEZE = 14, 15, 21, 22
LOOKUP_BATCH, POP_BATCH, UPDATE_BATCH, DELETE_BATCH = 24, 25, 26, 27
HASH, ARRAY, LPM_TRIE, QUEUE = 1, 2, 11, 22
NOEXIST, EXIST = 1, 2


def call(cmd, attr, keep=()):
    """bpf(2) with packed attributes; the result, or minus errno. `keep` keeps buffers alive."""
    buffer = ctypes.create_string_buffer(attr + bytes(128 - len(attr)), 128)
    result = libc.syscall(SYS_BPF, ctypes.c_long(cmd), buffer, ctypes.c_long(128))
    del keep
    return result if result >= 0 else -ctypes.get_errno()


def buf(data):
    return ctypes.create_string_buffer(data, len(data))


class Map:
    """A map made by bpf(2), by this process."""

    opened = set()  # those not closed yet: a test that fails midway leaves its maps open

    def __init__(self, kind=HASH, key_size=4, value_size=8, entries=16, flags=0, name=b"live"):
        self.fd = call(CREATE, struct.pack("<IIIIIII16s", kind, key_size, value_size, entries,
                                           flags, 0, 0, name))
        if self.fd < 0:
            raise Skipped(f"map type {kind}: {errno.errorcode.get(-self.fd)}")
        self.id = map_id(self.fd)
        self.opened.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1
        self.opened.discard(self)

    def give(self):
        """Its descriptor, for the caller to close."""
        self.opened.discard(self)
        fd, self.fd = self.fd, -1
        return fd

    def elem(self, cmd, key, value=b"", flags=0, fd=None):
        k, v = buf(key), buf(value)
        self.last = value
        attr = struct.pack("<IxxxxQQQ", self.fd if fd is None else fd, ctypes.addressof(k),
                           ctypes.addressof(v) if value else 0, flags)
        return call(cmd, attr, [k, v])

    def batch(self, cmd, keys, values, count, out=b""):
        k, v, o = buf(keys), buf(values or b"\0"), buf(out or bytes(8))
        attr = struct.pack("<QQQQIIQQ", 0, ctypes.addressof(o), ctypes.addressof(k),
                           ctypes.addressof(v) if values else 0, count, self.fd, 0, 0)
        return call(cmd, attr, [k, v, o])

    def freeze(self):
        return call(FREEZE, struct.pack("<I", self.fd))

    def pin(self, path):
        p = buf(path.encode() + b"\0")
        return call(OBJ_PIN, struct.pack("<QI", ctypes.addressof(p), self.fd), [p])


def open_id(map_id, flags=0):
    return call(GET_FD_BY_ID, struct.pack("<III", map_id, 0, flags))


def open_pin(path, flags=0):
    p = buf(path.encode() + b"\0")
    return call(OBJ_GET, struct.pack("<QII", ctypes.addressof(p), 0, flags), [p])


def map_id(fd):
    info = ctypes.create_string_buffer(80)
    attr = struct.pack("<IIQ", fd, 80, ctypes.addressof(info))
    equal(call(OBJ_INFO, attr, [info]), 0, "map info")
    return struct.unpack_from("<I", info.raw, 4)[0]
