"""Bodies about uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class FileLanded(BaseModel):
    """A file that was new."""

    name: str = Field(description="Its name in the upload")
    sha256: str
    bytes: int


class FileKnown(BaseModel):
    """A file whose content was there already; it is not stored twice."""

    name: str = Field(description="The name under which it was sent now")
    upload_id: str = Field(description="The upload that holds this content")
    landed_as: str = Field(description="Its name there")


class UploadAccepted(BaseModel):
    """What became of the files of one request."""

    upload_id: str | None = Field(description="The new upload; null where every file was known")
    new: list[FileLanded]
    known: list[FileKnown]
    announced: bool = Field(description="Whether Airflow was told; if not, a later sweep ingests it")


class FileAccount(BaseModel):
    """What became of one file's rows: rows_in = accepted + quarantined + repeats."""

    file: str
    rows_in: int
    accepted: int
    quarantined: int
    repeats: int
    reasons: dict[str, int] = Field(
        description="Quarantined rows by reason; a row counts under each of its own"
    )


class UploadRead(BaseModel):
    """An upload and how far it came."""

    upload_id: str
    landed_at: datetime
    files: list[FileLanded]
    state: Literal["landed", "ingested", "unknown"] = Field(
        description="landed: not in bronze yet; unknown: the engine that knows does not answer now"
    )
    accounting: list[FileAccount] = Field(description="One entry a file, once it is ingested")
