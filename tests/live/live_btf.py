# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Keys and values decoded by BTF, held against bpftool's dump of the same map."""

import json
import os
import random
import struct
import subprocess

import kern
import lib
from lib import Map, Shared, Watch, check, equal

VALUES = os.path.join(lib.TOP, "build/actors/values")
LATE = {  # maps that a kernel does not have
    "5.10": {"v_enum64", "v_kptr"},
    "6.1": set(),
}
# Bytes that the kernel keeps for itself: user space writes zeros there, as it reads zeros.
KEPT = {"v_lock": [(0, 4)], "v_timer": [(8, 24)], "v_kptr": [(0, 8)]}
# char[] ends at a NUL for us; bpftool shows what has none, or is not printable, as numbers.
TEXT = {"v_strings": [(0, 8), (8, 12), (12, 16)]}


def bpftool(*args):
    run = subprocess.run(["bpftool", "-j", *args], capture_output=True, timeout=lib.PATIENCE,
                         check=True)
    # an object may have several anonymous members, which JSON readers take for one
    return json.loads(run.stdout, object_pairs_hook=merge_anonymous)


def merge_anonymous(pairs):
    """Members of anonymous structs and unions belong to the parent."""
    out = {}
    for name, value in pairs:
        if name == "" and isinstance(value, dict):
            out.update(value)
        else:
            out[name] = value
    return out


def swap(number, size):
    return int.from_bytes(number.to_bytes(size, "little"), "big")


