"""What the lab reads of a process's status, on the status files of several kernels."""

import os
from pathlib import Path

import pytest

from bench.placement import parse_cpulist
from bench.procstatus import fields_of, process_status, size_bytes, thread_status

STATUS_FILES = sorted((Path(__file__).parent / "kernels").glob("status-*.txt"))


@pytest.fixture(params=STATUS_FILES, ids=lambda path: path.stem)
def fields(request):
    return fields_of(request.param.read_text())


def test_context_switches_are_found_whatever_follows_them(fields):
    """Kernels with shadow stacks write lines after the context switches."""
    assert int(fields["voluntary_ctxt_switches"]) == 1290
    assert int(fields["nonvoluntary_ctxt_switches"]) == 37


def test_sizes_and_cpus_are_found_on_every_kernel(fields):
    """Sizes are in bytes; the CPUs are a list that the lab can parse."""
    assert size_bytes(fields, "VmHWM") == 48128 * 1024
    assert size_bytes(fields, "VmRSS") == 46080 * 1024
    assert parse_cpulist(fields["Cpus_allowed_list"]) == (1,)


def test_a_process_that_is_ending_has_no_sizes():
    """A zombie's status has no Vm lines; asking for one is a KeyError, no zero."""
    with pytest.raises(KeyError):
        size_bytes(fields_of("Name:\tpython\nState:\tZ (zombie)\n"), "VmRSS")


def test_a_living_process_and_its_threads_are_read():
    """The reader and this machine's own kernel agree."""
    assert process_status(os.getpid())["Pid"] == str(os.getpid())
    assert int(thread_status(os.getpid(), os.getpid())["voluntary_ctxt_switches"]) >= 0
