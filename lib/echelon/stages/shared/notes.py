"""What a stage tells beside its outcome."""


def note(stage: str, text: str) -> None:
    """One line on the terminal."""
    print(f"{stage:<10} note: {text}", flush=True)
