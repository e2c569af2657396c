"""How Airflow chains the steps.

`chain` names them, `dag_kit` is what the DAG files share, `airflow` and `follow` talk to the running server,
`backlog` reads from the tables how far a tenant's uploads have got.
"""
