"""Bodies about uploads."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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


class DecisionMade(BaseModel):
    """What somebody decided about an upload."""

    state: Literal["held", "released", "rejected", "reverted"]
    decided_by: str
    decided_at: datetime
    reason: str


class DecisionAsked(BaseModel):
    """Why an upload is released, rejected or reverted."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500, description="For those who look later")


class UploadRead(BaseModel):
    """An upload and how far it came."""

    upload_id: str
    landed_at: datetime
    files: list[FileLanded]
    state: Literal["landed", "accepted", "held", "released", "rejected", "reverted", "unknown"] = Field(
        description="landed: not in bronze yet; held: too bad for silver until somebody releases or rejects "
        "it; unknown: the engine that knows does not answer now"
    )
    accounting: list[FileAccount] = Field(description="One entry a file, once it is ingested")
    score: float | None = Field(description="0 to 100, once it is ingested")
    failures: dict[str, str] = Field(description="Expectations that it did not meet, in words")
    decisions: list[DecisionMade] = Field(description="What was decided about it, in order")
