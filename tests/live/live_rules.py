# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bpfmon run and check: a configuration, its rules, and reading both again on SIGHUP."""

import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cover
import lib
import live_summary
from lib import Map, bpfmon, check, equal
from live_eyes import own_maps
from live_faults import native, only_native

RULES = os.path.join(lib.TOP, "dist", "rules")


class Run(lib.Watch):
    """bpfmon run, like lib.Watch; its configuration can be written anew."""

    def __init__(self, config):  # pylint: disable=super-init-not-called
        lib.end_session()
        self.dir = tempfile.TemporaryDirectory()
        self.config = os.path.join(self.dir.name, "bpfmon.yaml")
        self.reloads = 0
        self.write(config)
        self.start([lib.BPFMON, "run", "-c", self.config])

    def write(self, config):
        """As an editor does: the file is never half there."""
        with open(self.config + ".new", "w", encoding="utf-8") as f:
            if not config.startswith("outputs:"):
                config = "outputs: [{type: stdout, format: json}]\n" + config
            f.write(config)
        os.rename(self.config + ".new", self.config)

    def reload(self, config, said):
        """Waits until that has been said once more."""
        before = self.stderr().count(said)
        self.write(config)
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.stderr().count(said) > before)

    def alerts(self, rule=None):
        return [e for e in self.all() if e["type"] == "alert" and "of" in e
                and rule in (None, e["rule"])]


def rule(name, match, more=""):
    return (f"- {{name: {name}, severity: high, text: '{{process.comm}} set {{key.number}}', "
            f"match: {{{match}}}{more}}}\n")


def write(m, key):
    m.elem(lib.UPDATE, key.to_bytes(4, "little"), bytes(8))


@lib.one_end("newest")
@native
def test_rules_alert():
    """A rule that fires gives an alert after its event, with who and which map; nothing is lost
    in the accounts."""
    config = "rules:\n" + rule("seen", "type: map.update, map.name: ruled, key.number: {gt: 6}")
    with Map(name=b"ruled") as m, Run(config) as run:
        for key in range(10):
            write(m, key)
        run.wait_for(lambda: len(run.alerts()) == 3)
        run.finish()
        updates = {e["seq"]: e for e in run.events(m.id, ["map.update"])}
        for alert, key in zip(run.alerts(), (7, 8, 9)):
            cause = updates[alert["of"]["seq"]]
            equal(cause["key"]["number"], key, "the key of the event that fired")
            equal(alert["events"], [cause["seq"]], "events")
            check(alert["seq"] == cause["seq"] + 1, "the alert is not behind its event")
            equal(alert["of"]["type"], "map.update", "of.type")
            equal(alert["of"]["map"]["id"], m.id, "of.map.id")
            equal(alert["of"]["process"]["pid"], os.getpid(), "of.process.pid")
            equal(alert["rule"], "seen", "rule")
            equal(alert["severity"], "high", "severity")
            check(alert["text"].endswith(f"set {key}"), "text:", alert["text"])


@only_native
def test_rules_alone():
    """Events that nobody wants written still fire rules; what a limit holds back is told."""
    config = ("events: alert\nrules:\n" +
              rule("limited", "type: map.update, map.name: ruled", ", rate_limit: {count: 2, seconds: 1}"))
    with Map(name=b"ruled") as m, Run(config) as run:
        for key in range(10):
            write(m, key)
        run.wait_for(lambda: sum(1 + a.get("suppressed", 0) for a in run.alerts()) >= 11)
        equal([a.get("suppressed", 0) for a in run.alerts()], [0, 0, 8], "what was held back")
        check(all("seq" not in a["of"] for a in run.alerts()), "the seq of what was not written")
        equal(run.events(m.id), [], "events")
        run.finish()


