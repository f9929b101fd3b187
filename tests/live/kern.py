# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Small BPF programs and types, loaded by bpf(2) alone: enough to let a program call one helper.

No library is used, so that the tests' writers share nothing with bpfmon.
"""

import ctypes
import struct

import lib

PROG_LOAD, PROG_ATTACH, PROG_DETACH, TEST_RUN, BTF_LOAD = 5, 8, 9, 10, 18
SOCKET_FILTER, SCHED_CLS, CGROUP_SKB = 1, 3, 8
R0, R1, R2, R3, R4, FP = 0, 1, 2, 3, 4, 10
HELPER_UPDATE, HELPER_DELETE, HELPER_PUSH, HELPER_POP, HELPER_PEEK = 2, 3, 87, 88, 89


def insn(code, dst=0, src=0, off=0, imm=0):
    return struct.pack("<BBhi", code, dst | src << 4, off, imm)


def mov(dst, imm):
    return insn(0xb7, dst, imm=imm)


def mov_reg(dst, src):
    return insn(0xbf, dst, src)


def map_fd(dst, fd):
    return insn(0x18, dst, 1, imm=fd) + insn(0)


def call_helper(helper):
    return insn(0x85, imm=helper)


EXIT = insn(0x95)


def on_stack(data, offset):
    """Stores that put data, padded to 8 bytes, at FP + offset."""
    data = data + bytes(-len(data) % 8)
    return b"".join(insn(0x62, FP, off=offset + i, imm=struct.unpack_from("<i", data, i)[0])
                    for i in range(0, len(data), 4))


def address(dst, offset):
    return mov_reg(dst, FP) + insn(0x07, dst, imm=offset)


def load(code, kind=SCHED_CLS, attach_type=0, name=b"live"):
    """A program's descriptor."""
    c, licence = lib.buf(code), lib.buf(b"GPL\0")
    log = ctypes.create_string_buffer(1 << 16)
    attr = struct.pack("<IIQQIIQII16sII", kind, len(code) // 8, ctypes.addressof(c),
                       ctypes.addressof(licence), 1, len(log), ctypes.addressof(log), 0, 0, name, 0,
                       attach_type)
    fd = lib.call(PROG_LOAD, attr, [c, licence, log])
    lib.check(fd >= 0, "program not loaded", fd, log.value.decode())
    return fd


def run(fd):
    """Runs it once on an empty packet; what it returned, as a signed number."""
    data = lib.buf(bytes(64))
    attr = ctypes.create_string_buffer(128)
    struct.pack_into("<IIIIQ", attr, 0, fd, 0, 64, 0, ctypes.addressof(data))
    result = lib.libc.syscall(lib.SYS_BPF, ctypes.c_long(TEST_RUN), attr, ctypes.c_long(80))
    lib.check(result == 0, "program not run", ctypes.get_errno())
    return struct.unpack_from("<i", attr, 4)[0]


def helper_program(helper, fd, key=None, value=None, flags=0):
    """A program that calls a map helper once: key and value as given, None for none of it."""
    at = 0
    code = b""
    args = [map_fd(R1, fd)]
    register = R2
    for data in (key, value):
        if data is None:
            continue
        at -= len(data) + -len(data) % 8
        code += on_stack(data, at)
        args.append(address(register, at))
        register += 1
    if helper in (HELPER_UPDATE, HELPER_PUSH):
        args.append(mov(register, flags))
    return load(code + b"".join(args) + call_helper(helper) + EXIT)


BTF_INT, BTF_LONG = 1, 2


def load_btf():
    """BTF with `int` (1) and `long` (2): what maps of local storage must have."""
    strings = b"\0int\0long\0"
    types = struct.pack("<IIII", 1, 1 << 24, 4, 1 << 24 | 32)
    types += struct.pack("<IIII", 5, 1 << 24, 8, 1 << 24 | 64)
    blob = lib.buf(struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(types), len(types),
                               len(strings)) + types + strings)
    fd = lib.call(BTF_LOAD, struct.pack("<QQII", ctypes.addressof(blob), 0, len(blob), 0), [blob])
    lib.check(fd >= 0, "BTF not loaded", fd)
    return fd
