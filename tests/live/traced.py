# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What strace saw of bpf(2), held against what bpfmon wrote.

strace's `-X raw` gives numbers, `-y` what a descriptor is, so that an OBJ_GET of a program is told
from one of a map:

    188 bpf(0x2, {map_fd=12<anon_inode:bpf-map>, key=0x7ffc, value=0x7ffd, flags=0}, 144) = 0
    204 bpf(0x19, {batch={..., count=16, ...}} => {batch={count=4}}, 56) = -1 ENOENT (No such ...)
"""

import collections
import os
import re
import subprocess
import tempfile

import lib

IS_MAP = "anon_inode:bpf-map"
LINE = re.compile(r"(\d+) +(.*)$")
CUT = re.compile(r"(.*?)\s*<unfinished \.\.\.>$")
REST = re.compile(r"<\.\.\. bpf resumed>(.*)$")
CALL = re.compile(r"bpf\((0x[0-9a-f]+|\d+), (.*), (?:0x[0-9a-f]+|\d+)\) += "
                  r"(-?\d+|0x[0-9a-f]+|\?)(?:<(.*)>)?(?: (E[A-Z0-9]+)\b.*)?$")
KILLED = re.compile(r"= (\? <unavailable>|-1 \(errno \d+\))$")
FIELD = re.compile(r'\b([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"(?:\.\.\.)?|([^\s,{}"<]+)(?:<([^>]*)>)?)')
UNKNOWN = "?"
ESCAPE = re.compile(r"\\([0-7]{1,3}|.)")
PLAIN = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f"}

# what changes an element: type of the event, its operations, does it take a batch
ELEMENT = {
    lib.UPDATE: ("map.update", False),
    lib.DELETE: ("map.delete", False),
    lib.POP: ("map.delete", False),
    lib.POP_BATCH: ("map.delete", True),
    lib.UPDATE_BATCH: ("map.update", True),
    lib.DELETE_BATCH: ("map.delete", True),
}

# one bpf(2) call: `error` is 0 or a name, `result_is` and `fd_is` what the descriptors are, `done`
# the count of a batch that the kernel wrote back, or None if that is the count it was given
Call = collections.namedtuple("Call", "tid cmd fields fd_is result result_is error done")


def unescape(text):
    """A string of strace's: octal and C escapes undone, as UTF-8."""
    def one(found):
        code = found[1]
        return chr(int(code, 8)) if code[0] in "01234567" else PLAIN.get(code, code)

    return ESCAPE.sub(one, text).encode("latin-1", "replace").decode("utf-8", "replace")


def whole_lines(lines):
    """(tid, text), with the halves of a call that another thread's line interrupted put together."""
    halves = {}
    for line in lines:
        found = LINE.match(line.rstrip("\n"))
        if not found:
            continue
        tid, text = int(found[1]), found[2]
        cut, rest = CUT.match(text), REST.match(text)
        if cut:
            halves[tid] = cut[1]
        elif rest:
            yield tid, halves.pop(tid) + rest[1]
        else:
            yield tid, text


def parse(lines):
    """Each bpf(2) call of a trace. `error` is UNKNOWN where its thread was killed in it."""
    for tid, text in whole_lines(lines):
        if not text.startswith("bpf("):
            continue
        found = CALL.match(KILLED.sub("= ?", text))
        if not found:
            raise lib.Failed(f"strace's line can't be read: {text}")
        cmd, attr, result, result_is, error = found.groups()
        if result == "?":
            result, error = "-1", UNKNOWN
        fields, kinds = {}, {}
        before, _, after = attr.partition("} => {")
        for name, string, plain, kind in FIELD.findall(before):
            fields.setdefault(name, plain if plain else unescape(string))
            kinds.setdefault(name, kind)
        done = re.search(r"count=(\d+|0x[0-9a-f]+)", after)
        yield Call(tid, int(cmd, 0), fields, kinds, int(result, 0), result_is, error or 0,
                   int(done[1], 0) if done else None)


def number(call, name):
    return int(call.fields.get(name, "0"), 0)


def path(call):
    """As the kernel has it, when it was found: without what is double."""
    name = call.fields["pathname"]
    return name if call.error else os.path.normpath(name)


class Expected:
    """What bpfmon should have written: counts of (tid, type, detail..., result)."""

    def __init__(self):
        self.sure = collections.Counter()
        self.maybe = collections.Counter()  # either is right

    def element(self, call):
        kind, batch = ELEMENT[call.cmd]
        if call.fd_is.get("map_fd") != IS_MAP:
            return  # the kernel got no map
        via = "batch" if batch else "syscall"
        at_end = call.cmd == lib.POP_BATCH and call.error == "ENOENT"
        done = 0
        if call.done is not None:
            done = call.done
        elif not call.error or at_end:
            done = number(call, "count") if batch else 1
        if done:
            self.sure[call.tid, kind, via, 0] += done
        if call.error == UNKNOWN:
            self.maybe[call.tid, kind, via, 0] += 1
        elif at_end:
            self.maybe[call.tid, kind, via, "ENOENT"] += 1  # the end of the map, no element's error
        elif call.error:
            self.sure[call.tid, kind, via, call.error] += 1

    def add(self, call):
        if call.cmd in ELEMENT:
            self.element(call)
        elif call.cmd == lib.CREATE and not call.error:
            self.sure[call.tid, "map.create", call.fields.get("map_name", ""),
                      number(call, "key_size"), number(call, "value_size"), 0] += 1
        elif call.cmd == lib.GET_FD_BY_ID and not call.error:
            self.sure[call.tid, "map.open", "id", call.result, 0] += 1
        elif call.cmd == lib.OBJ_GET and call.result_is == IS_MAP:
            self.sure[call.tid, "map.open", "pin", call.result, path(call), 0] += 1
        elif call.error == UNKNOWN:
            pass
        elif call.cmd == lib.OBJ_PIN and call.fd_is.get("bpf_fd") == IS_MAP:
            self.sure[call.tid, "map.pin", path(call), call.error] += 1
        elif call.cmd == lib.FREEZE and call.fd_is.get("map_fd") == IS_MAP:
            self.sure[call.tid, "map.freeze", call.error] += 1


