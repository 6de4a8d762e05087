"""What the figures were measured on and with."""
import os
import re
import subprocess
import time


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).strip().split("\n")[0]


def describe(repository):
    cpu = ""
    with open("/proc/cpuinfo") as file:
        text = file.read()
    if found := re.search(r"^model name\s*:\s*(.*)$", text, re.M):
        cpu = found.group(1)
    features = [name for name in ("sha_ni", "aes", "avx2", "avx512f") if re.search(rf"\b{name}\b", text)]
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": f"{cpu}, {len(os.sched_getaffinity(0))} cores ({' '.join(features)})",
        "load before": " ".join(f"{n:.2f}" for n in os.getloadavg()),
        "kernel": os.uname().release,
        "compiler": first_line("g++", "--version"),
        "openssl": first_line("openssl", "version"),
        "curl": first_line("curl", "--version"),
        "nginx": first_line("nginx", "-v") or "absent",
        "node": first_line("node", "--version") or "absent",
        "commit": first_line("git", "-C", str(repository), "describe", "--always", "--dirty"),
    }
