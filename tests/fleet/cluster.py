"""A cluster of one node on this machine, for as long as a test wants it: munged, slurmctld, slurmd."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PATIENCE = 60


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    """Its files are below @folder; .env is what programs that talk to it need."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.running = []
        self.conf = self.folder / "slurm.conf"
        self.env = {**os.environ, "SLURM_CONF": str(self.conf)}
        for name in ("state", "spool", "log"):
            (self.folder / name).mkdir(parents=True, mode=0o755)
        self.folder.chmod(0o755)
        self.start_munge()
        self.write_conf()
        self.start("slurmctld", "slurmctld", "-D", "-c")
        self.start("slurmd", "slurmd", "-D", "-c", "-N", "here")
        self.wait_until_idle()

    def start(self, name, *args):
        with open(self.folder / f"log/{name}", "wb") as log:
            # pylint: disable-next=consider-using-with
            self.running.append(subprocess.Popen(args, stdout=log, stderr=log, env=self.env,
                                                 stdin=subprocess.DEVNULL))

    def start_munge(self):
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.socket = self.folder / "munge.socket"
        self.start("munged", "munged", "-F", "--force", f"--key-file={key}",
                   f"--socket={self.socket}", f"--pid-file={self.folder}/munged.pid",
                   f"--log-file={self.folder}/log/munged.log",
                   f"--seed-file={self.folder}/munged.seed", "--num-threads=2")
        self.wait(self.socket.exists, "munged")

    def write_conf(self):
        control, node = free_ports(2)
        self.conf.write_text(f"""
ClusterName=here
SlurmctldHost=localhost
SlurmUser=root
SlurmctldPort={control}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={self.socket}
CredType=cred/munge
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={self.folder}/spool
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,sched_min_interval=200000
MinJobAge=10
NodeName=here NodeHostname=localhost NodeAddr=localhost CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=all Nodes=here Default=YES MaxTime=INFINITE State=UP
""")

    def wait(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            for process in self.running:
                assert process.poll() is None, self.logs()
            assert time.monotonic() < end, f"{what} did not come up\n{self.logs()}"
            time.sleep(0.1)

    def wait_until_idle(self):
        def idle():
            done = subprocess.run(["sinfo", "-h", "-o", "%T"], env=self.env, capture_output=True,
                                  text=True, check=False)
            return done.stdout.strip() == "idle"
        self.wait(idle, "the node")

    def logs(self):
        return "\n".join(f"{p.name}:\n{p.read_text(errors='replace')[-2000:]}"
                         for p in (self.folder / "log").iterdir())

    def close(self):
        for process in reversed(self.running):
            process.terminate()
        for process in reversed(self.running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
