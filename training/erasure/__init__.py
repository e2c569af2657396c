"""Erasure in models: artefacts here and in MLflow."""
