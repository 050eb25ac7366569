"""A dbt project of another team that adds the feature store: its folder, and commands run in it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from support.servers.redis_server import script_environment

#: Variables of the test run that would lead dbt and the commands into another project.
_OTHERS = (
    "DBT_TARGET",
    "DBT_TARGET_PATH",
    "DBT_PROFILES_DIR",
    "FEATURE_STORE_PROJECT_DIR",
    "FEATURE_STORE_WAREHOUSE",
    "FEATURE_STORE_OPERATIONS_SCHEMA",
)


@dataclass
class AdoptedProject:
    """A project's folder, with the Python whose packages its commands use."""

    folder: Path
    warehouse: Path
    python: Path = Path(sys.executable)
    variables: dict[str, str | None] = field(default_factory=dict)
    #: What the last refresh printed.
    refreshed: str = ""

    def write(self, name: str, content: object) -> Path:
        """Write a file: a text, or anything else as YAML."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, str):
            content = yaml.safe_dump(content, sort_keys=False)
        path.write_text(content)
        return path

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a Python module in the folder: ``run("dbt.cli.main", "build")``."""
        return subprocess.run(
            [str(self.python), "-m", *command],
            cwd=self.folder,
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, *arguments: str, code: int = 0) -> str:
        """Run ``feature-store`` and return what it printed; it must end with the exit code."""
        done = self.run("feature_store.cli.main", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def run_code(self, code: str) -> str:
        """Run Python code in the folder and return what it printed."""
        path = self.folder.parent / f"{self.folder.name}.py"
        path.write_text(code)
        done = subprocess.run(
            [str(self.python), str(path)],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return script_environment(**dict.fromkeys(_OTHERS) | self.variables)

    def dbt(self, *arguments: str, code: int = 0) -> str:
        """Run dbt and return what it printed."""
        done = self.run("dbt.cli.main", "--no-use-colors", *arguments)
        assert done.returncode == code, done.stdout[-4000:] + done.stderr
        return done.stdout

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, *statements: str) -> None:
        """Run statements that change the team's own tables."""
        with duckdb.connect(str(self.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)
