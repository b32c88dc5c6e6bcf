"""Where debug files are found, and which are refused. /dump/debuginfo says it."""

import errno
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager

import pytest
from forms import variant_of
from machine import machine_of
from mounted import Mount, vmcorefs


@pytest.fixture(scope="module")
def alone(crashed):
    """The dump in a folder that has nothing else, filtered as far as no memory of the kernel goes."""
    return variant_of(crashed, "zlib-d1")[0]


@contextmanager
def mount(tmp_path, *arguments, env=None):
    m = Mount(tmp_path / "mnt", *arguments, env=env)
    try:
        yield m
    finally:
        m.close()


def sections(mounted):
    """{"kernel" or a module: its lines as (what, value)}"""
    found = {}
    for block in (mounted / "dump/debuginfo").read_text().split("\n\n"):
        name, *lines = block.strip("\n").split("\n")
        found[name] = [(line[:18].strip(), line[19:]) for line in lines]
    return found


def used(mounted, name):
    return [value for what, value in sections(mounted)[name] if what == "used"]


def build_id(file):
    notes = subprocess.run(["readelf", "-n", file], capture_output=True, text=True, check=True).stdout
    return re.search(r"Build ID: (\S+)", notes)[1]


def test_nothing(alone, tmp_path):
    with mount(tmp_path, alone) as m:
        assert used(m, "kernel") == used(m, "crashme") == []
        whats = dict(sections(m)["kernel"])
        assert whats["none"] == "no debug file of this kernel was found"
        release = (m / "vmcoreinfo").read_text().partition("OSRELEASE=")[2].split()[0]
        tried = [value for what, value in sections(m)["kernel"] if what == "tried"]
        assert any(t.startswith(f"/usr/lib/debug/boot/vmlinux-{release}:") for t in tried)
        assert any("/.build-id/" in t for t in tried)
        assert (m / "modules/crashme/debuginfo").read_text().endswith(
            "none               no debug file of this module was found\n")


def test_given(alone, crashed, tmp_path):
    with mount(tmp_path, alone, crashed / "vmlinux", "-m", crashed / "crashme.ko") as m:
        assert used(m, "kernel") == [str((crashed / "vmlinux").resolve())]
        assert used(m, "crashme") == [str(crashed / "crashme.ko")]


def test_module_among_the_files(alone, crashed, tmp_path):
    with mount(tmp_path, crashed / "crashme.ko", alone) as m:
        assert used(m, "crashme") == [str(crashed / "crashme.ko")]


def test_beside_the_dump(crashed, tmp_path):
    with mount(tmp_path, crashed / "vmcore") as m:
        assert used(m, "kernel") == [str(crashed / "vmlinux")]
        assert used(m, "crashme") == [str(crashed / "crashme.ko")]


def test_no_debuginfo(crashed, tmp_path):
    with mount(tmp_path, "--no-debuginfo", crashed / "vmcore", crashed / "vmlinux") as m:
        text = (m / "dump/debuginfo").read_text()
        assert text == "none               the dump alone is to be used (--no-debuginfo)\n"


def test_debug_dir(alone, crashed, tmp_path):
    """As distributions lay it out: modules in their tree."""
    tree = tmp_path / "tree"
    release = json.loads((crashed / "meta.json").read_text())["release"]
    deep = tree / "usr/lib/debug/lib/modules" / release
    (deep / "extra").mkdir(parents=True)
    os.symlink((crashed / "vmlinux").resolve(), deep / "vmlinux")
    shutil.copy(crashed / "crashme.ko", deep / "extra/crashme.ko.debug")
    for arguments in (["--debug-dir", tree], [f"--debug-dir={tree}"], ["-o", f"debug_dir={tree}"]):
        with mount(tmp_path, *arguments, alone) as m:
            assert used(m, "kernel") == [str(deep / "vmlinux")]
            assert used(m, "crashme") == [str(deep / "extra/crashme.ko.debug")]
        (tmp_path / "mnt").rmdir()


def test_by_build_id(alone, crashed, tmp_path):
    for file in "vmlinux", "crashme.ko":
        hex_ = build_id(crashed / file)
        place = tmp_path / "tree/.build-id" / hex_[:2]
        place.mkdir(parents=True, exist_ok=True)
        os.symlink((crashed / file).resolve(), place / f"{hex_[2:]}.debug")
    with mount(tmp_path, "--debug-dir", tmp_path / "tree", alone) as m:
        for name, file in ("kernel", "vmlinux"), ("crashme", "crashme.ko"):
            hex_ = build_id(crashed / file)
            assert used(m, name) == [
                str(tmp_path / f"tree/.build-id/{hex_[:2]}/{hex_[2:]}.debug")]


@pytest.fixture(scope="module")
def another(crashed, tmp_path_factory):
    """The module as another build, by its build-id."""
    file = tmp_path_factory.mktemp("another") / "crashme.ko"
    data = bytearray((crashed / "crashme.ko").read_bytes())
    at = data.index(bytes.fromhex(build_id(crashed / "crashme.ko")))
    data[at] ^= 0xff
    file.write_bytes(data)
    return file


