"""Runs a command with providers and gateway at hand: with_house.py COMMAND ARGUMENT…

The command finds them by CLAW_URL, the gateway's own, and CLAW_PRIMARY_URL, the first provider's.
"""

import os
import subprocess
import sys

from house import House

house = House()
try:
    environment = {**os.environ, "CLAW_URL": house.url, "CLAW_PRIMARY_URL": house.primary.url}
    # Bounded: a client that hangs is a failure, not a wait.
    code = subprocess.run(sys.argv[1:], env=environment, timeout=300).returncode
finally:
    stopped = house.stop()
assert stopped == 0, f"the gateway ended with {stopped}, told to stop"
sys.exit(code)
