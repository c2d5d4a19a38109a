"""Where Gunicorn finds the application. It preloads this, once, before it forks."""

import gc

from inventory.tuned import create_app

app = create_app()

# What is loaded by now stays: the collector need not look at it again. Done before the fork, it
# leaves the pages shared between Gunicorn's two processes.
gc.collect()
gc.freeze()
