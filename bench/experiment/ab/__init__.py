"""Before and after in one run: states of a service, set against each other.

side_specs    what BASE=, WITH=, ENV= and SERVE= mean: a reference and what is compared with it
code          the code of a state: a commit's, or a copy of the working tree's
environments  the packages of a state: as a uv.lock has them, or with others in their place
sides         from what is asked to targets in a lab of their own
rounds        the plan, and when it has been measured for long enough
run           all of it
"""
