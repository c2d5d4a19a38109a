"""Which ports the kernel gives to clients: a server that wants one of them may find it taken."""

from bench.kernel.tree import REAL, KernelTree

_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
_RESERVED = "/proc/sys/net/ipv4/ip_local_reserved_ports"


def ports_for_clients(tree: KernelTree = REAL) -> tuple[int, int] | None:
    """The numbers of the first and the last one; None where the kernel does not say."""
    first, _, last = tree.read(_RANGE).partition("\t")
    try:
        return int(first), int(last)
    except ValueError:
        return None


def given_to_clients(ports: tuple[int, ...], tree: KernelTree = REAL) -> tuple[int, ...]:
    """Those of these ports that a client may be given: in the range, and not reserved."""
    span = ports_for_clients(tree)
    if span is None:
        return ()
    reserved = set(tree.cpus(_RESERVED))  # a list of the same form as one of CPUs
    return tuple(port for port in ports if span[0] <= port <= span[1] and port not in reserved)
