"""Runs that are more than a bench, in words."""

from bench.model import Crosscheck, Saturation, Study, Sweep


def study_words(study: Study) -> str:
    """What is studied, where a bench would name its pacing."""
    match study:
        case Sweep():
            return f"closed loop, {min(study.levels)} to {max(study.levels)} connections"
        case Saturation():
            return (
                f"open loop, {study.arrivals} arrivals, search for the highest rate with a p99 "
                f"latency of at most {study.objective_s * 1e3:g} ms"
            )
        case Crosscheck():
            return "the same rate from the lab's own generator and from Locust"
