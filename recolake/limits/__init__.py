"""How fast a customer may ask: the arithmetic of rate limits, and the plans that set them."""
