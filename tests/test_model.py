"""The bundled model is whole, or says what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant import model
from assistant.config import cache_dir
from assistant.errors import ModelError


def test_the_bundled_model_is_assembled_once_and_checked(tmp_path: Path) -> None:
    directory = model.locate("base", tmp_path)
    assert (directory / "model.bin").stat().st_size == 145_217_532
    before = (directory / "model.bin").stat().st_mtime_ns
    assert model.locate("base", tmp_path) == directory
    assert (directory / "model.bin").stat().st_mtime_ns == before


def test_a_cut_model_is_made_anew(tmp_path: Path) -> None:
    directory = tmp_path / "whisper-base"
    shutil.copytree(model.locate("base", cache_dir()), directory)
    with (directory / "model.bin").open("r+b") as file:
        file.truncate(1000)
    assert (model.locate("base", tmp_path) / "model.bin").stat().st_size == 145_217_532


def test_wrong_bytes_are_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(model.SHA256, "config.json", "0" * 64)
    with pytest.raises(ModelError, match=r"config\.json is damaged.*pip install --force-reinstall"):
        model.assemble(tmp_path)
    assert not (tmp_path / "whisper-base").exists()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_a_model_if_it_holds_one(tmp_path: Path) -> None:
    directory = model.locate("base", cache_dir())
    assert model.locate(str(directory), tmp_path) == directory
    with pytest.raises(ModelError, match=r"model\.bin is missing"):
        model.locate(str(tmp_path), tmp_path)


def test_an_unknown_name_says_what_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a directory nor a faster-whisper model"):
        model.locate("no-such-model", tmp_path)
