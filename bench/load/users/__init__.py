"""Locust as a load engine: users who wait and come back, in one process or in many.

On the lab's side, which never imports Locust (importing it patches sockets and threads):

    swarm       the engine as the lab sees it, with the same few verbs as the lab's own generator
    settings    what a swarm is asked for, and the command line that asks Locust for it

In Locust's own processes:

    behaviour   what a user sends and what it accepts as an answer
    pace        when a user sends
    shapes      how the number of users moves
    users       the three above as classes that Locust runs
    telemetry   from Locust's events to the lab's records
    tally       what one process has seen, and all of them together
    wire_bytes  bytes and connections, counted where they pass
"""
