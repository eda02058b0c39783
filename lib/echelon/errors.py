"""Errors that a user can mend. The command line prints them without a traceback and exits with their code."""


class EchelonError(Exception):
    """The run failed for a reason that the message names."""

    exit_code = 1


class ConfigurationError(EchelonError):
    """Wrong usage, or a setting that is unknown or has a wrong value."""

    exit_code = 2


class InputRefused(EchelonError):
    """A source as a whole can't be planned: missing, empty, without a column, or contradictory."""

    exit_code = 3


class CheckBlocked(EchelonError):
    """A critical check failed: the table was not published."""

    exit_code = 4
