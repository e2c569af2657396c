"""Kafka as a source: topics, messages and how far behind them the lake is."""
