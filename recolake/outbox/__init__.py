"""What has to reach PostgreSQL from steps that work on files: acts for the audit log, notices for webhooks.

It is written down here first, on the disk, and shipped by the control plane, each once.
"""
