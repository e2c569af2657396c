"""The data plane: answers recommendation requests from local files and Redis, with all else down."""
