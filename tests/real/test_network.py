"""/network: interfaces and sockets of all namespaces, compared with what the guest itself said of them."""

import collections
import json
import os
import re
import struct
from pathlib import Path

import pytest
from forms import skip_foreign
from plain import lines, pids, users


@pytest.fixture(scope="module")
def truth(crashed):
    return Path(crashed) / "truth"


@pytest.fixture(scope="module")
def copier(truth):
    return str(json.loads((truth / "load.json").read_text())["truth"]["pid"])


def test_interfaces(original, truth):
    spaces = collections.defaultdict(dict)
    for line in lines(original, "network/interfaces"):
        ns, index, name, state, mtu, _, mac, flags, addresses = line.split(maxsplit=8)
        spaces[ns][name] = index, state, mtu, mac, flags.split(","), addresses.split()
    host = os.readlink(truth / "proc/1/ns/net")[5:-1]
    for folder in (truth / "sys/class/net").iterdir():
        index, state, mtu, mac, flags, addresses = spaces[host][folder.name]

        def said(name, folder=folder):
            return (folder / name).read_text().strip()

        assert [index, state.lower(), mtu] == [said("ifindex"), said("operstate"), said("mtu")]
        assert mac == (said("address") or "-")
        assert ("UP" in flags) == bool(int(said("flags"), 16) & 1)
        six = [line.split() for line in (truth / "proc/net/if_inet6").read_text().splitlines()]
        six = {(words[0], int(words[2], 16)) for words in six if words[5] == folder.name}
        ours = {(expand(a), int(n)) for a, n in (a.split("/") for a in addresses) if ":" in a}
        assert ours == six
        local = re.findall(r"\|-- (\S+)\n\s+/32 host LOCAL", (truth / "proc/net/fib_trie").read_text())
        assert {a.split("/")[0] for a in addresses if ":" not in a} == set(local)
    others = 0
    for pid in pids(truth):
        dev = truth / "proc" / pid / "net/dev"
        if dev.exists():
            ns = os.readlink(truth / "proc" / pid / "ns/net")[5:-1]
            names = {line.split(":")[0].strip() for line in dev.read_text().splitlines()[2:]}
            assert set(spaces[ns]) == names
            others += 1
    assert others


def expand(address):
    """An address of IPv6 in 32 digits."""
    if address == "-":
        return None
    begin, _, end = address.partition("::")
    begin, end = [b for b in begin.split(":") if b], [e for e in end.split(":") if e]
    words = begin + ["0"] * (8 - len(begin) - len(end)) + end
    return "".join(word.rjust(4, "0") for word in words)


STATES = ["?", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN",
          "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING"]


def end(word):
    """An end of /proc/net/{tcp,udp,raw}* in the form of ss."""
    address, port = word.split(":")
    data = b"".join(struct.pack("=I", int(address[i:i + 8], 16)) for i in range(0, len(address), 8))
    if len(data) == 4:
        text = ".".join(map(str, data))
    else:
        text = data.hex()
    port = int(port, 16)
    return text, str(port) if port else "*"


def ours(word):
    text, port = word.rsplit(":", 1)
    return expand(text[1:-1]) if text.startswith("[") else text, port


def inet_sockets(proc, netid):
    """Counter of (state, local, peer, queues) that the guest's own tables had."""
    names = {"tcp": ["tcp", "tcp6"], "udp": ["udp", "udp6"], "udpl": ["udplite", "udplite6"],
             "raw": ["raw", "raw6"]}[netid]
    found = collections.Counter()
    for name in names:
        if not (proc / "net" / name).exists():
            continue
        for line in (proc / "net" / name).read_text().splitlines()[1:]:
            words = line.split()
            state = STATES[int(words[3], 16)]
            send, receive = (str(int(n, 16)) for n in words[4].split(":"))
            if state == "LISTEN":
                send = None   # here the most that may wait
            found[state, end(words[1]), end(words[2]), receive, send] += 1
    return found


