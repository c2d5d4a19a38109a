"""Whether the lab can be believed: it measures what is known, and must find just that.

twins          three services made from one: two identical, one with a planted slowdown
comparison     the identical and the slowed one, judged as targets are judged
known_servers  the load generator against servers with known service times
accounting     CPU accounting against processes that burn a known amount
repeated       the same again and again, and how often the verdict is right
burner         the program that `accounting` starts
run            all of it

`plant/` is what slows a service down.
"""
