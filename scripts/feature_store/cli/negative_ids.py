"""A typer command whose arguments may be negative numbers, as ids are."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand

#: Arguments that are ids rather than options: -5, -.5, or -5|7 for a composite key.
_NEGATIVE = re.compile(r"-\.?[0-9]")


class NegativeIdCommand(TyperCommand):
    """A command that takes arguments such as ``-5`` without ``--`` before them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments with the options first, and the others behind ``--``."""
        has_arguments = any(one.param_type_name == "argument" for one in self.params)
        try:
            return super().parse_args(ctx, self._sorted(args))
        except Exception as error:
            if has_arguments and type(error).__name__ == "NoSuchOption":  # typer keeps its class
                error.message += " (before an id that begins with -, write --)"
            raise

    def _sorted(self, args: list[str]) -> list[str]:
        with_value = {
            name
            for option in self.params
            if option.param_type_name == "option" and not getattr(option, "is_flag", False)
            for name in option.opts
        }
        options: list[str] = []
        others: list[str] = []
        rest = iter(args)
        for text in rest:
            if text == "--":
                others += rest
            elif text.startswith("-") and text != "-" and not _NEGATIVE.match(text):
                options.append(text)
                if text in with_value:
                    value = next(rest, None)
                    if value is None:  # an error that typer reports
                        return args
                    options.append(value)
            else:
                others.append(text)
        return [*options, "--", *others] if others else options
