"""Sessions: a person logged in to one organisation, and the tokens by which they stay so."""
