"""One exception tree. Each error says what is wrong and, where there is one, the remedy.

LabError                    exit code 1
├── UsageError              exit code 2: what was asked for does not exist or does not fit together
├── SetupError              something the lab needs is not there (PostgreSQL, a CPU, a permission)
│   └── PortTaken           another process listens where a unit should
├── UnitFailed              a unit did not start, did not become ready, or died
├── DatabaseFailed          a database refused work that the lab needs done
├── TargetUnfit             a target does not keep the contract; it is reported and not measured
├── GeneratorFailed         the load generator itself broke; nothing is known about the target
│   └── RateRefused         it cannot keep the rate that was asked for
├── LabBusy                 another measurement is using this machine
└── StoreError              a run cannot be written or read
"""


class LabError(Exception):
    """A failure that the user can understand: `message`, and what to do about it (`remedy`)."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message


class UsageError(LabError):
    exit_code = 2


class SetupError(LabError):
    pass


class PortTaken(SetupError):
    pass


class UnitFailed(LabError):
    pass


class DatabaseFailed(LabError):
    pass


class TargetUnfit(LabError):
    pass


class GeneratorFailed(LabError):
    pass


class RateRefused(GeneratorFailed):
    pass


class LabBusy(LabError):
    pass


class StoreError(LabError):
    pass
