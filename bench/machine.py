# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What bench/run and bench/check share: bench/writer is built, and bench/guest is run in a VM.

Variables: O the build folder; CC, CLANG, LLVM_STRIP, BPFTOOL.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
ENV = os.environ
BUILD = os.path.join(ROOT, ENV.get("O", "build"))
OUT = os.path.join(BUILD, "bench")
PROGRAM = os.path.basename(sys.argv[0])


def say(text):
    print(f"bench/{PROGRAM}: {text}", file=sys.stderr, flush=True)


def build():
    """bench/writer, with the flags that the Makefile has for BPF."""
    os.makedirs(OUT, exist_ok=True)
    obj, skel = f"{OUT}/writer.bpf.o", f"{OUT}/writer.skel.h"
    arch = platform.machine()
    multiarch = f"/usr/include/{arch}-linux-gnu"
    target = {"x86_64": "x86", "aarch64": "arm64"}.get(arch, arch)
    bpftool = ENV.get("BPFTOOL") or shutil.which("bpftool") or "/usr/sbin/bpftool"
    subprocess.run([ENV.get("CLANG", "clang"), "-g", "-O2", "-target", "bpf", "-mcpu=v2",
                    f"-D__TARGET_ARCH_{target}", f"-I{multiarch}", "-Wall", "-Wextra",
                    "-Wno-unused-parameter", "-Werror", "-c", "-o", obj,
                    f"{BENCH}/writer.bpf.c"], check=True)
    subprocess.run([ENV.get("LLVM_STRIP", "llvm-strip"), "-g", obj], check=True)
    with open(skel, "w", encoding="utf-8") as file:
        subprocess.run([bpftool, "gen", "skeleton", obj, "name", "writer_bpf"], stdout=file,
                       check=True)
    libs = subprocess.run(["pkg-config", "--libs", "libbpf"], capture_output=True, text=True,
                          check=True).stdout.split()
    subprocess.run([*shlex.split(ENV.get("CC", "gcc")), "-std=c11", "-O2", "-g", "-Wall",
                    "-Wextra", "-Wshadow", "-Werror", "-D_GNU_SOURCE", f"-I{OUT}", "-o",
                    f"{OUT}/writer", f"{BENCH}/writer.c", *libs, "-lelf", "-lz"], check=True)
    shutil.copy(f"{BUILD}/bpfmon", f"{OUT}/bpfmon")
    subprocess.run(["strip", f"{OUT}/bpfmon"], check=True)


def guest(kernel, options, words):
    """The words of each line that bench/guest printed there; `options` of tests/vm/run, `words` that
    bench/guest is given after the two programs. None: it failed, which was said."""
    command = [f"{ROOT}/tests/vm/run", kernel, "--timeout", "1200", *options, "--",
               f"{BENCH}/guest", f"{OUT}/writer", f"{OUT}/bpfmon", *map(str, words)]
    say(f"{kernel} {' '.join(options)}")
    raw = f"{OUT}/raw-{PROGRAM}-{kernel}{''.join(options)}.txt"
    with open(raw, "w", encoding="utf-8") as file:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, check=False)
    with open(raw, encoding="utf-8", errors="replace") as file:
        lines = file.read().splitlines()
    if run.returncode:
        say(f"{kernel}: exit status {run.returncode}; the output is in {raw}")
        return None
    return [line.split() for line in lines]
