"""What Spark's Python workers do between two tasks, made cheap: it cost 0.2 s of processor time a task, however small.

PySpark has its worker forget where modules lie (`importlib.invalidate_caches`), upon which Python 3.11 reads the whole
directory of `pyspark.zip` anew for each of its packages, and collect garbage among all objects of all modules.
"""

import gc
import sys
from zipimport import zipimporter

import numpy as np

_modules = 0
_KEPT = 31 << 20  # bytes: glibc's limit for what it learns from is 32 MB


def spare_next_task() -> None:
    """Forget the zip's finders, which are found again when a module is imported, and leave to the garbage collector only
    what is made from now on. To be called where a task begins, when the garbage of the last one has been collected."""
    global _modules
    keep_freed_memory()
    for place in [place for place, finder in sys.path_importer_cache.items() if isinstance(finder, zipimporter)]:
        del sys.path_importer_cache[place]
    if len(sys.modules) > _modules:  # what is frozen is never collected, so not at every task
        _modules = len(sys.modules)
        gc.freeze()


def keep_freed_memory() -> None:
    """Have freed memory reused instead of given back: fetching it anew for every SKU is a tenth of the time of its plan.

    glibc gives back blocks larger than the largest one that it has seen freed, up to 32 MB (mallopt(3), M_MMAP_THRESHOLD);
    the block it is shown here is never touched, so it costs nothing. Elsewhere nothing happens.
    """
    np.empty(_KEPT, np.uint8)
