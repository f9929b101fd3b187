# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The BCC tools in Python, which compile their programs where they run; those that need no headers
are in live_software.py."""

import os
import shutil

import lib
from traced import Case, against_strace

# Debian 12's biolatency looks for a function that later kernels inline, and ends once it has its maps.
KNOWN = lib.KERNEL == "5.10"
TOOLS = ("opensnoop-bpfcc", "biolatency-bpfcc")


def headers():
    """As they look for them: in /lib/modules, which is the machine's own."""
    have = os.path.join(os.environ.get("BPFMON_CACHE", "/var/cache/bpfmon"), "bcc", lib.KERNEL)
    if not os.path.isdir(have):
        raise lib.Skipped(f"no headers; tests/bcc/fetch {lib.KERNEL} brings them")
    for name in ("build", "source"):
        at = f"/lib/modules/{os.uname().release}/{name}"
        if not os.path.lexists(at):
            os.symlink(os.path.join(have, name), at)


@lib.on_request
def test_bcc():
    """What strace saw of them is in the JSON. Compiling takes minutes in an emulated machine."""
    for tool in TOOLS:
        if not shutil.which(tool):
            raise lib.Skipped(f"{tool} is not installed: apt-get install bpfcc-tools")
    headers()
    against_strace([Case("opensnoop", ["opensnoop-bpfcc", "-d", "2"], says=("PATH",),
                         want=("map.create", "map.update")),
                    Case("biolatency", ["biolatency-bpfcc", "1", "1"], want=("map.create",),
                         says=("Tracing block",) if KNOWN else (), statuses=(0,) if KNOWN else (1,))],
                   timeout=8 * lib.PATIENCE)
