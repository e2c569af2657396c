"""Events, items and users as the API takes them, and the records that the landing zone keeps of them."""
