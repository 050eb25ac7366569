"""Starts a project, or adds the feature store to one; project/ holds the files of a new one."""
