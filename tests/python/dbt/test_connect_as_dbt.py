"""The warehouse as dbt opens it, for a target that has nothing but settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from feature_store.dbt.connection import connect_as_dbt
from feature_store.errors import FeatureStoreError
from feature_store.settings import load_settings
from feature_store.warehouse.connection import connect

_PROFILE = """\
shop:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: shop.duckdb
      settings: SETTINGS
"""
_READ = """
import sys
from pathlib import Path
from feature_store.dbt.connection import connect_as_dbt
from feature_store.settings import load_settings
connect_as_dbt(load_settings(None, Path(sys.argv[1]))).close()
print(sorted({name.partition(".")[0] for name in sys.modules} & {"dbt", "mashumaro"}))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DBT_TARGET", "DBT_TARGET_PATH", "DBT_PROFILES_DIR", "DBT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "dbt_project.yml").write_text("{name: shop, profile: shop}\n")
    connect(tmp_path / "shop.duckdb", read_only=False).close()
    return tmp_path


def profile(folder: Path, settings: str) -> None:
    (folder / "profiles.yml").write_text(_PROFILE.replace("SETTINGS", settings))


@pytest.mark.parametrize("settings", ["{TimeZone: UTC}", "{}", "{default_order: desc}"])
def test_settings_are_read_without_dbt(settings, folder):
    """The import of dbt takes longer than most queries."""
    profile(folder, settings)
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_settings_apply(folder, monkeypatch):
    monkeypatch.setenv("ORDER", "desc")
    profile(folder, "{TimeZone: Asia/Tokyo, default_order: \"{{ env_var('ORDER') }}\"}")
    with connect_as_dbt(load_settings(None, folder)) as connection:
        found = connection.execute(
            "select current_setting('default_order'), current_setting('timezone')"
        ).fetchall()
    # The commands choose their own time zone.
    assert found == [("DESC", "UTC")]


@pytest.mark.parametrize("settings", ["[a]", "soon", "{no_such_setting: 1}"])
def test_wrong_settings_are_refused(settings, folder):
    profile(folder, settings)
    with pytest.raises(FeatureStoreError, match=r"profiles.yml: target dev: sett"):
        connect_as_dbt(load_settings(None, folder))
