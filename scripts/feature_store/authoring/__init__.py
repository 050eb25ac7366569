"""Completes the YAML and SQL files of feature views from their declarations."""
