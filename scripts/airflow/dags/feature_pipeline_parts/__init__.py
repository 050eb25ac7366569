"""What feature_pipeline.py is made from; Airflow looks for no DAG in here."""