def reported(event):
    """An event of bpfmon's in the words of Expected; None for what strace can't see."""
    tid, kind, result = event.get("process", {}).get("tid"), event["type"], event.get("result", 0)
    m = event.get("map", {})
    if kind in ("map.update", "map.delete"):
        if event["via"] in ("syscall", "batch"):
            return (tid, kind, event["via"], result)
    elif kind == "map.create":
        return (tid, kind, m.get("name", ""), m["key_size"], m["value_size"], result)
    elif kind == "map.open" and event["how"] == "id":
        return (tid, kind, "id", event["fd"], result)
    elif kind == "map.open" and event["how"] == "pin":
        return (tid, kind, "pin", event["fd"], event.get("path"), result)
    elif kind == "map.pin" and event.get("op", "pin") == "pin":
        return (tid, kind, event.get("path"), result)
    elif kind == "map.freeze":
        return (tid, kind, result)
    return None


def compare(calls, events):
    """Every map change that strace saw is an event exactly once, and there is no other of these
    threads. Returns how many events of each (type, via) there were."""
    want = Expected()
    for call in calls:
        want.add(call)
    tids = {call.tid for call in calls}
    got = collections.Counter(r for r in map(reported, events) if r and r[0] in tids)
    missing, extra = want.sure - got, got - want.sure - want.maybe
    lib.check(not missing and not extra, "strace saw, bpfmon did not:", told(missing),
              "bpfmon saw, strace did not:", told(extra))
    totals = collections.Counter()
    for (_, kind, *_, result), count in want.sure.items():
        totals[kind if not result else kind + " refused"] += count
    return totals


def told(counter):
    shown = [f"{count}x{key}" for key, count in counter.most_common(12)]
    return f"{sum(counter.values())}: {', '.join(shown)}" if shown else "nothing"


def run(command, timeout=lib.PATIENCE):
    """Runs the command under strace; its status, its output and the calls."""
    with tempfile.NamedTemporaryFile() as trace:
        strace = ["strace", "--seccomp-bpf", "-f", "-y", "-X", "raw", "-e", "trace=bpf", "-o"]
        done = subprocess.run([*strace, trace.name, *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                              check=False)
        with open(trace.name, encoding="utf-8", errors="replace") as lines:
            return done.returncode, done.stdout.decode(errors="replace"), list(parse(lines))


class Case:
    """Software to run: commands, and what must have been among its doings, or nothing was tested:
    kinds of events that strace saw, names of maps that its BPF programs wrote, words that it said."""

    def __init__(self, name, *commands, want=(), programs=(), says=(), statuses=(0,)):
        self.name, self.commands = name, commands
        self.want, self.programs, self.says, self.statuses = want, programs, says, statuses
        self.calls, self.output = [], ""

    def run(self, timeout):
        for command in self.commands:
            status, output, calls = run(command, timeout)
            self.output += output
            self.calls += calls
            lib.check(status in self.statuses, command[0], "ended with", status, output[-600:])

    def judge(self, events):
        totals = compare(self.calls, events)
        print(f"# {self.name}:", ", ".join(f"{k} {totals[k]}" for k in sorted(totals)), flush=True)
        for kind in self.want:
            lib.check(totals[kind], "strace saw no", kind, self.output)
        for name in self.programs:
            lib.check(any(e.get("via") == "program" and e["map"].get("name") == name
                          for e in events), "no program wrote map", name)
        for word in self.says:
            lib.check(word in self.output, "it did not say", word, self.output)


def against_strace(cases, timeout=2 * lib.PATIENCE, options=()):
    """Runs the cases, one after the other, while one bpfmon watches, and compares each. All of them
    are run and judged before the first failure is raised. Returns bpfmon's events."""
    failures = {}
    with lib.Watch(*options) if options else lib.Shared() as watch:
        for case in cases:
            try:
                case.run(timeout)
            except (lib.Failed, subprocess.TimeoutExpired) as reason:
                failures[case.name] = reason
        watch.finish()
        # those of the window's own map, too: bpftool lists it
        events = getattr(watch, "watch", watch).events()
        lost = [o for o in watch.all() if o["type"] == "monitor.lost"]
    lib.no_loss(lost)
    for case in cases:
        try:
            case.judge(events)
        except lib.Failed as reason:
            failures.setdefault(case.name, reason)
    lib.check(not failures, "; ".join(f"{name}: {why}" for name, why in failures.items()))
    return events
