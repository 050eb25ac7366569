"""dbt itself: the project built in this process, its packages, and its macros run from Python."""
