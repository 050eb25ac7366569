"""pip install of the wheel, then a project from an empty folder: no repository is around."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import sysconfig
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from support.paths import REPOSITORY
from support.projects.adopted_project import AdoptedProject

pytestmark = pytest.mark.slow

_WINDOWS = {"7d": 7, "28d": 28}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a new environment in which the wheel is installed.

    The dependencies are those of this environment; a link to the checkout is not among them.
    """
    folder = tmp_path_factory.mktemp("environment")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*wheel, "--wheel-dir", folder, copied_repository(folder)], check=True)
    [built] = folder.glob("*.whl")
    target = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", target], check=True)
    found = target / "bin/python"
    site = target / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    # A path alone: addsitedir would read the .pth file of the checkout too.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    install = [*pip, "--python", found, "install", "--no-deps", "--no-index", built]
    subprocess.run(install, check=True, capture_output=True)
    return found


def copied_repository(folder: Path) -> Path:
    """Return a copy of what a wheel is made of, so that nothing is written into this checkout."""
    copy = folder / "repository"
    copy.mkdir()
    tracked = subprocess.run(
        ["git", "ls-files", "scripts", "macros", "pyproject.toml", "README.md", "LICENSE"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    archive = subprocess.run(
        ["tar", "-cf", "-", *tracked.stdout.splitlines()],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    subprocess.run(["tar", "-xf", "-", "-C", copy], input=archive.stdout, check=True)
    return copy


@pytest.fixture(scope="module")
def zoo(python: Path, tmp_path_factory: pytest.TempPathFactory) -> AdoptedProject:
    """Return the project that init wrote, built twice and refreshed once."""
    folder = tmp_path_factory.mktemp("starter") / "zoo"
    folder.mkdir()
    project = AdoptedProject(folder, folder / "warehouse.duckdb", python)
    project.variables["PYTHONPATH"] = None  # the wheel alone
    assert "built    " in project.command("init")
    project.command("export")
    with (folder / "seeds/raw_orders.csv").open("a") as file:
        file.write("7,2,2024-05-09 11:30:00,3.30\n8,4,2024-05-09 12:00:00,1.00\n")
    project.dbt("build")
    project.refreshed = project.command("refresh")
    return project


def expected(project: AdoptedProject, customer: int, at: datetime) -> dict[str, object]:
    """Return the features of a customer from the CSV, in plain Python."""
    with (project.folder / "seeds/raw_orders.csv").open() as file:
        own = [row for row in csv.DictReader(file) if row["customer_id"] == str(customer)]
    events = [(datetime.fromisoformat(row["ordered_at"]), Decimal(row["amount"])) for row in own]
    found: dict[str, object] = {}
    for name, days in _WINDOWS.items():
        inside = [amount for time, amount in events if at - timedelta(days=days) <= time < at]
        found |= {f"orders_{name}": len(inside), f"spend_{name}": sum(inside, Decimal(0))}
    return found


def test_the_checkout_is_not_used(zoo: AdoptedProject) -> None:
    place = zoo.run_code("import feature_store; print(feature_store.__file__)")
    assert str(REPOSITORY) not in place
    assert zoo.python.parent.parent.as_posix() in place


def test_the_installed_command(zoo: AdoptedProject) -> None:
    done = subprocess.run(
        [zoo.python.parent / "feature-store", "--version"], capture_output=True, text=True
    )
    assert done.stdout == "feature-store 0.1.0\n"


def test_the_name_is_the_folders(zoo: AdoptedProject) -> None:
    assert "name: zoo\n" in (zoo.folder / "dbt_project.yml").read_text()


def test_the_dbt_package_is_the_installed_one(zoo: AdoptedProject) -> None:
    entry = (zoo.folder / "packages.yml").read_text()
    assert f"{zoo.python.parent.parent}" in entry
    assert "feature_store/dbt_package" in entry


def test_every_row_of_the_view(zoo: AdoptedProject) -> None:
    names = [f"{name}_{window}" for name in ("orders", "spend") for window in _WINDOWS]
    rows = zoo.query(
        f"select customer_id, feature_time, {', '.join(names)} from main.customer_orders_v1"
    )
    assert {customer for customer, *_ in rows} == {1, 2, 3, 4}
    for customer, time, *values in rows:
        assert dict(zip(names, values, strict=True)) == expected(zoo, customer, time)


@pytest.mark.parametrize("customer", [1, 2, 3, 4])
def test_the_embedded_online_store(zoo: AdoptedProject, customer: int) -> None:
    found = json.loads(zoo.command("get", "customer", str(customer), "--json"))["features"]
    values = {
        name.partition(":")[2]: Decimal(str(value)) for name, value in found.items() if ":" in name
    }
    assert values == expected(zoo, customer, datetime(2024, 5, 10))


def test_the_templates_are_what_build_views_writes(zoo: AdoptedProject) -> None:
    zoo.command("build-views", "--check")
    place = zoo.folder / "models/customer_orders.yml"
    template = yaml.safe_load(place.read_text())
    [view, _] = template["models"]
    by_hand = {"name": view["name"], "description": view["description"]}
    by_hand["config"] = {"meta": view["config"]["meta"]}
    text = place.read_text()
    try:
        place.write_text(yaml.safe_dump({"models": [by_hand]}, sort_keys=False))
        zoo.command("build-views")
        assert yaml.safe_load(place.read_text()) == template
    finally:
        place.write_text(text)


def test_init_again(zoo: AdoptedProject) -> None:
    assert "nothing to add" in zoo.command("init")
