"""A team's own dbt project, of another name, that uses the package of feature views."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

from feature_store.authoring.write import Result, write_feature_views
from feature_store.dbt.project import DbtProject
from feature_store.settings import load_settings
from support.paths import REPOSITORY, SCRIPTS
from support.servers.redis_server import script_environment

#: The smallest view: twelve lines.
SMALLEST = """models:
  - name: animal_visits
    config:
      meta:
        feature_view:
          entity: [animal_id]
          events: ref('visits')
          event_time: visited_at
          windows: [7d, 28d]
          aggregates:
            visits: {sql: count(*), description: Visits, min: 0}
          online: {ttl: 60d}
"""
_VISITS = """select * from (values
    (1, 'ann', timestamp '2024-05-01 10:00:00', 7, 2.50::decimal(9, 2), 0.5::double,
     timestamp '2024-05-09'),
    (2, 'bob', timestamp '2024-05-02 10:00:00', 8, 3.50::decimal(9, 2), 1.5::double,
     timestamp '2024-05-09')
) as t(animal_id, keeper, visited_at, minutes, price, weight, loaded_at)
"""


class ZooProject:
    """The project in a folder, with the table ``visits`` built in its warehouse."""

    def __init__(self, folder: Path):
        self.folder = folder

    @classmethod
    def made(cls, folder: Path) -> ZooProject:
        """Write the project, and build its table."""
        project = cls(folder)
        project.write("dbt_project.yml", "name: zoo\nprofile: zoo\n")
        project.write(
            "profiles.yml",
            "zoo: {target: dev, outputs: {dev: {type: duckdb, path: data/zoo.duckdb}}}\n",
        )
        project.write("models/visits.sql", _VISITS)
        project.write(
            "models/sources.yml",
            "sources:\n  - name: gate\n    schema: main\n    tables: [{name: entries}]\n",
        )
        (folder / "data").mkdir()
        with duckdb.connect(str(folder / "data/zoo.duckdb")) as connection:
            connection.execute(f"create view visits as {_VISITS}")
            connection.execute(f"create table entries as {_VISITS}")
        (folder / "dbt_packages").mkdir()
        (folder / "dbt_packages/feature_store").symlink_to(REPOSITORY / "macros")
        return project

    def copied(self, folder: Path) -> ZooProject:
        """Return a copy in another folder."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return ZooProject(folder)

    def write(self, name: str, text: str) -> None:
        """Write a file, its line ends as given."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        """Return a file's text, its line ends as they are."""
        return (self.folder / name).read_bytes().decode()

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a part of a file, which it must have."""
        text = self.read(name)
        assert old in text, text
        self.write(name, text.replace(old, new, 1))

    def complete(self, *names: str, check: bool = False, remove: bool = False) -> Result:
        """Run the command in this process."""
        return write_feature_views(names, check=check, remove=remove, project_dir=self.folder)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command as a user does."""
        environment = script_environment(FEATURE_STORE_PROJECT_DIR=str(self.folder))
        return subprocess.run(
            [sys.executable, SCRIPTS / "write_feature_views.py", *arguments],
            env={k: v for k, v in environment.items() if not k.startswith("DBT_")},
            capture_output=True,
            text=True,
        )

    @property
    def dbt(self) -> DbtProject:
        """dbt on the project as it is now."""  # noqa: D403 - its name
        return DbtProject(load_settings(project_dir=self.folder))

    def files(self) -> dict[str, bytes]:
        """Return all files of the models, by name."""
        models = self.folder / "models"
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(models.rglob("*"))
            if path.is_file()
        }
