"""A function's code: a zip archive, its checksum, and the folder into which it is unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

from local.fc.control.errors import invalid
from local.oss.call import crc64

LARGEST_ZIP = 500 * 1024**2  # bytes, from OSS ("Quotas and limits", code package)
LARGEST_CODE = 10 * 1024**3  # bytes, unpacked


def checksum(data: bytes) -> str:
    """Return a function's `codeChecksum`: the CRC-64 that OSS has for the object."""
    return crc64(data)


def unpack(data: bytes, folder: Path) -> None:
    """Unpack an archive into the new folder `folder`. Raises ControlError for an invalid archive."""
    if len(data) > LARGEST_ZIP:
        raise invalid(f"the code has {len(data)} bytes; at most {LARGEST_ZIP} are allowed")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _unpack(archive, folder)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise invalid(f"the code is not a valid zip archive: {error}") from None


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > LARGEST_CODE:
        raise invalid(f"the code has more than {LARGEST_CODE} bytes unpacked")
    folder.mkdir(parents=True)
    root = folder.resolve()
    for entry in entries:
        if not (root / entry.filename).resolve().is_relative_to(root):
            raise invalid(f"the archive has {entry.filename!r}, which is outside its folder")
        path = Path(archive.extract(entry, folder))
        mode = entry.external_attr >> 16
        if path.is_file() and mode & stat.S_IXUSR:
            path.chmod(0o755)
