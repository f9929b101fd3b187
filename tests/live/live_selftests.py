# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The kernel's own map tests (test_maps, built by tests/selftests/fetch): they end as they do
without bpfmon, what they change is in the JSON, and the kernel has nothing to say about it."""

import os
import subprocess

import lib
from traced import Case, against_strace

# the tests' own options: threads, sockets, seconds and rounds to fit an emulated machine
SIZES = {
    "BPF_SK_STORAGE_MAP_TEST_NR_THREADS": "2",
    "BPF_SK_STORAGE_MAP_TEST_SK_PER_THREAD": "32",
    "BPF_SK_STORAGE_MAP_TEST_RUNTIME_S": "1",
    "TASK_STORAGE_MAP_NR_THREAD": "4",
    "TASK_STORAGE_MAP_NR_LOOP": "16",
}


def results(output):
    """`result NAME STATUS SIGNAL` of each test, in order."""
    return [line for line in output.splitlines() if line.startswith("result ")]


@lib.on_request
def test_selftests():
    """test_maps and map_tests, first alone, then under strace while bpfmon watches."""
    folder = os.path.join(os.environ.get("BPFMON_CACHE", "/var/cache/bpfmon"), "selftests",
                          lib.KERNEL, "build")
    if not os.path.exists(folder + "/test_maps"):
        raise lib.Skipped(f"not built; tests/selftests/fetch {lib.KERNEL} does that")
    sizes = " ".join(f"{name}={value}" for name, value in SIZES.items())
    command = ["sh", "-c", f"cd {folder} && exec env {sizes} ./test_maps"]
    started = lib.time.monotonic()
    alone = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           errors="replace", timeout=4 * lib.PATIENCE, check=True).stdout
    print(f"# alone: {lib.time.monotonic() - started:.1f} s", flush=True)
    before = lib.kernel_log()
    case = Case("test_maps", command, want=("map.create", "map.update", "map.update refused",
                                            "map.delete", "map.delete refused", "map.open"))
    against_strace([case], timeout=10 * lib.PATIENCE)
    want, got = results(alone), results(case.output)
    failed = [line for line in want if not line.endswith(" 0 0")]
    for line in alone.splitlines():
        if "FAIL" in line or "nexpected" in line or "SKIP" in line:
            print("# alone:", line, flush=True)
    print(f"# {len(want)} tests, of which fail without bpfmon: {failed or 'none'}", flush=True)
    lib.check(len(want) >= 40 and len(failed) <= len(want) // 4, "they ended with", want)
    lib.equal(got, want, "results")
    new = lib.kernel_log()[len(before):]
    lib.check(not new, "the kernel's log:", new)
