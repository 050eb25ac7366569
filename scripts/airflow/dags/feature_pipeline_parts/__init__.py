"""The modules of feature_pipeline.py; Airflow does not search them for DAGs."""
