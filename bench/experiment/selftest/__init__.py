"""Whether the lab can be believed: it measures what is known, and must find just that.

checks         what was seen against what must be seen; pure
twins          three services made from one: two identical, one with a planted slowdown
comparison     the identical and the slowed one, judged as targets are judged
known_servers  the load generator against servers with known service times
accounting     CPU accounting against processes that burn a known amount
run            all of it

`burner` is the program that `accounting` starts; `plant/` is what slows a service down.
"""
