"""GraphQL over what the REST routes read: the same functions, permissions and rows."""
