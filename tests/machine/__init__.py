"""docs/bare-metal.md followed on a machine of its own: `tests/machine/machine test`.

Not part of `make test`: it boots Debian under qemu, five times. Each file is one boot, or the first
part of one; its tests follow the guide's order, and each reads back what the kernel or systemd says
of what was done.
"""
