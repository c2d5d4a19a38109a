"""What a lab has to say of itself before it starts."""

from rich.console import Console


def print_notes(console: Console, notes: tuple[str, ...]) -> None:
    """What the lab found out about this machine and the user may want to know."""
    for note in notes:
        console.print(f"note: {note}", style="cyan", markup=False, soft_wrap=True)
