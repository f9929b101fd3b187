# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Several outputs of one watch, on the kernel itself: who gets what, and what is counted."""

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import lib
from lib import Map, Watch, check, equal


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def read_json(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f.read().split("\n")[:-1]]


class Reader:
    """What a socket gives to one who connects, as it comes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = []
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        with self.socket, self.socket.makefile("rb") as file:
            self.lines.extend(json.loads(line) for line in file)

    def all(self):
        """After the other side has ended."""
        self.thread.join(lib.PATIENCE)
        return self.lines


def look_at_top(folder, path):
    """Somebody who is not root sees in bpfmon top what user space and a program write, and what."""
    name = os.path.join(folder, "writes")
    with open(name, "w", encoding="utf-8") as out:
        writer = subprocess.Popen([lib.MAPWRITER, "-o", "json", "--type", "hash", "--interval", "50",
                                   "--map", "topmost"], stdout=out)
    try:
        end = time.monotonic() + lib.PATIENCE
        while not os.path.getsize(name):
            check(writer.poll() is None and time.monotonic() < end, "mapwriter writes nothing")
            time.sleep(0.05)
        top = subprocess.run([lib.BPFMON, "top", "--socket", path, "-d", "4", "-s", "total"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                             timeout=lib.PATIENCE, user=65534, group=65534, extra_groups=[])
    finally:
        writer.terminate()
        writer.wait(lib.PATIENCE)
    equal((top.returncode, top.stderr), (0, ""), top.stdout)
    row = re.search(r"^ *\d+ topmost +(\S+) +(\S+) ", top.stdout, re.M)
    check(row and row[1] != "-", top.stdout)
    # Without trampolines and kprobes nobody sees programs write.
    check(row[2] != "-" or lib.KERNEL == "native", top.stdout)
    check(re.search(r"^hooks \d+ of \d+ .*ring \d+%", top.stdout, re.M), top.stdout)


@lib.one_end("newest")
def test_outputs():
    """Beside standard output: a file and a socket have the same lines, one with a filter only deletes,
    metrics count the same, and a server that is not there costs only its own lines."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        same, deletes = os.path.join(folder, "same"), os.path.join(folder, "deletes")
        path = os.path.join(folder, "socket")
        os.chmod(folder, 0o755)
        with Watch("--heartbeat", "1",
                   "--output", f"file,path={same}",
                   "--output", f"file,path={deletes},format=ecs,events=delete",
                   "--output", f"prometheus,listen={port}",
                   "--output", f"socket,path={path},mode=0666",
                   "--output", f"syslog,to={folder}/nobody,queue=64K,linger=0") as watch:
            reader = Reader(path)
            watch.wait_for(lambda: reader.lines)
            with Map(name=b"several") as m:
                for number in range(300):
                    m.elem(lib.UPDATE, number.to_bytes(4, "little"), bytes(8))
                m.elem(lib.DELETE, bytes(4))
                watch.wait_for(lambda: watch.events(m.id, {"map.delete"}))
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    metrics = answer.read().decode()
                with socket.create_connection(("127.0.0.1", port)):
                    pass  # says nothing, and is gone
            look_at_top(folder, path)
            watch.wait_for(lambda: any(o["type"] == "monitor.heartbeat" for o in watch.all()))
            equal(watch.stop(), 1, f"exit status, with lines that were lost ({watch.stderr()})")
            check("lines lost" in watch.stderr(), watch.stderr())
            lines = watch.all()
        equal(read_json(same), lines, "the file beside")
        start, *rest = reader.all()
        equal(start, lines[0], "what a reader of the socket is told first")
        equal([o["seq"] for o in rest], list(range(rest[0]["seq"], len(lines))), "seq of what it gets then")
        equal(rest[-1], lines[-1], "the last of it")
        check(any(o["type"] == "map.update" and o["map"]["id"] == m.id for o in rest), rest[:3])
        check(not os.path.exists(path), "the socket is still there")
        equal([o["event"]["action"] for o in read_json(deletes) if o["event"]["kind"] == "event"],
              [o["type"] for o in lines if o["type"] == "map.delete"], "only deletes")
        equal(os.stat(same).st_mode & 0o777, 0o600, "mode")
    updates = sum(o["type"] == "map.update" and o["map"]["id"] == m.id for o in lines)
    equal(updates, 300, "updates on standard output")
    key = f'bpfmon_map_events_total{{map_id="{m.id}",map="several",writer_type="process"'
    counted = [int(line.split()[-1]) for line in metrics.splitlines() if line.startswith(key)]
    check(counted and sum(counted) >= 301, counted, metrics)
    check("\nbpfmon_hook_attached{" in metrics, metrics)
    told = {o["type"]: o for o in lines[-1]["outputs"]}
    equal(sorted(told), ["file", "prometheus", "socket", "syslog"], "outputs of monitor.stop")
    check(told["syslog"]["lost"] > 0 and told["syslog"]["lines"] == 0, told)
    equal(told["file"]["lost"], 0, "lost in a file")
    seqs = [o["seq"] for o in lines]
    equal(seqs, list(range(len(seqs))), "seq on standard output")


test_outputs.native = True
