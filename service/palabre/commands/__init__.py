"""The command line, one subcommand a file. Here: their list, and how any of them fails.

What a subcommand needs is imported when it runs, so that `palabre --help` is quick.
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Sequence

import click

from palabre import __version__, logs
from palabre.commands.check import check
from palabre.commands.copy import copy
from palabre.commands.demo import demo
from palabre.commands.jobs import jobs
from palabre.commands.migrate import migrate
from palabre.commands.moderator import moderator
from palabre.commands.openapi import openapi
from palabre.commands.publish import publish
from palabre.commands.screen import screen
from palabre.commands.serve import serve
from palabre.commands.site import site
from palabre.commands.webhook import webhook
from palabre.commands.work import work
from palabre.errors import Problem, Refusal

COMMANDS: tuple[click.Command, ...] = (
    # In the order of an operator's first hour, which is the order of `palabre --help`.
    serve,
    demo,
    check,
    migrate,
    site,
    moderator,
    webhook,
    screen,
    publish,
    work,
    jobs,
    copy,
    openapi,
)


class _Palabre(click.Group):
    """The group that all subcommands are in; the one place where their failures are told."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run a subcommand. Exit code 1 and sentences, not a stack, when it refuses or fails."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as exc:
            if isinstance(exc, OSError) and exc.errno == errno.EPIPE:
                raise  # whoever read our output has seen enough: click ends quietly
            if not isinstance(exc, Refusal) and _wants_stack(ctx):
                click.echo(logs.redact(traceback.format_exc()), err=True, nl=False)
            for sentence in _sentences(exc):
                click.echo(sentence, err=True)
            ctx.exit(1)


def _wants_stack(ctx: click.Context) -> bool:
    level = os.environ.get("PALABRE_LOG_LEVEL", "")
    return bool(ctx.params["debug"]) or level.strip().lower() == "debug"


def _sentences(exc: Exception) -> Sequence[str]:
    """What went wrong, for the operator."""
    if isinstance(exc, Refusal):
        return exc.sentences
    if isinstance(exc, Problem):
        from palabre import locale

        parts = ("title", "detail")
        said = [locale.say("en", f"problem.{exc.code}.{part}", **exc.values) for part in parts]
        return [f"{said[0]}. {said[1]}"]
    message = logs.redact(str(exc))
    return [f"{type(exc).__name__}: {message}" if message else type(exc).__name__]


@click.group(cls=_Palabre, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the stack when something fails unexpectedly.")
@click.version_option(__version__, message="palabre %(version)s")
def main(debug: bool) -> None:
    """Palabre, the comment desk for article pages.

    Settings come from PALABRE_… environment variables and from palabre.toml in the working
    directory. Commands may run while the service runs, and take effect in it at once.
    """


for _command in COMMANDS:
    main.add_command(_command)
