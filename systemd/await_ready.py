"""Wait until an address answers 200: `python await_ready.py http://127.0.0.1:8000/readyz`.

For services that do not tell systemd themselves when they are ready. systemd ends the wait
(TimeoutStartSec=).
"""

import sys
import time
import urllib.request


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the lab's own address
            return bool(answer.status == 200)
    except OSError:
        return False


while not answers(sys.argv[1]):
    time.sleep(0.05)
