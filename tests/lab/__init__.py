"""Makes crash dumps of real Debian kernels and records the truth about them: see README.md."""

from .base import LabError
from .dumps import dump
from .variants import plain_variant, possible, variant

__all__ = ["LabError", "dump", "plain_variant", "possible", "variant"]
