"""Options and arguments that several command lines share, as annotations for typer."""

from __future__ import annotations

from typing import Annotated

import typer

Target = Annotated[str | None, typer.Option(help="Target of profiles.yml.")]
JsonOutput = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AllowDeprecated = Annotated[
    bool, typer.Option("--allow-deprecated", help="Read versions past their deprecation date.")
]
WaitForRuns = Annotated[
    float, typer.Option(min=0, help="Seconds to wait for another run, or for readers.")
]
Entity = Annotated[str, typer.Argument(help="The entity: customer, or customer|store.")]
EntityId = Annotated[str, typer.Argument(help="Its id; ids of a composite key joined with |.")]
Views = Annotated[
    list[str] | None,
    typer.Option(
        "--view", help="Only this view: customer_purchases or customer_purchases:v1. Repeatable."
    ),
]
Features = Annotated[
    list[str] | None,
    typer.Option(
        "--feature",
        help="Only this: customer_purchases:spend_28d or customer_purchases. Repeatable.",
    ),
]
At = Annotated[str, typer.Option(help="As of this date or time; UTC unless it has an offset.")]
AtOrServed = Annotated[
    str | None,
    typer.Option(
        "--at",
        help="As of this date or time, UTC unless it has an offset; by default when it was served "
        "last.",
    ),
]
