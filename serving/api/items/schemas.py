"""What is answered about items; what is sent is `recolake.records.schema.ItemStatement`."""

from __future__ import annotations

from pydantic import BaseModel


class KeptItem(BaseModel):
    """The statement is on the disk, and will be in the lake within half a minute."""

    item_id: str
