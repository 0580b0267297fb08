#!/usr/bin/env python3
"""How long a bare fdatasync takes: fifty times a second, after a write of 4 KiB to a new file in the folder, until the input ends. Prints the seconds, sorted, as JSON.

usage: fdatasync_probe.py FOLDER
"""

import json
import os
import select
import sys
import tempfile
import time

taken = []
with tempfile.TemporaryFile(dir=sys.argv[1], buffering=0) as file:
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        file.write(bytes(4096))
        begin = time.monotonic()
        os.fdatasync(file.fileno())
        taken.append(time.monotonic() - begin)
print(json.dumps(sorted(taken)))
