"""What a CSV source states in its options."""

from echelon.config.models import Source


def option(source: Source, *names: str, default: str = "") -> str:
    """A reader option under any of its names, which Spark takes in any case."""
    given = [value for key, value in source.options.items() if key.lower() in names]
    return given[-1] if given else default


def encoding_of(source: Source) -> str:
    """The encoding of a CSV source as it is stated, UTF-8 otherwise."""
    return option(source, "encoding", "charset", default="UTF-8")


def separator_of(source: Source) -> str:
    """What stands between two values; a tab may be written as Spark takes it too."""
    return option(source, "sep", "delimiter", default=",").replace(r"\t", "\t")
