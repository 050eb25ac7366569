"""The record of what the command wrote, and what a person wrote in a list of columns."""

from __future__ import annotations

import re

import pytest
import yaml

from feature_store.authoring.columns_in_yaml import digest
from feature_store.authoring.complete import complete_view
from support.completed import ONE_VIEW, TWO_VERSIONS, completed

pytestmark = pytest.mark.unit

SUM = ONE_VIEW.replace("sales: count(*)", "sales: {sql: sum(amount), empty: 0}")
TWO_WINDOWS = SUM.replace("[7d]", "[7d, 9d]")
AMOUNT = frozenset(["amount"])
BY_HAND = "      # Generated: column names follow the vendor's dictionary\n"


def columns_of(text: str) -> dict[str, dict]:
    """Return the columns of the view by name."""
    return {one["name"]: one for one in yaml.safe_load(text)["models"][0]["columns"]}


def with_former_record(text: str) -> str:
    """Return a file with the record as it was: one digest of a description and its constraint."""
    digests = [
        digest(name, one["description"], *(["not_null"] if "constraints" in one else []))
        for name, one in columns_of(text).items()
    ]
    return re.sub(r"(?:( +# Generated:) \S+\n)+", rf"\1 {''.join(digests)}\n", text, count=1)


def test_a_former_record_is_understood_and_written_anew() -> None:
    new = completed(SUM, without_nulls=AMOUNT)
    former = with_former_record(new)
    assert former != new
    assert completed(former, without_nulls=AMOUNT) == new
    edited = former.replace("empty: 0}", "empty: 0, description: Turnover}")
    after = columns_of(completed(edited, without_nulls=AMOUNT))["sales_7d"]
    assert after["description"] == "Turnover in the 7 days before feature_time."
    assert "constraints" not in columns_of(completed(former))["sales_7d"]


@pytest.mark.parametrize(
    "comment",
    [BY_HAND, *(f"      # Generated: {text}\n" for text in ("daily", "2024-01-01"))],
)
@pytest.mark.parametrize("text", [ONE_VIEW, completed(ONE_VIEW), TWO_VERSIONS])
def test_a_comment_that_begins_as_a_record_stays(comment: str, text: str) -> None:
    if text == ONE_VIEW:
        text = text.replace("    config:", "    columns:\n      - name: shop\n    config:")
    start = re.search(r"( +# (Generated|Ours).*\n)?      - .?name: shop\b", text).start()
    after = completed(text[:start] + comment + text[start:])
    assert comment.strip() in after
    assert completed(after) == after
    described = after.replace("count(*)", "{sql: count(*), description: Bills}")
    assert "description: Bills in the " in completed(described)


def test_a_constraint_by_hand_that_equals_the_generated_one_stays() -> None:
    text = completed(SUM)
    constraint = ", constraints: [{type: not_null, warn_unsupported: false}]}"
    ours = text.replace("Sales in the 7 days before feature_time.}", f"Sales.{constraint}")
    same = text.replace("before feature_time.}", f"before feature_time.{constraint}")
    for by_hand in (ours, same):
        assert by_hand != text
        tested = completed(by_hand, without_nulls=AMOUNT)
        assert completed(tested, without_nulls=AMOUNT) == tested
        assert "constraints" in columns_of(completed(tested))["sales_7d"]


def test_a_description_with_the_word_for_a_constraint_stays() -> None:
    text = completed(ONE_VIEW)
    for word in ("not_null", "constraint"):
        ours = text.replace("description: Sales in the 7 days before feature_time.", "x: 1")
        ours = ours.replace("x: 1", f"description: {word}")
        assert columns_of(completed(ours))["sales_7d"]["description"] == word
        assert completed(completed(ours)) == completed(ours)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("before feature_time.}", "before feature_time., constraints: [{type: unique}]}"),
        ("before feature_time.}", "before feature_time.}  # see #12"),
        ("- {name: sales_9d,", "- {name: sales_9d,  # ours\n        "),
        ("before feature_time.}", 'before feature_time., tags: ["#a"]}'),
        ("before feature_time.}", "before feature_time.}"),
    ],
)
def test_what_goes_with_a_dropped_window_is_noted(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []

    def noted(*arguments: object) -> list[str]:
        found = complete_view(*arguments)  # type: ignore[arg-type]
        notes.extend(found)
        return found

    text = completed(TWO_WINDOWS)
    start = text.index("- {name: sales_9d")
    text = text[:start] + text[start:].replace(old, new, 1)
    monkeypatch.setattr("support.completed.complete_view", noted)
    after = completed(text.replace("[7d, 9d]", "[7d]"))
    assert "sales_9d" not in after
    expected = "the column sales_9d is not declared any more; what was written by hand on it"
    assert [expected in note for note in notes] == ([] if old == new else [True])


def test_a_test_by_hand_that_equals_the_declared_one_stays() -> None:
    declared = ONE_VIEW.replace("sales: count(*)", "sales: {sql: count(*), mean: [1, 2]}")
    packages = frozenset(["dbt_expectations"])
    text = completed(declared, packages=packages)
    assert "dbt_expectations" not in completed(
        completed(declared, packages=packages).replace(", mean: [1, 2]", ""), packages=packages
    )
    without_record = re.sub(r" +# Generated:.*\n", "", text)
    after = completed(without_record, packages=packages).replace(", mean: [1, 2]", "")
    assert "dbt_expectations.expect_column_mean" in completed(after, packages=packages)
