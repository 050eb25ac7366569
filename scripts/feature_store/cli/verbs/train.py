"""Write a training set: labels with the features as they stood at each label's time."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from feature_store.cli import app, options
from feature_store.display import print_table, shown
from feature_store.errors import FeatureStoreError, bullets
from feature_store.historical.join import MODES
from feature_store.store import FeatureStore
from feature_store.training import metadata
from feature_store.training.build import TrainingSetRequest, build_training_set
from feature_store.training.splits import NO_RULE, SplitRule, split_by_hash, split_by_time
from feature_store.training.verify import verify_training_set
from feature_store.training.write import TrainingSetSummary, first_rows
from feature_store.warehouse.connection import waiting

_SHOWN_ROWS, _SHOWN_COLUMNS = 3, 5


def make_rule(
    by_time: str | None,
    label_window: str | None,
    by_hash: str | None,
    entity: list[str] | None,
    seed: int | None,
) -> SplitRule:
    """Return the rule that the options give."""
    # An empty text is an error of its own: perhaps a shell variable that was not set.
    if by_time is not None and by_hash is not None:
        raise FeatureStoreError(
            "--split-by-time and --split-by-hash are both given",
            allowed="one of them",
            next_step="leave one out",
        )
    if label_window is not None and by_time is None:
        raise FeatureStoreError(
            "--label-window is for --split-by-time only", next_step="add that one, or leave it out"
        )
    if (entity or seed is not None) and by_hash is None:
        raise FeatureStoreError(
            "--split-entity and --seed are for --split-by-hash only",
            next_step="add that one, or leave them out",
        )
    if by_time is not None:
        return split_by_time(by_time, label_window)
    if by_hash is not None:
        if not entity:
            raise FeatureStoreError(
                "--split-by-hash needs --split-entity, the key whose rows stay together",
                next_step="add --split-entity customer_id, for instance",
            )
        return split_by_hash(by_hash, entity, seed or 0)
    return NO_RULE


def share(positives: int | None, rows: int) -> str:
    """Return the share of positive rows as text, or nothing where it is not known."""
    return "" if positives is None or not rows else f" ({positives / rows:.1%} positive)"


def show(out: Path, summary: TrainingSetSummary, label: str | None) -> None:
    """Print the first rows, and one line with the share of positives and the splits."""
    names, rows = first_rows(out, _SHOWN_ROWS)
    count = min(len(names), _SHOWN_COLUMNS)
    cells = [[shown(value) for value in row[:count]] for row in rows]
    print_table(app.out, f"first rows of {out}", names[:count], cells)
    if more := len(names) - count:
        app.out.print(f"and {more} more column{'s'[: more > 1]}")
    counts = [split.positives for split in summary.splits.values()]
    positives = sum(count or 0 for count in counts) if None not in counts else None
    splits = ", ".join(
        f"{name} {split.rows:,}{share(split.positives, split.rows)}"
        for name, split in summary.splits.items()
    )
    dropped = f"; {summary.dropped:,} rows in no split left out" if summary.dropped else ""
    app.out.print(
        f"{summary.rows:,} rows × {len(summary.columns)} columns"
        f"{share(positives, summary.rows).replace('positive', f'{label}')}: {splits}{dropped}; "
        f"content hash {summary.content_hash[:16]}",
        markup=False,
    )


def verify(folder: Path, target: str | None) -> None:
    """Print whether a stored training set can be reproduced."""
    with FeatureStore(target) as store:
        outcome = verify_training_set(store, folder)
    for note in outcome.notes:
        app.err.print(Text.assemble(("note", "yellow"), f" {note}"))
    if not outcome.is_reproducible:
        raise FeatureStoreError(
            f"{folder}: cannot be reproduced{bullets(outcome.findings)}",
            next_step="go back to what it was built from (metadata.json has the git revision), or "
            "build a new set",
        )
    app.out.print(f"{folder}: reproduced, content hash {outcome.content_hash[:16]}", markup=False)


def wrong_options(
    service: str | None, feature: list[str] | None, labels: str | None, out: Path | None
) -> FeatureStoreError:
    """Return the error for options that are missing, or exclude each other."""
    given = {"--service or --feature": service or feature, "--labels": labels, "--out": out}
    missing = [name for name, value in given.items() if not value]
    return FeatureStoreError(
        f"missing: {', '.join(missing)}" if missing else "--service and --feature are both given",
        allowed="--service NAME --labels FILE --out FOLDER, or --verify FOLDER",
        next_step=f"add {', '.join(missing)}" if missing else "leave one of them out",
    )


def build(
    service: Annotated[
        str | None, typer.Option(help="Feature service: the exposure whose features to take.")
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option(help="Or a feature: customer_purchases:v2:spend_28d. Repeatable."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="A Parquet or CSV file, a dbt model's name, or a query.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; a set there is replaced.")
    ] = None,
    time: Annotated[str, typer.Option(help="Time column of the labels.")] = "label_time",
    label: Annotated[
        str | None, typer.Option(help="The label's column; default: the only boolean one.")
    ] = None,
    split_by_time: Annotated[
        str | None,
        typer.Option(help="When validation and test begin (UTC): 2017-09-01,2017-11-01."),
    ] = None,
    label_window: Annotated[
        str | None,
        typer.Option(help="How far labels look ahead (28d): rows this near to the next split go."),
    ] = None,
    split_by_hash: Annotated[
        str | None, typer.Option(help="Per cents of train, validation and test: 80,10,10.")
    ] = None,
    split_entity: Annotated[
        list[str] | None, typer.Option(help="Key whose rows stay in one split. Repeatable.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Another seed gives entities other splits.")
    ] = None,
    mode: Annotated[str, typer.Option(help="as_recomputed or as_served.")] = "as_recomputed",
    max_age: Annotated[str | None, typer.Option(help="Older features are null: 28d.")] = None,
    full_feature_names: Annotated[
        bool, typer.Option("--full-feature-names", help="Name columns <view>_v<n>__<feature>.")
    ] = False,
    allow_deprecated: options.AllowDeprecated = False,
    verify_dir: Annotated[
        Path | None,
        typer.Option("--verify", help="Only check that the set in this folder can be reproduced."),
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for a process that writes the warehouse.")
    ] = 0.0,
    target: options.Target = None,
) -> None:
    """Write a training set: partitioned Parquet, and metadata.json to make it again.

    --service churn_model --labels labels.parquet --out train/
    """
    with waiting(wait):
        if verify_dir is not None:
            verify(verify_dir, target)
            return
        if (service and feature) or not (service or feature) or not labels or out is None:
            raise wrong_options(service, feature, labels, out)
        if mode not in MODES:
            raise FeatureStoreError(
                f"--mode {mode!r} is not known",
                allowed=" or ".join(MODES),
                next_step="give one of them, or leave --mode out",
            )
        request = TrainingSetRequest(
            features=service or feature or (),
            labels=labels,
            time=time,
            label=label,
            rule=make_rule(split_by_time, label_window, split_by_hash, split_entity, seed),
            mode=mode,
            max_age=max_age,
            full_feature_names=full_feature_names,
            allow_deprecated=allow_deprecated,
        )
        with FeatureStore(target) as store:
            summary = build_training_set(store, request, out)
    show(out, summary, metadata.read_metadata(out)["labels"]["label"])
