"""What every HTTP service of ours shares: request ids, problem documents, the key of a request."""
