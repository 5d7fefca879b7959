"""What slow clients do to others: `slow_clients.py LOQUAT [CONNECTIONS [SECONDS]]`, started by `.ci/slow-clients`.

While slowhttptest holds many connections from 127.0.0.1, a new one from 127.0.0.2 asks for something every 100 ms, and every
answer is timed. Prints a table, and fails when an answer took too long or did not come.
"""

import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

LOQUAT = sys.argv[1]
CONNECTIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 20
LIMIT_MS = 200.0
BESIDES = "127.0.0.2"

WAYS = {
    "slow headers": ["-H", "-i", "5", "-x", "24"],
    "slow body": ["-B", "-i", "5", "-s", "8192", "-x", "24"],
    "range": ["-R", "-a", "5", "-b", "3000"],
    "slow read": ["-X", "-w", "16", "-y", "64", "-n", "5", "-z", "8", "-k", "3"],
}
# This machine is not counted while no proxy is named, since one may stand in front: with somebody else's named, it is.
SETTINGS = {"defaults": {}, "bound": {"LOQUAT_TRUSTED_PROXIES": "192.0.2.1"}}


class Server:
    """A server on a port of its own."""

    def __init__(self, folder, settings):
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "LOQUAT_DEFAULT_MODEL": "demo", "RUST_LOG": "warn"}
        self.log = open(os.path.join(folder, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [LOQUAT, "serve", "--listen", "127.0.0.1:0", "--data-dir", os.path.join(folder, "data")],
            env=environment | settings, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stdout.readline().strip()).group(1))

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) // 1024

    def connections(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)
        self.log.close()


class Asking(threading.Thread):
    """Asks every 100 ms, each time over a new connection, and keeps how long it took."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.times, self.failures = server, [], []
        self.most_memory = self.most_open = 0
        self.done = threading.Event()

    def run(self):
        while not self.done.is_set():
            began = time.perf_counter()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5, source_address=(BESIDES, 0))
                connection.request("GET", "/api/settings")
                response = connection.getresponse()
                response.read()
                connection.close()
                if response.status != 200:
                    self.failures.append(f"status {response.status}")
            except OSError as error:
                self.failures.append(repr(error))
            self.times.append((time.perf_counter() - began) * 1000)
            self.most_memory = max(self.most_memory, self.server.resident_mib())
            self.most_open = max(self.most_open, self.server.connections())
            time.sleep(max(0.0, 0.1 - (time.perf_counter() - began)))

    def end(self):
        self.done.set()
        self.join(10)
        return self


def attack(server, way):
    """Runs one attack to its end, and returns what somebody else saw of it."""
    asking = Asking(server)
    asking.start()
    if way == "none":
        time.sleep(5)
        return asking.end()
    url = f"http://127.0.0.1:{server.port}/" + ("api/docs" if way in ("range", "slow read") else "api/login/")
    subprocess.run(
        ["slowhttptest", "-c", str(CONNECTIONS), "-r", "1000", "-l", str(SECONDS), "-p", "5", "-v", "1", "-u", url, *WAYS[way]],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=SECONDS + 120)
    return asking.end()


def main():
    failed = False
    print("| settings | attack | requests | p50 | p99 | longest | failed | files open | memory |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, settings in SETTINGS.items():
        for way in ["none", *WAYS]:
            with tempfile.TemporaryDirectory() as folder:
                server = Server(folder, settings)
                try:
                    seen = attack(server, way)
                    alive = server.process.poll() is None
                finally:
                    server.stop()
            times = sorted(seen.times)
            p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
            print(f"| {name} | {way} | {len(times)} | {statistics.median(times):.1f} ms | {p99:.1f} ms | {times[-1]:.1f} ms "
                  f"| {len(seen.failures)} | {seen.most_open} | {seen.most_memory} MiB |", flush=True)
            if not alive or seen.failures or times[-1] > LIMIT_MS:
                failed = True
                print(f"FAILED: {seen.failures[:3]}" if alive else "FAILED: the server is gone", file=sys.stderr)
            if name == "bound" and seen.most_open > 2048 + 200:
                failed = True
                print(f"FAILED: {seen.most_open} files are open", file=sys.stderr)
    sys.exit(1 if failed else 0)


main()