@only_native
def test_rules_reload():
    """SIGHUP: a good file is taken, a bad one leaves the old, which is said, and no event is lost
    while files are read again."""
    old = "rules:\n" + rule("old", "type: map.update, map.name: ruled, key.number: 0")
    new = "rules:\n" + rule("new", "type: map.update, map.name: ruled, key.number: 0")
    with Map(name=b"ruled", entries=4096) as m, Run(old) as run:
        write(m, 0)
        run.wait_for(lambda: len(run.alerts("old")) == 1)
        run.reload("rules: [{name: x}]\n", "the configuration of before stays in use")
        check("bpfmon.yaml:2:9: a rule without 'match'" in run.stderr(), run.stderr())
        run.reload("outputs: [{type: nowhere}]\n", "the configuration of before stays in use")
        check("bpfmon.yaml:1:11: no type of output 'nowhere'" in run.stderr(), run.stderr())
        write(m, 0)
        run.wait_for(lambda: len(run.alerts("old")) == 2)
        run.reload(new, "read again")
        write(m, 0)
        run.wait_for(lambda: len(run.alerts("new")) == 1)
        equal(len(run.alerts("old")), 2, "alerts of the old rule")
        for key in range(1, 2000):
            write(m, key)
            if key % 100 == 0:
                run.process.send_signal(signal.SIGHUP)
        run.wait_for(lambda: any(e["key"]["number"] == 1999
                                 for e in run.events(m.id, ["map.update"])))
        run.finish()
        keys = [e["key"]["number"] for e in run.events(m.id, ["map.update"])]
        equal(keys, [0, 0, 0, *range(1, 2000)], "keys that were written")


@lib.one_end("newest")
def test_rules_reload_summary():
    """Files are read again while a program writes without a pause: events and summaries add up."""
    conf = "maps: [busy, busy_other]\nsummary-after: 100\n"
    with Run(conf) as run, concurrent.futures.ThreadPoolExecutor() as pool:
        written = pool.submit(live_summary.busy, "first:300000")
        reloads = 0
        while not written.done():
            run.reload(conf, "read again")
            reloads += 1
        ids, count = written.result()
        live_summary.whole(run)
        equal(live_summary.total(run, ids, "first"), count["first"], "writes")
        check(reloads > 1 and live_summary.told(run, ids)[1], reloads, "no summary to lose")


@lib.one_end("newest")
@native
def test_rules_in_kernel():
    """Where only alerts are written, maps that no rule can ask about are left out in the kernel; when
    rules are read again that ask about them the next write is seen, and none of those that were not
    is taken for a store past every hook."""
    one, two = ("events: [alert]\nrules:\n" + rule(name, f"type: [map.update, map.change], {match}")
                for name, match in (("one", "map.name: rul*, map.type: hash"), ("two", "map.name: others")))
    with Map(name=b"ruled") as m, Map(name=b"others") as other, Run(one) as run:
        write(m, 1)
        for _ in range(1000):
            write(other, 1)
        write(m, 2)
        run.wait_for(lambda: len(run.alerts("one")) == 2)
        run.reload(two, "read again")

        def asked():
            write(other, 2)
            return run.alerts("two")

        run.wait_for(asked)
        write(m, 3)  # which decides on it anew
        time.sleep(2)  # content is read, once a second
        write(m, 5)
        run.reload(one, "read again")
        time.sleep(3)
        write(m, 4)
        run.wait_for(lambda: len(run.alerts("one")) == 3)
        left_out = run.finish()["filtered"]
        equal([a["reason"].split()[-1] for a in run.alerts("one")], ["1", "2", "4"], "keys")
        equal({a["of"]["type"] for a in run.alerts()}, {"map.update"}, "of")
        check(left_out < 1000, left_out, "were told by the kernel")


@only_native
def test_rules_restart():
    """A setting that takes a restart is named, and filters that do not are changed at once."""
    with Map(name=b"ruled") as m, Run("bytes: 64\n") as run:
        write(m, 1)
        run.wait_for(lambda: len(run.events(m.id, ["map.update"])) == 1)
        run.reload("bytes: 128\nheartbeat: 60\nexclude: ['pid=%d']\n" % os.getpid(),
                   "a change of bytes, heartbeat takes effect with a restart")
        write(m, 2)
        run.reload("bytes: 64\n", "read again")
        write(m, 3)
        run.wait_for(lambda: len(run.events(m.id, ["map.update"])) == 2)
        run.finish()
        equal([e["key"]["number"] for e in run.events(m.id, ["map.update"])], [1, 3], "keys")


