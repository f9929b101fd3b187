# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""bpfmon top that watches by itself; what else it does tests/check-top asks, without a kernel."""

import os
import re
import shutil
import subprocess
import tempfile
import time

import lib
from lib import Map, check, equal
from live_faults import only_native


def start(*args, **options):
    return subprocess.Popen([lib.BPFMON, "top", *args], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@only_native
def test_top_watches():
    """Frames by its own process, which is gone when top is; options behind -- are for that."""
    lib.end_session()
    with Map(name=b"topped") as m, start("--watch", "-n", "3", "-d", "2", "-m", "topped", "--", "-m",
                                         str(m.id)) as top:
        while top.poll() is None:
            m.elem(lib.UPDATE, bytes(4), (7).to_bytes(8, "little"))
            try:
                top.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        out, err = top.communicate()
        frames = re.split(r"(?m)^(?=bpfmon top)", out)[1:]
        equal((top.returncode, len(frames)), (0, 3), err)
        check(f"map {m.id} topped (hash)" in frames[-1], out)
        check(re.search(rf"update +\S+\[{os.getpid()}\] +\[0\] = 7", frames[-1]), out)
        check(re.search(r"^hooks \d+ of \d+ .*ring \d+% of 64 MiB", frames[-1], re.M), out)
        check("ring" in frames[-1], out)


@only_native
def test_top_refused():
    """Who may not watch is told so, as by watch."""
    with start("--watch", user=65534, group=65534, extra_groups=[]) as top:
        out, err = top.communicate(timeout=lib.PATIENCE)
        equal((top.returncode, out), (1, ""), err)
        check("root" in err, err)


@only_native
def test_top_content():
    """On the screen the content of a map is read from the kernel, and written to meanwhile."""
    if not shutil.which("tmux"):
        raise lib.Skipped("tmux is not installed")
    lib.end_session()
    with tempfile.TemporaryDirectory() as folder, Map(name=b"contents") as m:
        def tmux(*words):
            return subprocess.run(["tmux", "-S", os.path.join(folder, "tmux"), *words], check=True,
                                  capture_output=True, text=True, timeout=lib.PATIENCE).stdout

        def wait(pattern):
            end = time.monotonic() + lib.PATIENCE
            while not re.search(pattern, tmux("capture-pane", "-p")):
                check(time.monotonic() < end, pattern, tmux("capture-pane", "-p"))
                time.sleep(0.05)

        for key in range(3):
            equal(m.elem(lib.UPDATE, bytes([key, 0, 0, 0]), bytes([key + 40] + 7 * [0])), 0, "update")
        tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", lib.BPFMON, "top", "--watch",
             "-m", "contents")
        try:
            wait(rf"map {m.id} contents")
            tmux("send-keys", "c")
            wait(r"(?s)as read at .* - +\[0\] = 40.*\nLast changes")
            check(re.search(r"- +\[2\] = 42\n", tmux("capture-pane", "-p")), tmux("capture-pane", "-p"))
            equal(m.elem(lib.UPDATE, bytes(4), bytes([7] + 7 * [0])), 0, "update")
            wait(r"\d+s +\[0\] = 7\n(.*\n)+Last changes\n.* update .*\[0\] = 7")
        finally:
            tmux("send-keys", "q", "q")
            end = time.monotonic() + lib.PATIENCE
            while subprocess.run(["tmux", "-S", os.path.join(folder, "tmux"), "has-session"], check=False,
                                 capture_output=True).returncode == 0:
                check(time.monotonic() < end, "it has not ended")
                time.sleep(0.05)
