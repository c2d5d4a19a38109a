"""Runs in which each cell has a load of its own: what their cells say, and what comes next.

sweep        how the rate grows with connections, and the law behind it
saturation   the highest rate that holds a latency objective
ab           what a change does to a service, and whether that is known
crosscheck   whether two generators agree about one service
"""