@pytest.mark.parametrize("netid", ["tcp", "udp", "udpl", "raw"])
def test_inet_sockets(original, truth, netid):
    spaces = collections.defaultdict(collections.Counter)
    for line in lines(original, "network/sockets"):
        kind, state, receive, send, local, peer, ns, _ = line.split(maxsplit=7)
        if kind == netid and ":" in local:
            send = None if state == "LISTEN" else send
            spaces[ns][state, ours(local), ours(peer), receive, send] += 1
    compared = 0
    for pid in ["1", *(p for p in pids(truth) if (truth / "proc" / p / "net/tcp").exists())]:
        ns = os.readlink(truth / "proc" / pid / "ns/net")[5:-1]
        proc = truth / "proc" if pid == "1" else truth / "proc" / pid
        then = inet_sockets(proc, netid)
        assert spaces[ns] == then
        compared += sum(then.values())
    if not compared:
        pytest.skip("this kernel has none")


def test_unix_sockets(original, truth):
    inodes = set()
    for line in lines(original, "network/sockets"):
        kind, _, _, _, local, _, _, _ = line.split(maxsplit=7)
        if kind.startswith("u_"):
            inodes.add((kind, local.rsplit(":", 1)[1]))
    kinds = {"0001": "u_str", "0002": "u_dgr", "0005": "u_seq"}
    then = set()
    for line in (truth / "proc/net/unix").read_text(errors="replace").splitlines()[1:]:
        words = line.split()
        then.add((kinds[words[4]], words[6]))
    assert then <= inodes and len(then) > 10


def test_netlink_and_packet_sockets(original, truth):
    count = collections.Counter()
    host = os.readlink(truth / "proc/1/ns/net")[5:-1]
    for line in lines(original, "network/sockets"):
        kind, _, _, _, local, _, ns, _ = line.split(maxsplit=7)
        if ns == host and local != "*":
            count[kind] += 1
    netlink = (truth / "proc/net/netlink").read_text().splitlines()[1:]
    packet = (truth / "proc/net/packet").read_text().splitlines()[1:]
    assert count["nl"] == len(netlink)
    assert count["p_raw"] + count["p_dgr"] == len(packet)


def test_tasks_of_sockets(original, truth, copier):
    """Each descriptor of a socket is in the table, and no other."""
    then = set()
    for pid in pids(truth) - {copier}:
        for fd in (truth / "proc" / pid / "fd").iterdir():
            if os.readlink(fd).startswith("socket:["):
                then.add((pid, fd.name))
    now = {(pid, fd) for pid, fd in users((original / "network/sockets").read_text())
           if pid != copier}
    assert now == then and len(then) > 30


def who(text):
    """Who has a socket open, in no order."""
    return frozenset(re.findall(r'\("([^"]*)",pid=(\d+),fd=(\d+)\)', text))


def test_ss(original, truth, crashed):
    """What ss said in the guest of who has which socket of the internet, and of their queues."""
    skip_foreign(crashed, "ss is this machine's own, which no foreign kernel runs")
    host = os.readlink(truth / "proc/1/ns/net")[5:-1]
    now, then = set(), set()
    for line in lines(original, "network/sockets"):
        kind, state, receive, send, local, peer, ns, tasks = line.split(maxsplit=7)
        if ns == host and kind in ("tcp", "udp", "raw") and ":" in local:
            queues = None if state == "LISTEN" else (receive, send)
            now.add((kind, state, queues, local, peer, who(tasks)))
    for line in (truth / "programs/ss").read_text().splitlines()[1:]:
        kind, state, receive, send, local, peer, *tasks = line.split()
        if kind in ("tcp", "udp", "raw"):
            queues = None if state == "LISTEN" else (receive, send)
            local, peer = (f"[::]{end_[1:]}" if end_[0] == "*" else end_ for end_ in (local, peer))
            then.add((kind, state, queues, local, peer, who(*tasks)))
    assert now == then and len(then) > 15
