"""Shows the CPUs that were asked for, where no mount namespace can: see docs/engines.md."""

import os

shown = int(os.environ["LAB_SHOWN_CPUS"])
os.cpu_count = lambda: shown
if hasattr(os, "process_cpu_count"):
    os.process_cpu_count = os.cpu_count
