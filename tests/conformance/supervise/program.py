"""A unit for the supervisors to run: listens on a port and does what it is told.

    program.py PORT BEHAVIOUR

burn      keeps one CPU busy
children  starts a child that burns 0.3 s of CPU and ends, and one that sleeps
heir      starts a child that ends in good order when told to, and says so
exit      says why and ends with 3
deaf      ignores SIGTERM and SIGINT
swell     needs 100 MB for a moment at each connection
fork      answers from a child that does not care for its parent
leave     answers from a process that has left its parent and its session
silent    runs, and never listens
unprepared  is a preparation that fails
"""

import os
import signal
import socket
import subprocess
import sys
import time


def main() -> None:
    port, behaviour = int(sys.argv[1]), sys.argv[2]
    if behaviour == "exit":
        sys.stdout.write("this unit has nothing to live for\n")
        sys.exit(3)
    if behaviour == "unprepared":
        sys.stdout.write("no schema today\n")
        sys.exit(1)
    if behaviour == "silent":
        time.sleep(600)
    if behaviour == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if behaviour == "children":
        burner = "import time\nwhile time.process_time() < 0.3: pass"
        subprocess.run([sys.executable, "-S", "-c", burner], check=True)
        subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    if behaviour == "heir":
        obedient = (
            "import signal, sys\n"
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit('the heir is done'))\n"
            "print('the heir is ready', flush=True)\n"
            "while True: signal.pause()"
        )
        subprocess.Popen([sys.executable, "-S", "-c", obedient])
    server = socket.create_server(("127.0.0.1", port))
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    if behaviour == "fork":
        if os.fork():
            signal.pause()
        signal.alarm(600)  # whoever started it may have been stopped meanwhile
    if behaviour == "leave":
        if os.fork():
            signal.pause()
        os.setsid()
        if os.fork():
            os._exit(0)
        signal.alarm(600)
    if behaviour == "burn":
        while True:
            pass
    while True:
        server.accept()[0].close()
        if behaviour == "swell":
            bytes(bytearray(b"x") * 100_000_000)
        time.sleep(0)


if __name__ == "__main__":
    main()
