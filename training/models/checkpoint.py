"""Where long training stands, in one file: to go on after a stop as if there had been none."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel

from recolake.files import write_atomically
from recolake.ranking.items import IntArray

_CHECKSUM = hashlib.sha256().digest_size
# Raised when what a checkpoint holds changes.
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One file for each question: the same model, data, configuration and seed find their own again."""

    path: Path
    question: str

    @classmethod
    def of(
        cls, folder: Path, model: str, config: BaseModel, seed: int, data: Iterable[IntArray | int]
    ) -> Checkpoint:
        """The place in a folder for this training; `data` is all that it learns from."""
        digest = hashlib.sha256(f"{_FORMAT} {model} {config.model_dump_json()} {seed}".encode())
        for part in data:
            digest.update(np.ascontiguousarray(part, dtype=np.int64).tobytes())
        question = digest.hexdigest()
        return cls(folder / f"{model}-{question[:16]}.pt", question)

    def save(self, state: dict[str, Any]) -> None:
        """Whole or not at all."""
        buffer = io.BytesIO()
        torch.save({"question": self.question, **state}, buffer)
        content = buffer.getvalue()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, hashlib.sha256(content).digest() + content)

    def load(self, device: torch.device | str = "cpu") -> dict[str, Any] | None:
        """What was saved last; None where nothing was, or something else, or where the file is damaged."""
        if not self.path.exists():
            return None
        whole = self.path.read_bytes()
        checksum, content = whole[:_CHECKSUM], whole[_CHECKSUM:]
        if hashlib.sha256(content).digest() != checksum:
            return None
        state: dict[str, Any] = torch.load(io.BytesIO(content), map_location=device, weights_only=True)
        return state if state.pop("question", None) == self.question else None
