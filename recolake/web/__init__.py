"""What every HTTP service of ours shares: request ids, problem documents, readiness."""
