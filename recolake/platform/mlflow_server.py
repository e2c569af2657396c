"""MLflow's server in one process: `python -m recolake.platform.mlflow_server PORT ARTIFACTS`.

`mlflow server` imports everything, then starts a second process that imports everything again; on two cores that
is five seconds of CPU at each start, and 130 MiB for as long as it runs. The address of the database comes from
MLFLOW_BACKEND_STORE_URI, as for the original: it holds a password, which must not show in the process list.
"""

from __future__ import annotations

import os
import sys

from recolake.platform.service import HOST


def main(port: int, artifacts: str) -> None:
    """Create or migrate MLflow's tables, then serve until a signal comes; artefacts go through the server."""
    import uvicorn
    from mlflow.server import constants

    database = os.environ["MLFLOW_BACKEND_STORE_URI"]
    root = "mlflow-artifacts:/"
    os.environ.update(
        {
            constants.BACKEND_STORE_URI_ENV_VAR: database,
            constants.REGISTRY_STORE_URI_ENV_VAR: database,
            constants.ARTIFACT_ROOT_ENV_VAR: root,
            constants.ARTIFACTS_DESTINATION_ENV_VAR: artifacts,
            constants.SERVE_ARTIFACTS_ENV_VAR: "true",
        }
    )
    from mlflow.server.handlers import initialize_backend_stores

    initialize_backend_stores(database, database, root)
    uvicorn.run("mlflow.server.fastapi_app:app", host=HOST, port=port, access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