def test_another_build(alone, crashed, another, tmp_path):
    with mount(tmp_path, alone, "-m", another) as m:
        assert used(m, "crashme") == []
        given = dict(sections(m)["crashme"])["given"]
        assert given == (f"{another}: build-id {build_id(another)}, but the dump's module has "
                         f"{build_id(crashed / 'crashme.ko')}")
    (tmp_path / "mnt").rmdir()
    with mount(tmp_path, "--force", alone, "-m", another) as m:
        assert used(m, "crashme") == [str(another)]


def test_no_dwarf(alone, crashed, tmp_path):
    """A stripped file does not keep the search from going on."""
    subprocess.run([machine_of(crashed).tools + "strip", "-o", tmp_path / "crashme.ko", "-g", crashed / "crashme.ko"], check=True)
    (tmp_path / "tree").mkdir()
    shutil.copy(crashed / "crashme.ko", tmp_path / "tree")
    with mount(tmp_path, alone, "-m", tmp_path / "crashme.ko", "--debug-dir", tmp_path / "tree") as m:
        assert ("given", f"{tmp_path}/crashme.ko: no DWARF in it") in sections(m)["crashme"]
        assert used(m, "crashme") == [str(tmp_path / "tree/crashme.ko")]


def test_belongs_to_none(alone, crashed, tmp_path):
    shutil.copy(crashed / "crashme.ko", tmp_path / "other-name.ko")
    with mount(tmp_path, alone, "-m", tmp_path / "other-name.ko", "-m", "/bin/sh") as m:
        text = (m / "dump/debuginfo").read_text()
        assert f"given              {tmp_path}/other-name.ko: no such module is loaded\n" in text
        assert re.search(r"given              /\S*: not the name of a module\n", text)


def test_no_such_file(alone, tmp_path):
    (tmp_path / "mnt").mkdir()
    for arguments in (["-m", "/nowhere/x.ko"], ["--debug-dir", "/nowhere"]):
        status, _, error = vmcorefs(*arguments, alone, tmp_path / "mnt")
        assert status != 0 and error.count("\n") == 1 and "No such file" in error, error


class Server(http.server.BaseHTTPRequestHandler):
    """As much of debuginfod as its client asks for: /buildid/ID/debuginfo."""

    files = {}
    asked = []

    def do_GET(self):
        self.asked.append(self.path)
        file = self.files.get(self.path)
        if not file:
            self.send_error(404)
            return
        data = file.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    Server.files, Server.asked = {}, []
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    yield s
    s.shutdown()
    s.server_close()


def test_debuginfod(alone, crashed, server, tmp_path):
    path = f"/buildid/{build_id(crashed / 'crashme.ko')}/debuginfo"
    Server.files[path] = crashed / "crashme.ko"
    env = dict(os.environ, DEBUGINFOD_URLS=f"http://localhost:{server.server_port}",
               DEBUGINFOD_CACHE_PATH=str(tmp_path / "cache"), XDG_CACHE_HOME=str(tmp_path / "xdg"))
    with mount(tmp_path, alone, env=env) as m:
        assert [open(f, "rb").read() for f in used(m, "crashme")] == [
            (crashed / "crashme.ko").read_bytes()]
        assert used(m, "kernel") == []
    assert path in Server.asked
    assert f"/buildid/{build_id(crashed / 'vmlinux')}/debuginfo" in Server.asked


def test_no_debuginfod(alone, server, tmp_path):
    env = dict(os.environ, DEBUGINFOD_URLS=f"http://localhost:{server.server_port}",
               XDG_CACHE_HOME=str(tmp_path / "xdg"))
    with mount(tmp_path, "--no-debuginfo", alone, env=env) as m:
        (m / "dump/debuginfo").read_text()
        (m / "panic/stack").read_text()
    assert Server.asked == []


def test_vmlinux_is_cut_while_it_is_used(alone, crashed, tmp_path):
    """It is mapped: what is gone of it costs what needs it, with an error. A whole one is used again."""
    vmlinux = shutil.copy(crashed / "vmlinux", tmp_path / "vmlinux")
    size = os.stat(vmlinux).st_size
    env = dict(os.environ, XDG_CACHE_HOME=str(tmp_path / "xdg"))
    with mount(tmp_path, alone, vmlinux, env=env) as m:
        wanted = (m / "symbols/schedule/source").read_text()
        assert re.match(r"\S+:\d+", wanted)
        os.truncate(vmlinux, size // 3)
        failed = 0
        for name in "vfs_read", "do_exit", "kmalloc_trace", "tcp_sendmsg", "schedule_timeout", "ksys_read":
            for file in "source", "declaration", "disassembly":
                try:
                    (m / f"symbols/{name}/{file}").read_bytes()
                except OSError as e:
                    failed += e.errno == errno.EIO
        assert failed and m.daemon.poll() is None
        assert (m / "symbols/schedule/source").read_text() == wanted
        assert (m / "log").read_text()
    (tmp_path / "mnt").rmdir()
    shutil.copy(crashed / "vmlinux", vmlinux)
    with mount(tmp_path, alone, vmlinux, env=env) as m:
        assert (m / "symbols/schedule/source").read_text() == wanted
