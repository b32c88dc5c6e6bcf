"""What the tables tell of a real kernel's structures that were broken one at a time: nothing that these do
not say, and all the rest as before."""

import pytest
from mounted import Mount
from spoiled import Spoiled
from tables import module_lines, one

POISON = 0xdead000000000100
BAD = {"NULL": 0, "poison": POISON, "user": 0x400000, "odd": 0xffffffff81234564,
       "nowhere": 0xffff0123456789a0}


def records(mount, name):
    """Each line below the header(s) as words; the last column may be several."""
    return [line for line in (mount / name).read_text().splitlines() if line]


@pytest.fixture(scope="module")
def dump(crashed, original, tmp_path_factory):
    return Spoiled(crashed / "vmcore", tmp_path_factory.mktemp("spoiled") / "vmcore", original)


@pytest.fixture
def changed(dump, original, tmp_path):
    """changed(table, changes...): (lines that went, lines that came)."""
    def make(name, *changes):
        with dump.change(*changes):
            m = Mount(tmp_path / "mnt", *dump.files)
            try:
                before, after = records(original, name), records(m, name)
            finally:
                m.close()
        return [x for x in before if x not in after], [x for x in after if x not in before]

    return make


@pytest.fixture(scope="module")
def left(crashed):
    return next(w for w in module_lines(crashed, "thread") if w[2] == "crashme_left")


@pytest.fixture(scope="module")
def locks(crashed):
    """name: (address, pid of its owner)"""
    return {w[1]: (int(w[0], 16), w[2]) for w in module_lines(crashed, "mutex")}


def first_waiter(dump, lock):
    kept = (dump.whole / "types/struct/mutex").read_text()
    return dump.pointed(lock, "mutex", "wait_list" if "wait_list" in kept else "first_waiter")


def test_waiter_of_another_task(dump, changed, left, locks):
    waiter = first_waiter(dump, locks["crashme_right_lock"][0])
    at = dump.member(waiter, "mutex_waiter", "task")
    went, came = changed("blocked", (at, int(left[0], 16) + 64))
    assert len(went) == 2 and went[0].startswith("deadlock: ")
    assert len(came) == 1 and came[0].split()[0] == left[1]
    assert came[0].split()[3:7] == ["?", "?", "?", "?"]


@pytest.mark.parametrize("to", BAD)
def test_waiter_that_leads_nowhere(dump, changed, left, locks, to):
    waiter = first_waiter(dump, locks["crashme_right_lock"][0])
    went, came = changed("blocked", (waiter, BAD[to]))
    assert [x.split()[0] for x in went] == ["deadlock:", left[1]]
    assert [x.split()[3:7] for x in came] == [["?", "?", "?", "?"]]


@pytest.mark.parametrize("owner, shown", [(1, "-"), (0xffff012345678900, "?"), (0x400001, "?")])
def test_owner_that_is_no_task(dump, changed, left, locks, owner, shown):
    lock = locks["crashme_right_lock"][0]
    went, came = changed("blocked", (dump.member(lock, "mutex", "owner"), owner))
    assert [x.split()[0] for x in went] == ["deadlock:", left[1]]
    assert [x.split()[0] for x in came] == [left[1]] and came[0].split()[5] == shown


def test_owner_that_waits_for_nobody(crashed, dump, changed, locks):
    """Then there is no ring."""
    sleeper = next(w for w in module_lines(crashed, "thread") if w[2] == "crashme_sleep")
    lock = locks["crashme_right_lock"][0]
    _, came = changed("blocked", (dump.member(lock, "mutex", "owner"), int(sleeper[0], 16) | 1))
    assert [x.split()[5] for x in came] == [sleeper[1]]


@pytest.mark.parametrize("to", BAD)
def test_list_of_a_wheel(crashed, dump, changed, to):
    """What was behind the timer in its list is lost, which may be nothing."""
    timer = int(module_lines(crashed, "timer")[0][0], 16)
    went, came = changed("timers", (timer, BAD[to]))
    if to == "NULL":
        assert not came
    else:
        assert len([x for x in came if x.startswith("!! cpu ")]) == 1
    assert len(went) < 5


@pytest.mark.parametrize("to", ["poison", "user", "odd", "nowhere"])
def test_tree_of_hrtimers(crashed, dump, changed, to):
    timer = int(module_lines(crashed, "hrtimer")[0][0], 16)
    at = timer + dump.offset("rb_node", "rb_right")
    went, came = changed("hrtimers", (at, BAD[to]))
    assert [x for x in came if x.startswith("!! cpu ") and "rbtree" in x] == came and len(came) == 1
    assert not [x for x in went if " boottime " in x]


@pytest.mark.parametrize("to", BAD)
def test_list_of_workqueues(crashed, dump, changed, to):
    """Works that are not active yet are found by it."""
    queue = int(module_lines(crashed, "workqueue")[0][0], 16)
    went, came = changed("workqueues", (dump.member(queue, "workqueue_struct", "pwqs"), BAD[to]))
    assert [x.split()[0] for x in went] == ["inactive"]
    assert [x for x in came if x.startswith(f"!! workqueue {queue:#x}: ")] == came and came


@pytest.mark.parametrize("to", BAD)
def test_tree_of_a_run_queue(dump, changed, to):
    """That a task in line was lost is seen by the count, where nothing else tells it."""
    at = dump.per_cpu("runqueues", 1) + \
        int((dump.whole / "types/struct/rq.cfs").read_text().split()[1]) + \
        dump.offset("cfs_rq", "tasks_timeline")
    went, came = changed("runqueues", (at, BAD[to]))
    assert len(went) == 1 and went[0].endswith(("spin_user", "spin_kernel"))
    assert came and all(x.startswith("!! cpu 1: fair: ") for x in came)


def test_action_that_leads_to_itself(original, dump, changed, machine):
    lines = [x.split() for x in (original / "irqs").read_text().splitlines()]
    timer = one([dict(zip(lines[0], x, strict=False)) for x in lines[1:]],
                NAME=next(iter(machine.handlers)))
    action = int(timer["ACTION"], 16)
    at = dump.member(action, "irqaction", "next")
    _, came = changed("irqs", (at, action))
    assert came == [f"!! irq {timer['IRQ']}: {action:#x} comes again after 1 steps"]
