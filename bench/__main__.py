"""`python -m bench <verb>`."""

import os
import sys

if __name__ == "__main__":
    if not sys.flags.utf8_mode:
        # Every file is UTF-8, whatever the locale says, here and in what is started from here. Only
        # the terminal has an encoding of its own: see bench/cli/main.py.
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    from bench.cli import main

    main()
