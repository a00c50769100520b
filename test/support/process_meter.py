"""What a process costs, as the kernel sees it."""
import os
import time


class ProcessMeter:
    def __init__(self, pid):
        self.proc = f"/proc/{pid}"

    def cpu(self):
        """Seconds on a CPU, of all threads."""
        total = 0
        for task in os.listdir(self.proc + "/task"):
            total += int(open(f"{self.proc}/task/{task}/schedstat").read().split()[0])
        return total / 1e9

    def kib(self, name):
        """A figure of its status, such as VmRSS."""
        return next(int(line.split()[1]) for line in open(self.proc + "/status") if line.startswith(name))

    def forget_peak(self):
        """VmHWM begins anew."""
        with open(self.proc + "/clear_refs", "w") as file:
            file.write("5")

    def settle(self):
        """Waits until the process does nothing any more."""
        last = -1.0
        while (now := self.cpu()) - last > 0.0005:
            last = now
            time.sleep(0.1)
