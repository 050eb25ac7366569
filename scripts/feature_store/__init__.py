"""The Python API of the feature store, for scripts and notebooks.

A name is imported when it is used first, so that the console command's help needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feature_store.errors import FeatureStoreError
    from feature_store.historical.result import HistoricalFeatures
    from feature_store.online.read.result import OnlineFeatures
    from feature_store.registry.deprecation import DeprecatedFeatureViewWarning
    from feature_store.store import FeatureStore

_MODULES = {
    "DeprecatedFeatureViewWarning": "feature_store.registry.deprecation",
    "FeatureStore": "feature_store.store",
    "FeatureStoreError": "feature_store.errors",
    "HistoricalFeatures": "feature_store.historical.result",
    "OnlineFeatures": "feature_store.online.read.result",
}

__all__ = [
    "DeprecatedFeatureViewWarning",
    "FeatureStore",
    "FeatureStoreError",
    "HistoricalFeatures",
    "OnlineFeatures",
]


def __getattr__(name: str) -> Any:
    """Import a name of the API, and keep it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
