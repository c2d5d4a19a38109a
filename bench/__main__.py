"""`python -m bench <verb>`."""

import gc
import sys
from pathlib import Path

if not __package__:  # named by its folder, which stands where its parent has to
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench.environment import insulate

if __name__ == "__main__":
    insulate()
    # What is loaded stays to the end: to look through it for garbage would take a sixth of a start.
    gc.disable()
    # Only now: until here, anybody's packages could have been found.
    from bench.cli import main

    gc.freeze()
    gc.enable()
    main()
