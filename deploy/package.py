"""Make dist/echelon.zip for spark-submit --py-files: the package without caches, the same bytes from the same sources."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "lib"
CACHES = {".pyc", ".nbi", ".nbc"}


def contents() -> list[Path]:
    """Every file of the package, in a fixed order."""
    return sorted(file for file in (LIBRARY / "echelon").rglob("*") if file.is_file() and file.suffix not in CACHES)


def write(target: Path) -> None:
    """Write the zip; dates and permissions are fixed, so equal sources give equal bytes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as archive:
        for file in contents():
            entry = ZipInfo(file.relative_to(LIBRARY).as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), compress_type=ZIP_DEFLATED)


if __name__ == "__main__":
    place = ROOT / "dist" / "echelon.zip"
    write(place)
    print(f"{place.relative_to(ROOT)}  {place.stat().st_size / 1024:.0f} kB, {len(contents())} files")
