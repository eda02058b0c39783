"""The configuration of a run: strict models and the loader."""

from echelon.config.loader import fingerprint, load
from echelon.config.models import Configuration

__all__ = ["Configuration", "fingerprint", "load"]
