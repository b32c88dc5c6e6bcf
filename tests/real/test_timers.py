"""/timers and /hrtimers: what the guest's module armed, what its /proc/timer_list said, and crash's own
lists of the same dump."""

import re

import pytest
from forms import skip_foreign
from lab import peers
from tables import module_lines, one, rows, truth

TIMERS = "CPU BASE EXPIRES TTE LEFT TIMER FUNCTION OWNER"
HRTIMERS = "CPU CLOCK SOFTEXPIRES EXPIRES TTE HRTIMER FUNCTION OWNER"
FAR = 100 * 10**9   # what expires later than this was there when the guest's /proc was copied


@pytest.fixture(scope="module")
def timers(tree):
    return rows(tree / "timers", TIMERS)


@pytest.fixture(scope="module")
def hrtimers(tree):
    return rows(tree / "hrtimers", HRTIMERS)


def test_timer_of_the_module(guest, timers):
    address, expires = module_lines(guest, "timer")[0]
    row = one(timers, TIMER=address)
    assert row["EXPIRES"] == expires
    assert (row["FUNCTION"], row["OWNER"]) == ("timer_expired[crashme]", "crashme_timer[crashme]")
    assert 3000 < float(row["LEFT"]) < 3600


def test_hrtimer_of_the_module(guest, hrtimers):
    address, expires = module_lines(guest, "hrtimer")[0]
    row = one(hrtimers, HRTIMER=address)
    assert (row["CLOCK"], row["EXPIRES"], row["SOFTEXPIRES"]) == ("monotonic", expires, expires)
    assert row["FUNCTION"] == "hrtimer_expired[crashme]"
    assert 3000e9 < int(row["TTE"]) < 3600e9


def test_delayed_work_names_its_function_and_queue(guest, timers):
    work = next(w[0] for w in module_lines(guest, "work") if w[1] == "delayed")
    row = one(timers, OWNER="work=idle_work[crashme] wq=crashme_wq")
    assert 0 < int(row["TIMER"], 16) - int(work, 16) < 128
    assert row["FUNCTION"] == "delayed_work_timer_fn"


def test_sleepers_are_named(guest, timers, hrtimers):
    nap = next(w for w in module_lines(guest, "thread") if w[2] == "crashme_nap")
    assert one(timers, OWNER=f"pid={nap[1]} comm=crashme_nap")["FUNCTION"] == "process_timeout"
    owners = {r["FUNCTION"]: r["OWNER"] for r in hrtimers}
    assert owners["posix_timer_fn"] == owners["it_real_fn"]
    assert re.fullmatch(r"pid=\d+ comm=timers", owners["it_real_fn"])
    assert any(r["OWNER"].endswith("comm=w_nanosleep") for r in hrtimers)
    assert one(hrtimers, FUNCTION="hrtimer_wakeup", CLOCK="boottime")["OWNER"].endswith(
        "comm=w_clock")


def timer_list(folder):
    """(clock's number, function, soft, hard expiry, left) of /proc/timer_list."""
    for clock, text in re.findall(r"^ clock (\d+):\n(.*?)(?=^ clock|^  \.expires_next|\Z)",
                                  truth(folder, "timer_list"), re.M | re.S):
        for function, soft, hard, left in re.findall(
                r"(?:<\w+>|\w+), (\w+)(?: \[\w+\])?, S:.*\n # expires at (\d+)-(\d+) nsecs \[in (-?\d+)", text):
            yield int(clock), function, soft, hard, int(left)


def test_hrtimers_are_those_of_timer_list(guest, hrtimers):
    wanted = {(function, soft, hard) for _, function, soft, hard, left in timer_list(guest)
              if left > FAR}
    ours = {(r["FUNCTION"].split("[")[0], r["SOFTEXPIRES"], r["EXPIRES"]) for r in hrtimers
            if int(r["TTE"]) > FAR}
    assert ours == wanted and len(wanted) >= 6


def test_next_to_expire_comes_first(timers, hrtimers):
    for table, keys, when in (timers, ("CPU", "BASE"), "EXPIRES"), (hrtimers, ("CPU", "CLOCK"),
                                                                    "EXPIRES"):
        groups = {}
        for row in table:
            groups.setdefault(tuple(row[k] for k in keys), []).append(int(row[when]))
        assert len(groups) >= 3
        assert all(g == sorted(g) for g in groups.values())


def test_what_is_due_is_soon(timers, hrtimers):
    """A timer that should long have expired would be a wrong clock."""
    assert min(float(r["LEFT"]) for r in timers) > -2
    assert min(int(r["TTE"]) for r in hrtimers) > -2 * 10**9


def test_crash_lists_the_same(original, crashed, suite):
    if suite == "sid":
        pytest.skip("crash 9.0.2 does not start on a kernel of 7.x")
    skip_foreign(crashed)
    done = peers.run(["crash", "-s", crashed / "vmlinux", crashed / "vmcore"],
                     *peers.dump_folders(crashed), input="timer\ntimer -r\n", stdin=None, timeout=600)
    theirs = set(re.findall(r"^ +(\d+) +(-?\d+) +([0-9a-f]{16}) +[0-9a-f]{16}  <(\w+)>", done.stdout,
                            re.M))
    timers = rows(original / "timers", TIMERS)
    third = "DEF" if any(r["BASE"] == "GLOBAL" for r in timers) else None   # crash knows but two
    ours = {(r["EXPIRES"], r["TTE"], r["TIMER"], r["FUNCTION"].split("[")[0])
            for r in timers if r["BASE"] != third}
    assert ours == theirs and len(ours) > 10, done.stdout[:2000]
    theirs = set(re.findall(r"^ +(\d+) +(\d+) +-?\d+ +([0-9a-f]{16}) +[0-9a-f]{16}  <(\w+)>",
                            done.stdout, re.M))
    ours = {(r["SOFTEXPIRES"], r["EXPIRES"], r["HRTIMER"], r["FUNCTION"].split("[")[0])
            for r in rows(original / "hrtimers", HRTIMERS)}
    assert ours == theirs and len(ours) > 10, done.stdout[-2000:]
