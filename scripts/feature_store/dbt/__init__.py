"""dbt: the project built in this process, its packages, and its macros called from Python."""
