"""What is answered about people; what is sent is `recolake.records.schema.UserStatement`."""

from __future__ import annotations

from pydantic import BaseModel


class KeptUser(BaseModel):
    """The statement is on the disk, and will be in the lake within half a minute."""

    user_id: str
