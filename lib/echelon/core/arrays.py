"""Names for arrays: what they hold, and by custom how many dimensions they have. Docstrings give the shapes."""

from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]  # (n,)
Matrix = npt.NDArray[np.float64]  # (n, m)
Doubles = npt.NDArray[np.float64]  # of any shape
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]
Cells = npt.NDArray[np.uint16]
Records = Any  # an array of records: numpy's types do not know their fields
