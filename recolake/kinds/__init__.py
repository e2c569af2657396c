"""The kinds of recommendation: what each is a list of, and what a request or a scenario may say of it."""
