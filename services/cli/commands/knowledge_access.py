"""`helpdesk kb access …`."""

from typing import Annotated

import typer

from helpdesk.search.v1 import category_service_pb2, readers_pb2, search_service_pb2
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.knowledge.categories import list_categories
from services.cli.knowledge.importer import find_document
from services.cli.knowledge.readers import readers_from, roles_that_nobody_knows, words_of
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show, without_controls
from services.cli.screens.knowledge import category_table
from services.cli.session import Role, session
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)

ReaderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--reader",
        metavar="READER",
        help="A role, user:ID or an e-mail address; once for each. Others will not find it.",
    ),
]
EverybodyOption = Annotated[
    bool, typer.Option("--everybody", help="Everybody who may search may read it again.")
]


@app.command("show")
def show_access(
    category: Annotated[str | None, typer.Argument(help="All categories if left out.")] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show who may read which category."""
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        found = [one for one in list_categories(gateway) if category in (None, one.category)]
    if category is not None and not found:
        raise CommandError(
            f"No article is in the category {category}, and it has no readers.",
            hint="helpdesk kb access show",
            code="CATEGORY_NOT_FOUND",
        )
    if output is Format.JSON:
        write_message(category_service_pb2.ListCategoriesResponse(categories=found))
    else:
        show(category_table(found))


@app.command("set")
def set_category(
    category: Annotated[str, typer.Argument(help="Its name to the letter, as `kb list` shows it.")],
    *,
    reader: ReaderOption = None,
    everybody: EverybodyOption = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say who may read the articles of a category, also before there are any.

    An article's own readers still count: both lists must admit.
    """
    _require_one(reader, everybody)
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        readers = readers_from(gateway, reader or ())
        _warn_of_unknown_roles(gateway, readers)
        answer = gateway.categories.SetCategoryReaders(
            category_service_pb2.SetCategoryReadersRequest(category=category, readers=readers)
        )
    if output is Format.JSON:
        write_message(answer)
        return
    say(f"{without_controls(answer.category)}: {_for_whom(answer.readers)}")
    if not answer.document_count:
        say("no article is in this category yet", style="dim")


@app.command("article")
def set_article(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="Its source or its id.")],
    *,
    reader: ReaderOption = None,
    everybody: EverybodyOption = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Say who may read one article, without putting it again."""
    _require_one(reader, everybody)
    with session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN) as gateway:
        readers = readers_from(gateway, reader or ())
        _warn_of_unknown_roles(gateway, readers)
        answer = gateway.search.SetDocumentReaders(
            search_service_pb2.SetDocumentReadersRequest(
                document_id=find_document(gateway, document), readers=readers
            )
        )
    if output is Format.JSON:
        write_message(answer)
        return
    say(f"{without_controls(answer.source_uri)}: {_for_whom(answer.readers)}")
    if answer.restricted and everybody:
        say(f"its category keeps others out: helpdesk kb access show {answer.category}")


def _require_one(reader: list[str] | None, everybody: bool) -> None:
    if bool(reader) == everybody:
        raise CommandError(
            "Say who may read: --reader once or more, or --everybody.",
            hint="helpdesk kb access set CATEGORY --reader agent",
            code="READERS_MISSING",
        )


def _warn_of_unknown_roles(gateway: Gateway, readers: readers_pb2.Readers) -> None:
    for name in roles_that_nobody_knows(gateway, readers):
        say(f"no role is called {name}: it admits nobody", style="yellow")


def _for_whom(readers: readers_pb2.Readers) -> str:
    return f"for {words_of(readers)}" if words_of(readers) else "for everybody"
