"""The command line as a table; only what a call needs is loaded."""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

import typer


class Entry(NamedTuple):
    """`attribute` of `module` is a function, or a Typer with commands of its own."""

    name: str
    module: str
    attribute: str
    help: str
    panel: str


_RUN, _USE, _ACCESS = "Run the mesh", "Use it", "Access"

COMMANDS = (
    Entry("up", "up", "up", "Start everything and keep it running.", _RUN),
    Entry("down", "down", "down", "Stop everything.", _RUN),
    Entry("status", "status", "status", "Show each process and whether it serves.", _RUN),
    Entry("doctor", "doctor", "doctor", "Check whether this machine can run it.", _RUN),
    Entry("ask", "ask", "ask", "Ask the knowledge base; answers carry citations.", _USE),
    Entry("tickets", "tickets", "app", "Open, find and move tickets.", _USE),
    Entry("replies", "replies", "app", "Keep the replies that are written often.", _USE),
    Entry("queues", "queues", "app", "Manage the queues that tickets wait in.", _USE),
    Entry("fields", "fields", "app", "Give tickets fields of your own.", _USE),
    Entry("macros", "macros", "app", "Keep what is done to tickets again and again.", _USE),
    Entry("triage", "triage", "app", "Sort tickets by what they are about.", _USE),
    Entry("mail", "mail", "app", "Say where a tenant gets mail, and what mails say.", _USE),
    Entry("routing", "routing", "app", "Say who gets which ticket, and see why.", _USE),
    Entry("webhooks", "webhooks", "app", "Post what happens to addresses of your own.", _USE),
    Entry("sla", "sla", "app", "See and set how soon tickets are due.", _USE),
    Entry(
        "reports", "reports", "app", "See how many tickets there are, and how long they take.", _USE
    ),
    Entry("kb", "knowledge", "app", "Import and search the knowledge base.", _USE),
    Entry("eval", "evaluation", "app", "Measure search with questions of your own.", _USE),
    Entry(
        "identity-providers",
        "identity_providers",
        "app",
        "Let users of an OpenID provider log in.",
        _ACCESS,
    ),
    Entry("users", "users", "app", "Invite, change and disable users.", _ACCESS),
    Entry("roles", "roles", "app", "Make roles out of permissions.", _ACCESS),
    Entry("api-keys", "api_keys", "app", "Keys by which programs act for you.", _ACCESS),
    Entry("account", "account", "app", "Your own password and authenticator app.", _ACCESS),
    Entry("keys", "signing_keys", "app", "The keys that sign tokens (operator).", _ACCESS),
    Entry("tenants", "tenants", "app", "Make, suspend and delete tenants (operator).", _ACCESS),
    Entry("audit", "audit", "app", "See and prove who did what.", _ACCESS),
    Entry("clients", "clients", "app", "Make, list and delete programs that log in.", _ACCESS),
    Entry("login", "login", "login", "Log in to a tenant.", _ACCESS),
    Entry("logout", "logout", "logout", "End your own login.", _ACCESS),
    Entry("token", "login", "token", "Print an access token, for curl.", _ACCESS),
)


def application(words: Sequence[str]) -> typer.Typer:
    """The commands that the words name, in full; of all others name and help only."""
    is_completing = "_HELPDESK_COMPLETE" in os.environ
    app = typer.Typer(
        name="helpdesk",
        help="An AI helpdesk for many tenants that answers from each one's own knowledge base.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for entry in COMMANDS:
        if entry.name in words or is_completing:
            _add(app, entry, getattr(_load(entry.module), entry.attribute))
        else:
            _add(app, entry, _nothing)
    return app


def _add(app: typer.Typer, entry: Entry, what: typer.Typer | Callable[..., None]) -> None:
    if isinstance(what, typer.Typer):
        app.add_typer(what, name=entry.name, help=entry.help, rich_help_panel=entry.panel)
    elif what is _nothing:
        app.command(entry.name, help=entry.help, rich_help_panel=entry.panel)(what)
    else:
        app.command(entry.name, short_help=entry.help, rich_help_panel=entry.panel)(what)


def _load(module: str) -> object:
    return import_module(f"services.cli.commands.{module}")


def _nothing() -> None:
    """Stands where a command would be that this call does not name."""
