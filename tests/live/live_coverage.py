# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every map type, operation and route: what was written is what is reported, once, in order.

The outcome is a table, docs/coverage.md, which `make coverage` writes; a cell that got worse than
it says there is a failure.
"""

import json
import os

import cover
import lib
from lib import Shared, check, equal

TABLE = os.path.join(lib.TOP, "docs/coverage.md")
SEEN, ABSENT = "seen", "n/a"


def limits(start):
    """Cells that no hook can show on this kernel, by what bpfmon says of its own hooks."""
    missing = {h["hook"] for h in start["hooks"] if h["attached"] == "missing"}
    found = {}
    for hook, cells in {
            "trie_update": [("lpm_trie", "update", "program")],
            "trie_delete": [("lpm_trie", "delete", "program")],
            "queue_push": [("queue", "push", "program"), ("stack", "push", "program")],
            "queue_pop": [("queue", "pop", "program")],
            "stack_pop": [("stack", "pop", "program")],
    }.items():
        if hook in missing:
            for cell in cells:
                found[cell] = "no hook"
    for h in start["hooks"]:
        if h["hook"] == "storage_free" and "inode_storage" in h.get("lost", ""):
            found["inode_storage", "delete", "kernel"] = "no hook"
    return found


def as_written(event):
    return {"type": event["type"],
            "op": event.get("op", "update"),
            "via": event["via"],
            "key": event["key"]["hex"] if "key" in event else None,
            "result": event["result"]}


def in_order(events):
    """The elements of a batch by key: where the type's hook was attached during the batch, what
    came before is told at the end of it."""
    rows, start = [], 0
    for i in range(len(events) + 1):
        if i < len(events) and i > start and events[i]["via"] == "batch" and all(
                events[i][k] == events[start][k] for k in ("via", "op", "result")):
            continue
        rows += sorted(events[start:i], key=lambda e: e["key"] or "")
        start = i
    return rows


def compare(name, writes, events, hidden):
    """{(type, op, route): outcome}; a cell is seen if each of its writes is, and nothing else."""
    cells = {}
    want = in_order([w for w in writes if (name, *w["cell"]) not in hidden])
    for w in writes:
        cells[(name, *w["cell"])] = hidden.get((name, *w["cell"]), SEEN)
    got = in_order([as_written(e) for e in events])
    for number in range(max(len(want), len(got))):
        w = {k: v for k, v in want[number].items() if k != "cell"} if number < len(want) else None
        g = got[number] if number < len(got) else None
        if w != g:
            print(f"# {name} write {number}: got {g}, want {w}")
            cell = want[min(number, len(want) - 1)]["cell"]
            cells[(name, *cell)] = "LOST" if g is None else "WRONG"
            break
    return cells


def measure():
    cells, written = {}, []
    with Shared("-e", "create,write") as watch:
        hidden = limits(watch.start())
        for name in cover.TYPES:
            t = cover.make(name)
            if not t:
                cells[(name, "create", "syscall")] = ABSENT
                continue
            writer = cover.Writer(t)
            try:
                writer.all()
            finally:
                t.close()
            written.append((name, t.id, writer.writes))
        total = sum((name, *w["cell"]) not in hidden for name, _, writes in written for w in writes)
        check(total > 100, "hardly anything was written", total)
        try:
            watch.wait_for(lambda: len(watch.events(types=("map.update", "map.delete"))) >= total)
        except lib.Failed:
            pass  # the comparison says what is missing
        watch.finish()
        for name, map_id, writes in written:
            created = watch.events(map_id, ("map.create",))
            ok = len(created) == 1 and created[0]["map"]["type"] == name
            cells[(name, "create", "syscall")] = SEEN if ok else "LOST"
            cells.update(compare(name, writes, watch.events(map_id, ("map.update", "map.delete")),
                                 hidden))
    return cells


def committed(kernel):
    """The cells of docs/coverage.md for this kernel."""
    cells = {}
    column = None
    with open(TABLE, encoding="utf-8") as f:
        for line in f:
            words = [w.strip() for w in line.strip().strip("|").split("|")]
            if words[0] == "map type":
                column = words.index(kernel)
            elif column and len(words) > column and not words[0].startswith("-"):
                cells[tuple(words[:3])] = words[column]
    check(cells, TABLE, "has no cells for", kernel)
    return cells


@lib.shared
def test_coverage():
    """No cell of docs/coverage.md is worse on this kernel than the table says."""
    cells = measure()
    out = os.environ.get("BPFMON_OUT")
    if out:
        with open(os.path.join(out, "coverage.json"), "w", encoding="utf-8") as f:
            json.dump([[*cell, outcome] for cell, outcome in cells.items()], f)
    if os.environ.get("BPFMON_COVERAGE") == "new":
        return
    table = committed(lib.KERNEL)
    worse = {c: (cells.get(c), was) for c, was in table.items()
             if was == SEEN and cells.get(c) != SEEN}
    bad = {c: o for c, o in cells.items() if o in ("LOST", "WRONG")}
    equal((worse, bad), ({}, {}), "cells")
