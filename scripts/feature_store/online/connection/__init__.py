"""The connection to the online store: servers, Clusters, Sentinels, the embedded server."""
