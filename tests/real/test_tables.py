"""The tables of run queues, timers, works and interrupts: what the guest's module planted, what the
guest's /proc said, and what other files of the tree say of the same."""

import pytest
from tables import module_lines, one, rows


def table(path, columns):
    """As tables.rows(), of a table whose lines begin with a mark or a blank: MARK is it."""
    names = columns.split()
    head, *lines = path.read_text().splitlines()
    assert head.split() == names
    bad = [line for line in lines if line.startswith("!!")]
    assert not bad, bad
    return [{"MARK": line[0], **dict(zip(names, line[1:].split(None, len(names) - 1), strict=True))}
            for line in lines]


def ps(mount):
    for line in (mount / "ps").read_text().splitlines()[1:]:
        pid, _, cpu, task, state, *_ = line[1:].split()
        yield line[0] == ">", int(pid), cpu, task, state


@pytest.fixture(scope="module")
def queues(tree):
    return table(tree / "runqueues", "CPU TASK PID ST CLASS PRIO RUNS WAITS KEY GROUP COMM")


def test_each_cpu_executes_what_ps_says(tree, queues):
    assert {(r["CPU"], r["TASK"]) for r in queues if r["MARK"] == ">"} == \
        {(cpu, task) for running, _, cpu, task, _ in ps(tree) if running}


def is_waking(mount, task):
    """TASK_WAKING: on its way to a queue, which a live guest may be caught at."""
    folder = mount / f"objects/task_struct@{task}"
    state = folder / "__state" if (folder / "__state").exists() else folder / "state"
    return int(state.read_text()) == 0x200


def test_each_that_could_run_is_in_line(tree, queues):
    wanted = {(cpu, task) for running, pid, cpu, task, state in ps(tree)
              if state == "RU" and not running and pid and not is_waking(tree, task)}
    assert {(r["CPU"], r["TASK"]) for r in queues if r["MARK"] == " "} == wanted


def test_spinners_are_fair_and_wait_for_each_other(queues):
    spinning = [r for r in queues if r["COMM"] in ("spin_user", "spin_kernel")]
    assert len(spinning) == 2 and {r["CLASS"] for r in spinning} == {"fair"}
    assert {r["GROUP"] for r in spinning} == {"/"}
    waiting = [r for r in spinning if r["MARK"] == " "]
    assert waiting and all(int(r["KEY"]) > 0 and float(r["WAITS"]) < 1 for r in waiting)
    assert all(float(r["RUNS"]) < 1 for r in spinning if r["MARK"] == ">")
    assert one(spinning, **waiting[0])["PRIO"] == "139"


POOLS = "KIND POOL ADDRESS CPU NICE WORKERS IDLE RUNNING PENDING PROGRESS FLAGS"
WORKS = "STATE POOL WORKQUEUE WORK SINCE PID FUNCTION COMM"


@pytest.fixture(scope="module")
def pools(tree):
    return rows(tree / "workqueues", POOLS)


@pytest.fixture(scope="module")
def works(tree):
    return rows(tree / "workqueues", WORKS)


def test_works_of_the_module(guest, works):
    planted = {w[1]: w[0] for w in module_lines(guest, "work")}
    stuck = one(works, WORK=planted["stuck"])
    assert (stuck["STATE"], stuck["WORKQUEUE"], stuck["FUNCTION"]) == \
        ("running", "crashme_wq", "stuck_work[crashme]")
    assert stuck["COMM"].startswith("kworker/u") and stuck["COMM"].endswith("+crashme_wq")
    queued = one(works, WORK=planted["queued"])
    assert (queued["STATE"], queued["WORKQUEUE"], queued["FUNCTION"], queued["PID"]) == \
        ("inactive", "crashme_wq", "idle_work[crashme]", "-")
    delayed = one(works, WORK=planted["delayed"])
    assert (delayed["STATE"], delayed["WORKQUEUE"], delayed["FUNCTION"]) == \
        ("delayed", "crashme_wq", "idle_work[crashme]")
    assert -3600 < float(delayed["SINCE"]) < -3000


def test_pools_have_the_workers_that_there_are(tree, pools):
    """Each kernel thread that is called kworker is a pool's, and no other."""
    names = (line.split(None, 9)[-1] for line in (tree / "ps").read_text().splitlines()[1:])
    workers = [n for n in names if n.startswith("[kworker/") and not n.startswith("[kworker/R-")]
    bottom_halves = [p for p in pools if "bh" in p["FLAGS"].split(",")]
    assert all(p["WORKERS"] == "1" for p in bottom_halves)   # a worker without a thread
    assert sum(int(p["WORKERS"]) for p in pools if p not in bottom_halves) == len(workers)
    assert [int(p["POOL"]) for p in pools] == list(range(len(pools)))


def test_pools_count_their_works(pools, works):
    for pool in pools:
        own = [w for w in works if w["POOL"] == pool["POOL"]]
        assert len([w for w in own if w["STATE"] == "running"]) == int(pool["RUNNING"])
        assert len([w for w in own if w["STATE"] != "running"]) == int(pool["PENDING"])
        assert int(pool["RUNNING"]) + int(pool["IDLE"]) <= int(pool["WORKERS"])
    assert any(pool["CPU"] == "any" for pool in pools)


def test_delayed_works_are_timers(tree, works):
    timers = rows(tree / "timers", "CPU BASE EXPIRES TTE LEFT TIMER FUNCTION OWNER")
    wanted = sorted(t["OWNER"] for t in timers if t["FUNCTION"] == "delayed_work_timer_fn")
    assert sorted(f"work={w['FUNCTION']} wq={w['WORKQUEUE']}" for w in works
                  if w["STATE"] == "delayed") == wanted and len(wanted) > 5
