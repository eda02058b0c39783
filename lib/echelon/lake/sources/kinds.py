"""Files that are not what their source says, by their first bytes."""

import re

from echelon.errors import EchelonError
from echelon.lake.files import read_start

_SHEET = "save the sheet as CSV"
_KINDS = (
    (rb"PK\x03\x04", f"a ZIP archive, as Excel workbooks (.xlsx) are too: unpack it, or {_SHEET}"),
    (rb"\xd0\xcf\x11\xe0", f"an Excel workbook (.xls) or another of Office's old files: {_SHEET}"),
    (rb"\x1f\x8b", "packed by gzip: let its name end in .gz, in small letters"),
    (rb"BZh[1-9]1AY&SY", "packed by bzip2: let its name end in .bz2, in small letters"),
    (rb"\x28\xb5\x2f\xfd", "packed by zstandard: let its name end in .zst, in small letters"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it"),
    (rb".{257}ustar", "a tar archive: unpack it"),
    (rb"crc\x00", "a checksum of another file, which Hadoop wrote: take it out of the folder"),
    (rb"%PDF-", "a PDF: give the table as CSV"),
    (rb"SQLite format 3\x00", "a database of SQLite: export the table as CSV or Parquet"),
)
_PARQUET = (rb"PAR1", "a Parquet file: say format: parquet")


def other_kind(file: str, wanted: str) -> str | None:
    """What a file is and what to do, in words, where it can be neither CSV nor (`wanted`: parquet) Parquet; else None."""
    try:
        start = read_start(file, 512)
    except (EchelonError, OSError):
        return None
    kinds = _KINDS if wanted == "parquet" else (*_KINDS, _PARQUET)
    return next((words for pattern, words in kinds if re.match(pattern, start, re.DOTALL)), None)
