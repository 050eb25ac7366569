"""The SQL that follows from a declaration: one-line models, and the list of served views."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from feature_store.authoring.project_files import Project, sql_of
from feature_store.authoring.views import CALL, ONE_LINE, Version, View
from feature_store.errors import FeatureStoreError

_DECLARATION = "feature_store.feature_view()"
_REFERENCE = re.compile(
    r"""\s*(?:(?:ref|source)\(\s*(['"])[^'"]+\1(?:\s*,\s*(['"])[^'"]+\2)?(?:\s*,\s*v(?:ersion)?\s*=\s*[^,()]+)?\s*\))\s*"""
)
_LIST = re.compile(r"(\{%-?\s*set\s+served_views\s*=\s*\[)(.*?)(\]\s*-?%\})", re.S)
_LINE = re.compile(r"\(\s*'[^']+'\s*,\s*[^,()]+\s*,\s*\[[^\]]*\]\s*\)")


def is_served(project: Project, view: View, version: Version) -> bool:
    """Return whether a version has an online view: if it is declared ``online``, or is there."""
    name = view.online_name(version)
    return "online" in version.declaration or name in project.sql or project.model(name) is not None


def one_line_models(project: Project, view: View) -> dict[Path, str]:
    """Return the one-line models of a view's versions, by path, as they are to be.

    A file with other SQL in it is left as it is.
    """
    found: dict[Path, str] = {}
    for version in view.versions:
        if "aggregates" in version.declaration:
            events = _events(project, view, version)
            line = f"{{{{ feature_store.windowed_features({events}, {_DECLARATION}) }}}}\n"
            _add(project, found, view.path.parent, view.sql_name(version), line)
        elif view.sql_name(version) not in project.sql:
            name = view.sql_name(version)
            raise FeatureStoreError(
                f"{project.label(view.path)}: {view.name} declares no aggregates, and there is no "
                f"{name}.sql",
                allowed="aggregates, or SQL written by hand",
                next_step=f"declare aggregates and windows, or write {name}.sql",
            )
    return found


def online_models(project: Project, view: View) -> dict[Path, str]:
    """Return the one-line models of a view's online views, by path, as they are to be."""
    found: dict[Path, str] = {}
    for version in view.versions:
        if is_served(project, view, version):
            events = _events(project, view, version)
            of_version = "" if version.number is None else f", v={version.number!r}"
            line = (
                f"{{{{ feature_store.online_features(ref('{view.name}'{of_version}), {events}, "
                f"{_DECLARATION}) }}}}\n"
            )
            _add(project, found, online_folder(view), view.online_name(version), line)
    return found


def _events(project: Project, view: View, version: Version) -> str:
    events = _events_call(project, view, version)
    if events is None:
        raise FeatureStoreError(
            f"{project.label(view.path)}: {view.name}: events is missing",
            allowed="the model or source that it reads, such as ref('orders')",
            next_step="add events to the declaration",
        )
    return events


def _events_call(project: Project, view: View, version: Version) -> str | None:
    """Return the ``ref()`` or ``source()`` of a version's events, from its declaration or SQL."""
    given = version.declaration.get("events")
    if given is None:
        for name in (view.sql_name(version), view.online_name(version)):
            match = CALL.search(sql_of(project, name))
            if match:
                start, end = _events_span(match)
                return match.string[start:end]
        return None
    if isinstance(given, str) and _REFERENCE.fullmatch(given):
        return given.strip()
    if isinstance(given, str) and re.fullmatch(r"\w+", given):
        return f"ref('{given}')"
    raise FeatureStoreError(
        f"{project.label(view.path)}: {view.name}: events is {given!r}",
        allowed="ref('orders'), source('shop', 'orders') or the name of a model",
        next_step="correct events in the declaration",
    )


def _events_span(call: re.Match[str]) -> tuple[int, int]:
    """Return where the events are named in a call: ``ref('a', v=1), ref('b')`` has them second."""
    start, end = call.span(2)
    if call[1] == "online" and (first := re.match(r".*?\)\s*,\s*", call[2], re.S)):
        start += first.end()
    return start, end


def online_folder(view: View) -> Path:
    """Return the folder of what follows from ``online`` in a view's declaration."""
    folder = view.path.parent
    return folder.parent / "online" if folder.name == "features" else folder


def _add(project: Project, found: dict[Path, str], folder: Path, name: str, line: str) -> None:
    path = project.sql.get(name)
    if path is None:
        found[folder / f"{name}.sql"] = line
        return
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FeatureStoreError(
            f"{project.label(path)}: cannot be read: {error}", next_step="correct the file"
        ) from error
    if ONE_LINE.fullmatch(text):
        found[path] = text if text.split() == line.split() else line
        return
    # Comments or a config stand beside the call: only what it reads follows from the declaration.
    calls = [*CALL.finditer(text)]
    wanted = CALL.match(line)
    if len(calls) == 1 and wanted and calls[0][1] == wanted[1]:
        start, end = _events_span(calls[0])
        first, last = _events_span(wanted)
        if "".join(text[start:end].split()) != "".join(line[first:last].split()):
            found[path] = text[:start] + line[first:last] + text[end:]


def served_list(project: Project, views: list[View]) -> dict[Path, str]:
    """Return the models with a list of served views, by path, as they are to be."""
    wanted = {
        (view.name, str(1 if version.number is None else version.number)): (
            f"('{view.name}', {1 if version.number is None else version.number!r}, "
            f"{[*version.declaration['entity']]!r})"
        )
        for view in views
        for version in view.versions
        if is_served(project, view, version)
    }
    found = {}
    for path in project.sql.values():
        text = path.read_bytes().decode("utf-8", errors="replace")
        match = _LIST.search(text) if "served_differences(" in text else None
        if match:
            body = _completed_list(match[2], wanted)
            found[path] = text[: match.end(1)] + body + text[match.start(3) :]
    return found


def _completed_list(body: str, wanted: dict[tuple[str, str], str]) -> str:
    """Return the entries of a list with the wanted ones, in the order of their names.

    What else is in it, such as comments, stays.
    """
    for key, line in sorted(wanted.items()):
        there = [(one, _key(one[0])) for one in _LINE.finditer(body)]
        there = [(one, found) for one, found in there if found is not None]
        same = next((one for one, found in there if found == key), None)
        if same is not None:
            body = body[: same.start()] + line + body[same.end() :]
        elif after := next((one for one, found in there if found > key), None):
            body = f"{body[: after.start()]}{line},\n    {body[after.start() :]}"
        else:
            stripped = body.rstrip()
            comma = "," if stripped and not stripped.endswith((",", "#}")) else ""
            body = f"{stripped}{comma}\n    {line},\n"
    return body


def without_lists(project: Project) -> dict[Path, str]:
    """Return the models with such a list, by path, with none in it."""
    found = {}
    for path in project.sql.values():
        text = path.read_bytes().decode("utf-8", errors="replace")
        if "served_differences(" in text and _LIST.search(text):
            found[path] = _LIST.sub(r"\1\3", text)
    return found


def listed(project: Project) -> list[tuple[Path, str, tuple[str, str]]]:
    """Return the entries of such lists: the file, the text, and name and version of the view."""
    found = []
    for path in project.sql.values():
        text = path.read_bytes().decode("utf-8", errors="replace")
        match = _LIST.search(text) if "served_differences(" in text else None
        for one in _LINE.findall(match[2]) if match else ():
            if (key := _key(one)) is not None:
                found.append((path, one, key))
    return found


def _key(entry: str) -> tuple[str, str] | None:
    """Return the view and version of an entry; None for one with an expression in it."""
    try:
        name, version, _ = ast.literal_eval(entry)
    except (ValueError, SyntaxError):
        return None
    return str(name), str(version)
