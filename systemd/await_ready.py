"""Wait until an address answers 200: `python await_ready.py http://127.0.0.1:8000/readyz`.

For services that do not tell systemd themselves when they are ready. systemd ends the wait
(TimeoutStartSec=).
"""

import sys
import time
import urllib.request

# Whatever proxy the manager's environment names has no way to this machine's own services.
directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str) -> bool:
    try:
        with directly.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


while not answers(sys.argv[1]):
    time.sleep(0.05)
