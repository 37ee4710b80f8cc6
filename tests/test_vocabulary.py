"""The reduced vocabulary: what may be left out and what must not."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from assistant import model
from assistant.config import cache_dir
from assistant.vocabulary import chinese_tokens, read_vocabulary, reduced


@pytest.fixture(scope="module")
def vocabulary() -> list[str]:
    return read_vocabulary(model.locate("base", cache_dir()))


def test_a_quarter_of_the_tokens_is_kept_and_any_text_can_be_written(vocabulary: list[str]) -> None:
    keep = chinese_tokens(vocabulary)
    assert len(vocabulary) == 51_865
    assert 8_000 < len(keep) < 18_000
    assert keep == sorted(keep)
    kept = {vocabulary[number] for number in keep}
    assert sum(len(token) == 1 for token in kept) == 256, "one for each byte"
    assert {token for token in vocabulary if token.startswith("<|")} <= kept
    assert {"Ġhotel", "OK", "0", "12"} <= kept
    assert "Ġпри" not in kept


def model_file(rows: int) -> bytes:
    """A model.bin of one embedding with its scales and one other variable."""
    out = struct.pack("<I", 6) + struct.pack("<H", 12) + b"WhisperSpec\0" + struct.pack("<II", 3, 3)
    for name, array, kind in (
        ("decoder/embeddings/weight", np.arange(rows * 4, dtype=np.int8).reshape(rows, 4), 1),
        ("decoder/embeddings/weight_scale", np.arange(rows, dtype=np.float32), 0),
        ("encoder/x", np.ones((rows, 2), np.float32), 0),
    ):
        out += struct.pack("<H", len(name) + 1) + name.encode() + b"\0" + struct.pack("<B", array.ndim)
        out += struct.pack(f"<{array.ndim}I", *array.shape) + struct.pack("<BI", kind, array.nbytes) + array.tobytes()
    return out + struct.pack("<I", 0)


def test_rows_of_the_embedding_and_their_scales_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(model_file(5))
    (tmp_path / "config.json").write_text(json.dumps({"suppress_ids": [0, 1, 4], "lang_ids": [3]}))
    files = reduced(tmp_path, list("abcde"), [1, 3, 4])
    expected = model_file(5)
    weight = np.arange(20, dtype=np.int8).reshape(5, 4)
    assert weight[[1, 3, 4]].tobytes() in files["model.bin"]
    assert weight.tobytes() not in files["model.bin"]
    assert np.array([1, 3, 4], np.float32).tobytes() in files["model.bin"]
    assert np.ones((5, 2), np.float32).tobytes() in files["model.bin"]
    assert len(files["model.bin"]) == len(expected) - 2 * 4 - 2 * 4
    assert json.loads(files["config.json"]) == {"suppress_ids": [0, 2], "lang_ids": [1], "suppress_ids_begin": []}
    assert json.loads(files["vocabulary.json"]) == ["b", "d", "e"]


@pytest.mark.parametrize("damage", [lambda data: data[:60], lambda data: data.replace(b"decoder", b"recoder")])
def test_a_file_of_another_layout_is_refused(tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    (tmp_path / "model.bin").write_bytes(damage(model_file(5)))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises((ValueError, struct.error)):
        reduced(tmp_path, list("abcde"), [1, 3])
