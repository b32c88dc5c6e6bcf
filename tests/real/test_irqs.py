"""/irqs: what the guest's /proc/irq said, what /proc/interrupts says of the same dump, and crash."""

import re

import pytest
from forms import skip_foreign
from lab import peers
from tables import rows

COLUMNS = "IRQ DESC CHIP HWIRQ COUNT UNHANDLED DEPTH AFFINITY EFFECTIVE ACTION HANDLER THREAD NAME"


@pytest.fixture(scope="module")
def irqs(tree):
    return rows(tree / "irqs", COLUMNS)


def folders(guest):
    return {p.name: p for p in (guest / "truth/proc/irq").iterdir() if p.name.isdigit()}


def test_each_of_proc_irq(guest, irqs, machine):
    """Directories there are called by what asked for the interrupt."""
    truth = folders(guest)
    # One that nobody asked for since there is a /proc has none there.
    assert {r["IRQ"] for r in irqs if r["NAME"] != "-" or r["IRQ"] in truth} == set(truth)
    for number, folder in truth.items():
        lines = [r for r in irqs if r["IRQ"] == number]
        names = {p.name for p in folder.iterdir() if p.is_dir()}
        if number not in machine.early_interrupts:   # asked for before there was a /proc
            assert {r["NAME"] for r in lines} == (names or {"-"}), number
        for file, column in ("smp_affinity_list", "AFFINITY"), ("effective_affinity_list", "EFFECTIVE"):
            assert {r[column] for r in lines} == {(folder / file).read_text().strip() or "-"}, number


def test_unhandled_as_spurious_said(guest, irqs):
    """Between the copy and the dump those of the console go on: note_interrupt() adds one, or begins anew at 1
    when the last was more than 100 ms ago."""
    for number, folder in folders(guest).items():
        said = int(re.search(r"^unhandled (\d+)", (folder / "spurious").read_text(), re.M)[1])
        now = {int(r["UNHANDLED"]) for r in irqs if r["IRQ"] == number}
        console = any(r["NAME"] == "ttyS0" for r in irqs if r["IRQ"] == number)
        assert now == {said} or console and said and 0 < max(now) < said + 100, number


def test_as_interrupts(tree, irqs):
    compared = 0
    for line in (tree / "proc/interrupts").read_text().splitlines()[1:]:
        number, rest = line.split(":", 1)
        if not number.strip().isdigit():
            continue
        words = rest.split()
        counts = [int(w) for w in words[:2]]
        ours = [r for r in irqs if r["IRQ"] == number.strip()]
        assert {int(r["COUNT"]) for r in ours} == {sum(counts)}
        assert {r["CHIP"] for r in ours} == {words[2]}
        assert rest.endswith(", ".join(r["NAME"] for r in ours))
        if ours[0]["HWIRQ"] != "-":
            assert words[3].split("-")[0] == ours[0]["HWIRQ"]
        compared += 1
    assert compared > 5


def test_handlers_are_functions(irqs, machine):
    handlers = {r["NAME"]: r["HANDLER"].split("[")[0] for r in irqs}
    for name, functions in machine.handlers.items():
        assert handlers[name] in functions, name
    assert handlers["virtio0-req.0"] == "vring_interrupt"
    assert all(r["HANDLER"] == "-" for r in irqs if r["ACTION"] == "-")


def test_crash_lists_the_same(original, crashed, suite):
    skip_foreign(crashed)
    if suite == "sid":
        pytest.skip("crash 9.0.2 does not start on a kernel of 7.x")
    done = peers.run(["crash", "-s", crashed / "vmlinux", crashed / "vmcore"],
                     *peers.dump_folders(crashed), input="irq\n", stdin=None, timeout=600)
    theirs = set(re.findall(r'^ *(\d+) +([0-9a-f]{16}) +(?:([0-9a-f]{16}) +"(.*)"|\(unused\)) *$',
                            done.stdout, re.M))
    ours = {(r["IRQ"], r["DESC"], *(("", "") if r["ACTION"] == "-" else (r["ACTION"], r["NAME"])))
            for r in rows(original / "irqs", COLUMNS)}
    assert ours == theirs and len(ours) > 15, done.stdout[:3000]