def from_bpftool(value, name=""):
    """bpftool's decoded value as bpfmon says it; `name` is the member's, whose end tells its kind."""
    if isinstance(value, dict):
        return {n: from_bpftool(v, n) for n, v in value.items()}
    if isinstance(value, list):
        return [from_bpftool(v, name) for v in value]
    kind = name.rsplit("_", 1)[-1]
    if kind.startswith("be"):  # __be16 and so on are in host order
        return swap(value, int(kind[2:]) // 8)
    if kind == "ptr":  # bpftool: a number
        return hex(value)
    if kind == "bits":  # bpftool: hex, without the sign
        return int(value, 16)
    return value


def from_bpfmon(value, name=""):
    """What remains: numbers of 2^53 and more are strings, and signs that bpftool has otherwise."""
    if isinstance(value, dict):
        return {n: from_bpfmon(v, n) for n, v in value.items()}
    if isinstance(value, list):
        return [from_bpfmon(v, name) for v in value]
    if isinstance(value, str) and value.lstrip("-").isdigit() and abs(int(value)) >= 1 << 53:
        value = int(value)
    if name == "s5_bits":
        return value % 32
    return value


def section(value):
    """bpftool has a list of objects of one variable each."""
    if isinstance(value, dict) and len(value) == 1:
        (name, variables), = value.items()
        if name.startswith(".") and isinstance(variables, list):
            return {n: v for one in variables for n, v in one.items()}
    return value


# Differences of names: what the kernel keeps for itself is only named.
NAMED = {"lock": "<bpf_spin_lock>", "timer": "<bpf_timer>"}


def unsigned_enums(value, name=""):
    """bpftool gives enums a sign when no enumerator matches; which of both is not said in old BTF."""
    if isinstance(value, dict):
        return {n: NAMED.get(n) or unsigned_enums(v, n) for n, v in value.items()}
    if isinstance(value, list):
        return [unsigned_enums(v, name) for v in value]
    if name.endswith("_enum") and isinstance(value, int):
        sizes = {"tiny_enum": 1, "list_enum": 1, "big_enum": 8, "small_enum": 8}
        return value % (1 << 8 * sizes.get(name, 4))
    return value


def some_bytes(rng, size, name):
    data = bytearray(rng.choice((0, 0, 1, 2, 255, 128, rng.randrange(256))) for _ in range(size))
    for start, end in KEPT.get(name, []):
        data[start:end] = bytes(end - start)
    for start, end in TEXT.get(name, []):
        text = bytes(rng.randrange(0x20, 0x7f) for _ in range(rng.randrange(end - start)))
        data[start:end] = text + bytes(end - start - len(text))
    if name == "v_pointers":
        data[24] &= 1  # a _Bool, of which bpftool reads four bytes
        data[25:28] = bytes(3)
    if name == "v_enum64" and rng.randrange(2):
        data = bytearray(rng.choice((struct.pack("<Qq", 1 << 40, -5), struct.pack("<qq", -1, 7))))
    return bytes(data)


class Target:
    """One map of the actor, written by bpf(2)."""

    def __init__(self, said, cpus):
        self.name, self.id = said["name"], said["id"]
        self.shown = bpftool("map", "show", "id", str(self.id))
        self.cpus = cpus if self.shown["type"].startswith("percpu") else 0
        self.map = Map.__new__(Map)
        self.map.fd = lib.open_id(self.id)
        self.is_array = self.shown["type"] == "array"

    def write(self, rng):
        """One element, random, which is then the only one; what bpftool makes of it."""
        key = bytes(4) if self.is_array else some_bytes(rng, self.shown["bytes_key"], "")
        size = self.shown["bytes_value"]
        if self.cpus:
            value = b"".join(some_bytes(rng, size, self.name) + bytes(-size % 8)
                             for _ in range(self.cpus))
        else:
            value = some_bytes(rng, size, self.name)
        equal(self.map.elem(lib.UPDATE, key, value), 0, f"update of {self.name}")
        entry, = bpftool("map", "dump", "id", str(self.id))
        if not self.is_array:
            equal(self.map.elem(lib.DELETE, key), 0, f"delete of {self.name}")
        return key, entry.get("formatted")


def decoded(event):
    """Key and value of an event, as bpftool's "formatted" has them."""
    value = event["value"]
    out = {}
    if "btf" in event["key"]:
        out["key"] = from_bpfmon(event["key"]["btf"])
    if "cpus" in value:
        out["values"] = [{"cpu": c["cpu"], "value": unsigned_enums(from_bpfmon(c["btf"]))}
                         for c in value["cpus"]]
    else:
        out["value"] = unsigned_enums(from_bpfmon(value["btf"]))
    return out


def expected(formatted):
    out = from_bpftool(formatted)
    if "value" in out:
        out["value"] = unsigned_enums(section(out["value"]))
    return out


def start_values():
    actor = subprocess.Popen([VALUES], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    said = []
    while not said or said[-1]["name"] != "v_kptr":
        said.append(json.loads(actor.stdout.readline()))
    skipped = {s["name"] for s in said if "skip" in s}
    check(skipped <= LATE.get(lib.KERNEL, set()), "no maps:", [s for s in said if "skip" in s])
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as f:
        cpus = int(f.read().strip().split("-")[-1]) + 1
    return actor, [Target(s, cpus) for s in said if "id" in s]


@lib.ends
@lib.shared_with(lib.whole_values)
def test_btf():
    """Random elements of maps of every kind of type: decoded as bpftool decodes them. The BTF's id is
    bpftool's; names that the kernel cut are whole; without BTF there are numbers."""
    rng = random.Random(1)
    actor, targets = start_values()
    wanted = {}
    with Shared() as watch:
        for target in targets:
            wanted[target.id] = [target.write(rng) for _ in range(5)]
        last = targets[-1].id
        watch.wait_for(lambda: len(watch.events(last, ("map.update",))) == 5)
        watch.finish()
        for t in targets:
            events = watch.events(t.id, ("map.update",))
            equal(len(events), 5, t.name)
            names = {e["map"].get("full_name") for e in events}
            equal(names, {t.name if len(t.name) > 15 else None}, f"full_name of {t.name}")
            equal({e["map"].get("btf_id") for e in events}, {t.shown.get("btf_id")}, t.name)
            for (key, formatted), event in zip(wanted[t.id], events):
                equal(event["key"]["hex"], key.hex(), t.name)
                if t.name == "v_plain":
                    number = int.from_bytes(bytes.fromhex(event["value"]["hex"]), "little")
                    equal((event["value"].get("btf"), event["value"]["number"]), (None, number))
                    equal(event["key"]["number"], int.from_bytes(key, "little"))
                    continue
                want = expected(formatted)
                got = decoded(event)
                if "key" not in want:
                    got.pop("key", None)  # of a section bpftool leaves it out
                equal(got, want, t.name)
    actor.communicate()


@lib.one_end("newest")
def test_btf_cut():
    """With --bytes 10 only what lies in ten bytes is decoded."""
    actor, targets = start_values()
    target, = (t for t in targets if t.name == "v_integers")
    with Watch("--bytes", "10", "-m", str(target.id), "-e", "write") as watch:
        value = bytes(range(64))
        equal(target.map.elem(lib.UPDATE, bytes(4), value), 0, "update")
        watch.wait_for(lambda: watch.events(target.id))
        watch.finish()
        event, = watch.events(target.id)
    equal(event["value"], {"size": 64, "hex": value[:10].hex(), "truncated": True,
                           "btf": {"s8": 0, "u8": 1, "s16": 0x302, "u16": 0x504}}, "value")
    actor.communicate()


@lib.shared
def test_btf_short():
    """Maps with BTF that are gone at once: no other map's details, none made up."""
    with Shared("-e", "write") as watch:
        ids = []
        for n in range(100):
            btf = kern.load_btf()
            attr = struct.pack("<IIIIIII16sIIIII", lib.HASH, 4, 8, 4, 0, 0, 0, b"short", 0, btf,
                               kern.BTF_INT, kern.BTF_LONG, 0)
            m = Map.__new__(Map)
            m.fd = lib.call(lib.CREATE, attr)
            check(m.fd >= 0, "map", m.fd)
            ids.append(lib.map_id(m.fd))
            equal(m.elem(lib.UPDATE, struct.pack("<i", -n), struct.pack("<q", -n)), 0, "update")
            m.close()
            os.close(btf)
        watch.finish()
        for n, map_id in enumerate(ids):
            event, = watch.events(map_id)
            key, value = event["key"], event["value"]
            if "btf_id" in event["map"]:
                equal((key["btf"], value["btf"]), (-n, -n), "by BTF")
            else:
                equal((key.get("btf"), value.get("btf")), (None, None), "without")
                equal(key["number"], -n % (1 << 32), "number")


@lib.ends
@lib.shared_with(lib.whole_values)
def test_btf_old():
    """A write into a data section: the value before is decoded, and says which variables changed."""
    actor, targets = start_values()
    target, = (t for t in targets if t.name == "values_b.bss")
    with Shared() as watch:
        value = bytearray(target.shown["bytes_value"])
        for place in (24, 32, 2):
            value[place] += 1
            equal(target.map.elem(lib.UPDATE, bytes(4), bytes(value)), 0, "update")
        watch.wait_for(lambda: len(watch.events(target.id)) == 3)
        watch.finish()
        events = watch.events(target.id)
    equal([e["changed"] for e in events], [["seen"], ["levels"], ["peer"]], "changed")
    equal(events[2]["old"]["btf"], events[1]["value"]["btf"], "old")
    equal(events[0]["old"]["btf"]["seen"], 0, "seen")
    actor.communicate()


@lib.ends
@lib.shared_with(lib.whole_values)
def test_btf_struct_ops():
    """What is put into a struct_ops map is decoded by the kernel's BTF."""
    with Shared() as watch:
        actor = subprocess.Popen([os.path.join(lib.TOP, "build/actors/structops"), "hold"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        told = json.loads(actor.stdout.readline())
        watch.wait_for(lambda: len(watch.events(told["struct_ops"])) == 2)
        watch.finish()
        actor.communicate()
        update, = watch.events(told["struct_ops"], ("map.update",))
    value = update["value"]["btf"]
    equal(value["data"]["name"], "cc_live", "name")
    check(int(value["data"]["init"], 16) > 0, "init is a program's descriptor", value)
