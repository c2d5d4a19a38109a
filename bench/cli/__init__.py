"""The command line: one function per verb. Everything is parsed here once, then plain values.

Every option can be given as a make variable too (`make bench FRAMEWORK=drf`): make hands its
variables on in the environment. `verbs.py` has the list; a verb's module is loaded when that verb
is called, and what it needs with it.
"""

from bench.cli.main import main, make_variables

__all__ = ["main", "make_variables"]