@lib.one_end("lowest")
@native
def test_rules_default():
    """The rules that come with bpfmon, on a stranger who takes a handle of a map and writes."""
    with Run(f"rules: [{RULES}, {RULES}/profiles]\n") as run, Map(name=b"ruled") as m:
        write(m, 1)
        run.wait_for(lambda: len(run.events(m.id, ["map.update"])) == 1)
        equal([a["rule"] for a in run.alerts() if a["of"]["map"]["id"] == m.id], [], "alerts")
        subprocess.run(["bpftool", "map", "update", "id", str(m.id), "key", "1", "0", "0", "0",
                        "value", *["7"] * 8], check=True, stdout=subprocess.DEVNULL)
        run.wait_for(lambda: len(run.events(m.id, ["map.update"])) == 2)
        m.freeze()
        run.wait_for(lambda: run.events(m.id, ["map.freeze"]))
        run.finish()
        fired = {a["rule"] for a in run.alerts() if a["of"].get("map", {}).get("id") == m.id}
        # which of the two depends on whether the kernel tells of the executable
        check(len(fired & {"new-writer", "new-writer-gone"}) == 1, "rules that fired:", fired)
        equal(fired - {"new-writer", "new-writer-gone"}, {"handle-taken"}, "rules that fired")


class Stranger:
    """A process of another executable, as rules tell owners from strangers: each act is a line of
    Python, in which `fd(id)` opens a map."""

    MODULES = "import mmap, os, struct, sys; import cover, kern, lib; fd = lib.open_id"

    def __init__(self, top):
        exe = os.path.join(top, "stranger")
        shutil.copy(os.path.realpath(sys.executable), exe)
        code = (f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r}); {self.MODULES}\n"
                "for line in sys.stdin:\n    exec(line)\n    print('done', flush=True)")
        self.process = subprocess.Popen([exe, "-c", code], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def act(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        equal(self.process.stdout.readline(), "done\n", line)

    def end(self):
        self.process.stdin.close()
        equal(self.process.wait(lib.PATIENCE), 0, "stranger")


ELEM = """
def elem(m, cmd, key, value=b"", flags=0):
    k, v = lib.buf(key), lib.buf(value or bytes(64))
    at = lib.ctypes.addressof
    return lib.call(cmd, struct.pack("<IxxxxQQQ", m, at(k), 0 if cmd == lib.DELETE else at(v), flags))
"""


def rule_acts(path, maps):
    """What a stranger does, by the rule that is to fire: (map, code)."""
    ids = {name: m.id for name, m in maps.items()}
    zero = "bytes(4)"
    return {
        "allow-list-flip": (ids["allow"], f"m = fd({ids['allow']}); elem(m, lib.DELETE, {zero}); "
                            f"elem(m, lib.UPDATE, {zero}, bytes(8))"),
        "burst-of-deletes": (ids["state"], f"m = fd({ids['state']}); "
                             "[elem(m, lib.DELETE, struct.pack('<I', n)) for n in range(250)]"),
        "foreign-freeze": (ids["config"], f"lib.call(lib.FREEZE, struct.pack('<I', fd({ids['config']})))"),
        "inner-map-swap": (ids["outer"], f"elem(fd({ids['outer']}), lib.UPDATE, {zero}, "
                           "struct.pack('<I', lib.Map(lib.ARRAY, name=b'theirs').fd))"),
        "tail-call-cut": (ids["calls"], f"elem(fd({ids['calls']}), lib.DELETE, {zero})"),
        "output-silenced": (ids["ring"], f"mmap.mmap(fd({ids['ring']}), mmap.PAGESIZE)"),
        "pin-removed": (ids["pinned"], f"os.unlink({path!r})"),
        "maps-walked": (None, "walked = [lib.Map(name=b'walked') for _ in range(25)]; "
                        "[os.close(fd(m.id)) for m in walked]"),
        "pin-squat": (None, f"mine = lib.Map(name=b'theirs'); mine.pin({path!r})"),
    }


@lib.one_end("lowest")
@native
def test_rules_old_maps():
    """Whose a map from before bpfmon is, is not known: what its owner does is told as that, and low."""
    with Map(lib.ARRAY, name=b"before") as m, Run(f"rules: [{RULES}]\n") as run:
        equal(m.freeze(), 0, "freeze")
        run.wait_for(lambda: run.alerts("old-map-changed"))
        run.finish()
        equal([(a["rule"], a["severity"]) for a in run.alerts() if a["of"]["map"]["id"] == m.id],
              [("old-map-changed", "low")], "alerts")


@lib.ends
def test_rules_strangers():
    """The rules that come with bpfmon, on real attacks: each fires for the stranger, by name, and for
    nothing that the owner does."""
    path = lib.bpffs() + "/live-ruled"
    with tempfile.TemporaryDirectory() as top, Run(f"rules: [{RULES}]\n") as run:
        types = {"allow": ("hash", b"live_allow"), "state": ("hash", b"state"),
                 "config": ("array", b"config"), "pinned": ("hash", b"pinned"),
                 "outer": ("array_of_maps", b"outer"), "calls": ("prog_array", b"calls"),
                 "ring": ("ringbuf", b"ring")}
        maps = {}
        for key, (kind, name) in types.items():
            if kind in ("hash", "array"):
                maps[key] = Map({"hash": lib.HASH, "array": lib.ARRAY}[kind], entries=512, name=name)
                for n in range(300 if key == "state" else 1):
                    write(maps[key], n)
            else:
                maps[key] = cover.make(kind)
                if kind != "ringbuf":
                    equal(cover.Writer(maps[key]).update(0), 0, "update")
        equal(maps["pinned"].pin(path), 0, "pin")
        stranger = Stranger(top)
        acts = rule_acts(path, maps)
        try:
            stranger.act(f"exec({ELEM!r}, globals())")
            for _, line in acts.values():
                stranger.act(line)
            stranger.act(f"fd({next(iter(own_maps(run.process.pid)))})")
            stranger.end()
            for name in acts:
                run.wait_for(lambda name=name: run.alerts(name))
            run.wait_for(lambda: [a for a in run.events(types=["alert"])
                                  if a["rule"] == "monitor-blinded"])
        finally:
            if os.path.exists(path):
                os.unlink(path)
            for m in maps.values():
                m.close()
        run.finish()
        wrong = [a for a in run.alerts() if a["of"].get("process", {}).get("pid") != stranger.pid
                 and a["of"].get("process", {}).get("exe", "").endswith(os.path.basename(sys.executable))
                 and a["rule"] not in ("new-writer", "new-writer-gone")]
        equal([(a["rule"], a["text"]) for a in wrong], [], "alerts of the owner's acts")
        for name, (map_id, line) in acts.items():
            fired = [a for a in run.alerts(name) if map_id in (None, a["of"]["map"]["id"])]
            check(fired, name, "did not fire of its map", line)
            equal({a["of"]["process"]["pid"] for a in fired}, {stranger.pid}, name)
            check(all("stranger" in a["text"] for a in fired), name, fired[0]["text"])
        taken = {a["of"]["map"]["id"] for a in run.alerts("handle-taken")}
        opened = {map_id for map_id, line in acts.values() if map_id and "fd(" in line}
        equal(taken & opened, opened, "handles taken")


@only_native
def test_rules_own_alerts():
    """What bpfmon finds about itself is one alert, also where a rule is about it."""
    with Run(f"rules: [{RULES}]\n") as run:
        reader = subprocess.Popen(["strace", "-p", str(run.process.pid)], stderr=subprocess.DEVNULL)
        try:
            run.wait_for(run.alerts)
        finally:
            reader.kill()
            reader.wait()
        def traced():
            # another bpfmon on this machine may touch our maps meanwhile
            return [(e["rule"], e["severity"]) for e in run.events(types=["alert"])
                    if "trace" in e["reason"]]

        run.wait_for(lambda: len(traced()) >= 2)
        run.finish()
        equal(traced(), [("monitor-blinded", "critical"), ("traced", "info")], "alerts")


@only_native
def test_rules_check():
    """bpfmon check, and run, tell where a file is wrong, and end with 2."""
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "c.yaml")
        for text, said in (("bytes: 64\n", None),
                           ("byte: 64\n", ":1:1: unknown key 'byte', one of "),
                           ("bytes: many\n", ":1:8: 'many' for bytes, a number is expected"),
                           ("bytes: 1\nbytes: 2\n", ":2:1: duplicate key 'bytes'"),
                           ("bytes: 5000\n", ":1:8: bytes 5000, from 0 to 4096 is expected")):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            run = bpfmon("check", path)
            equal(run.returncode, 2 if said else 0, f"exit status of check of {text}")
            if said:
                check((path + said).encode() in run.stderr, run.stderr)
                equal(bpfmon("run", "-c", path).returncode, 2, f"exit status of run of {text}")
        equal(bpfmon("test-rules", RULES, os.path.join(RULES, "profiles")).returncode, 0,
              "exit status of test-rules")
