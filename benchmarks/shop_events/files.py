"""Generated transactions of the shop as Parquet files, for ``load_raw.py``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from feature_store import FeatureStoreError
from harness.work_database import work_database, write_parquet
from shop_events.events import ShopEvents

#: Rows are streamed; the buffers of the row groups being written take less than this.
MEMORY_LIMIT = "1GB"
#: Rows of one file are computed in two ranges at once: one range would keep to one core.
RANGES = 2


def write_shop(
    shop: ShopEvents,
    folder: Path,
    *,
    per_day: bool = False,
    tell: Callable[[int], None] = lambda rows: None,
) -> list[Path]:
    """Write ``transactions.parquet``, or a file for each day of arrival, and ``products.parquet``.

    Args:
        shop: the events.
        folder: the folder of the files; created where it is missing.
        per_day: whether each day has a file, ``transactions_2024-01-01.parquet``.
        tell: called with the number of rows written so far, after each file.

    Returns:
        The files of transactions, in the order of arrival.

    Raises:
        FeatureStoreError: the folder has files of transactions already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if there := sorted(folder.glob("transactions*.parquet")):
        raise FeatureStoreError(
            f"{folder}: has transactions already, such as {there[0].name}",
            allowed="a folder without transactions: the loader would read both runs' files",
            next_step="remove them, or choose another folder",
        )
    files = {folder / "transactions.parquet": range(shop.events)}
    if per_day:
        days = [shop.start + timedelta(days=day) for day in range(shop.days)]
        files = {
            folder / f"transactions_{day}.parquet": shop.arriving(number)
            for number, day in enumerate(days)
        }
    with work_database(folder, MEMORY_LIMIT) as connection:
        write_parquet(connection, shop.product_rows(), folder / "products.parquet")
        for path, numbers in files.items():
            write_parquet(connection, shop.rows(numbers, RANGES), path)
            tell(numbers.stop)
    return [*files]
