"""Airflow tasks that run the project's commands in the project's own Python environment.

A command is a list of words, and no shell reads it: nothing has to be quoted, and a parameter of a
run cannot become a command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator, BaseSensorOperator
from airflow.sdk.exceptions import AirflowException

from feature_pipeline_parts.settings import PipelineSettings

#: The exit code of scripts/check_raw.py for data that are not there yet.
NOT_YET = 75


class _Command:
    """Runs the command of a task, and stops it with the task."""

    def __init__(self, settings: PipelineSettings):
        self._settings = settings
        self._hook = SubprocessHook()

    def run(self, words: Sequence[str]) -> tuple[int, str]:
        """Run a command; its output goes to the log. Return its exit code and its last line."""
        program = self._settings.bin_dir / words[0]
        if not program.exists():
            raise AirflowException(
                f"{program}: no such program. Next: make setup, or set {self._settings.prefix}_BIN"
            )
        done = self._hook.run_command(
            [str(program), *words[1:]],
            env=self._settings.environment(),
            cwd=str(self._settings.project_dir),
        )
        return done.exit_code, done.output

    def stop(self) -> None:
        """Send SIGTERM to the command and the processes that it started."""
        if self._hook.sub_process:
            self._hook.send_sigterm()


class ProjectOperator(BaseOperator):
    """Runs a command of the project; its last line is the task's result."""

    template_fields: Sequence[str] = ("words",)
    ui_color = "#e8f0e4"

    def __init__(self, *, settings: PipelineSettings, words: Sequence[str], **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = settings
        self.words = list(words)
        self._command: _Command | None = None

    def execute(self, context: Mapping[str, Any]) -> str:
        """Run the command."""
        self._command = _Command(self.settings)
        code, last_line = self._command.run(self.words)
        if code:
            raise AirflowException(f"{' '.join(self.words[:2])}: exit code {code}; see the log")
        return last_line

    def on_kill(self) -> None:
        """End the command with the task, so that it does not go on writing."""
        if self._command:
            self._command.stop()


class ProjectSensor(BaseSensorOperator):
    """Runs a command of the project until its exit code is no longer that of "not yet"."""

    template_fields: Sequence[str] = ("words",)

    def __init__(self, *, settings: PipelineSettings, words: Sequence[str], **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = settings
        self.words = list(words)
        self._command: _Command | None = None

    def poke(self, context: Mapping[str, Any]) -> bool:
        """Run the command once."""
        self._command = _Command(self.settings)
        code, _ = self._command.run(self.words)
        if code not in (0, NOT_YET):
            raise AirflowException(f"{' '.join(self.words[:2])}: exit code {code}; see the log")
        return code == 0

    def on_kill(self) -> None:
        """End the command with the task."""
        if self._command:
            self._command.stop()
