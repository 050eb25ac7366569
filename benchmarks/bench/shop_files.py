"""Made-up transactions of the shop as Parquet files, for ``load_raw.py`` and the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from bench.shop_events import ShopEvents
from bench.work import work_database
from feature_store import FeatureStoreError
from feature_store.warehouse.sql import literal

#: Rows are streamed; the buffers of the row groups being written take less than this.
_MEMORY = "1GB"
#: Rows of one file are computed in so many ranges at once: one range would keep to one core.
_PIECES = 2


def write_shop(
    shop: ShopEvents,
    folder: Path,
    *,
    per_day: bool = False,
    tell: Callable[[int], None] = lambda rows: None,
) -> list[Path]:
    """Write ``transactions.parquet``, or a file for each day of arrival, and ``products.parquet``.

    Args:
        shop: what is generated.
        folder: where the files go; made where it is missing.
        per_day: whether each day has a file, ``transactions_2024-01-01.parquet``.
        tell: is given the rows written so far, after each file.

    Returns:
        The files of transactions, in the order of arrival.

    Raises:
        FeatureStoreError: the folder has transactions already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if there := sorted(folder.glob("transactions*.parquet")):
        raise FeatureStoreError(
            f"{folder}: has transactions already, {there[0].name} for one",
            allowed="a folder without: files of two runs would be taken for one",
            next_step="remove them, or choose another folder",
        )
    files = {folder / "transactions.parquet": range(shop.events)}
    if per_day:
        days = [shop.start + timedelta(days=day) for day in range(shop.days)]
        files = {
            folder / f"transactions_{day}.parquet": shop.arriving(number)
            for number, day in enumerate(days)
        }
    with work_database(folder) as connection:
        connection.execute(f"set memory_limit = '{_MEMORY}'")

        def copy(query: str, path: Path) -> None:
            connection.execute(f"copy ({query}) to {literal(str(path))} (format parquet)")

        copy(shop.product_rows(), folder / "products.parquet")
        for path, numbers in files.items():
            copy(shop.rows(numbers, _PIECES), path)
            tell(numbers.stop)
    return [*files]
