"""Files on their way here in pieces, as the tus protocol has it, until an upload lands them."""
