"""`helpdesk identity-providers …`."""

from contextlib import AbstractContextManager
from typing import Annotated, Any

import typer
from google.protobuf.field_mask_pb2 import FieldMask

from helpdesk.auth.v1 import identity_provider_service_pb2
from helpdesk.auth.v1.identity_provider_pb2 import (
    IDENTITY_PROVIDER_STATE_DISABLED,
    IDENTITY_PROVIDER_STATE_ENABLED,
    IdentityProvider,
)
from services.cli.failures import CommandError
from services.cli.gateway import Gateway
from services.cli.identity_provider_options import (
    DefaultRoleOption,
    DomainOption,
    ProviderArgument,
    RuleOption,
    ScopeOption,
    SecretOption,
    role_rules,
    secret_from_input,
)
from services.cli.messages import write_message
from services.cli.options import OutputOption, RoleOption, TenantOption
from services.cli.output import Format, say, show
from services.cli.screens.identity_providers import findings, provider_page, provider_table
from services.cli.session import Role, session
from services.mesh.ids import new_id
from services.mesh.settings import MeshSettings, read_settings

app = typer.Typer(no_args_is_help=True)


@app.command("create")
def create(
    *,
    name: Annotated[str, typer.Option(help="As on the login page: Continue with NAME.")],
    issuer: Annotated[str, typer.Option(help="As in its tokens: https://login.acme.example")],
    client_id: Annotated[str, typer.Option(help="How the provider knows this helpdesk.")],
    client_secret_stdin: SecretOption = False,
    scope: ScopeOption = None,
    rules: RuleOption = None,
    default_role: DefaultRoleOption = None,
    domain: DomainOption = None,
    create_users: Annotated[
        bool, typer.Option("--create-users", help="Make users at their first login.")
    ] = False,
    link_users: Annotated[
        bool, typer.Option("--link-users", help="Let it vouch for users of --domain.")
    ] = False,
    exchange_tokens: Annotated[
        bool, typer.Option("--exchange-tokens", help="Exchange its id_tokens for ours.")
    ] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Let users of an OpenID provider log in.

    Register the redirect URI that it prints at the provider.
    """
    provider = IdentityProvider(
        display_name=name,
        issuer=issuer,
        client_id=client_id,
        client_secret=secret_from_input() if client_secret_stdin else "",
        scopes=_scopes(scope),
        role_rules=role_rules(rules or []),
        default_roles=default_role or [],
        email_domains=domain or [],
        creates_users=create_users,
        links_users_by_email=link_users,
        exchanges_tokens=exchange_tokens,
    )
    request = identity_provider_service_pb2.CreateIdentityProviderRequest(
        identity_provider=provider, request_id=new_id()
    )
    with _gateway(tenant, role) as gateway:
        _show(gateway.identity_providers.CreateIdentityProvider(request), output)


@app.command("list")
def list_providers(
    tenant: TenantOption = None, role: RoleOption = None, output: OutputOption = Format.TEXT
) -> None:
    """List the tenant's identity providers."""
    with _gateway(tenant, role) as gateway:
        found = _all(gateway)
        if output is Format.JSON:
            write_message(
                identity_provider_service_pb2.ListIdentityProvidersResponse(
                    identity_providers=found
                )
            )
        elif found:
            show(provider_table(found))
        else:
            say("none yet; helpdesk identity-providers create --help")


@app.command("show")
def show_provider(
    provider: ProviderArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Show an identity provider; its secret stays where it is."""
    with _gateway(tenant, role) as gateway:
        _show(_find(gateway, provider), output)


@app.command("update")
def update(
    provider: ProviderArgument,
    *,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    client_id: Annotated[str | None, typer.Option(help="A new client id.")] = None,
    client_secret_stdin: SecretOption = False,
    scope: ScopeOption = None,
    rules: RuleOption = None,
    default_role: DefaultRoleOption = None,
    domain: DomainOption = None,
    create_users: Annotated[bool | None, typer.Option(help="Make users at first login.")] = None,
    link_users: Annotated[bool | None, typer.Option(help="Let it vouch for users.")] = None,
    exchange_tokens: Annotated[bool | None, typer.Option(help="Exchange its tokens.")] = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it is in use.")
    ] = None,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Change what is named; a list that is given replaces the one before."""
    state = IDENTITY_PROVIDER_STATE_ENABLED if enable else IDENTITY_PROVIDER_STATE_DISABLED
    wished: dict[str, Any] = {
        "display_name": name,
        "client_id": client_id,
        "client_secret": secret_from_input() if client_secret_stdin else None,
        "scopes": None if scope is None else _scopes(scope),
        "role_rules": None if rules is None else role_rules(rules),
        "default_roles": default_role,
        "email_domains": domain,
        "creates_users": create_users,
        "links_users_by_email": link_users,
        "exchanges_tokens": exchange_tokens,
        "state": None if enable is None else state,
    }
    changes = {field: value for field, value in wished.items() if value is not None}
    if not changes:
        raise CommandError(
            "There is nothing to change.", hint="helpdesk identity-providers update --help"
        )
    with _gateway(tenant, role) as gateway:
        found = _find(gateway, provider)
        request = identity_provider_service_pb2.UpdateIdentityProviderRequest(
            identity_provider=IdentityProvider(
                identity_provider_id=found.identity_provider_id, etag=found.etag, **changes
            ),
            update_mask=FieldMask(paths=changes),
        )
        _show(gateway.identity_providers.UpdateIdentityProvider(request), output)


@app.command("delete")
def delete(
    provider: ProviderArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Remove an identity provider; its users stay, but come in otherwise."""
    with _gateway(tenant, role) as gateway:
        found = _find(gateway, provider)
        if not yes and not typer.confirm(f"Remove {found.display_name}?", err=True):
            raise KeyboardInterrupt
        answer = gateway.identity_providers.DeleteIdentityProvider(
            identity_provider_service_pb2.DeleteIdentityProviderRequest(
                identity_provider_id=found.identity_provider_id, etag=found.etag
            )
        )
        if output is Format.JSON:
            write_message(answer)
        else:
            say(f"removed {found.display_name}")


@app.command("test")
def try_out(
    provider: ProviderArgument,
    tenant: TenantOption = None,
    role: RoleOption = None,
    output: OutputOption = Format.TEXT,
) -> None:
    """Ask the provider as a login would, and say what is wrong."""
    with _gateway(tenant, role) as gateway:
        found = gateway.identity_providers.TestIdentityProvider(
            identity_provider_service_pb2.TestIdentityProviderRequest(
                identity_provider_id=_find(gateway, provider).identity_provider_id
            )
        )
        if output is Format.JSON:
            write_message(found)
        else:
            show(findings(found))
    if found.problems:
        raise typer.Exit(1)


def _gateway(tenant: str | None, role: Role | None) -> AbstractContextManager[Gateway]:
    return session(read_settings(MeshSettings), tenant, role, usually=Role.ADMIN)


def _scopes(given: list[str] | None) -> list[str]:
    return list(dict.fromkeys(("openid", *given))) if given else []


def _all(gateway: Gateway) -> list[IdentityProvider]:
    found: list[IdentityProvider] = []
    token = ""
    while True:
        page = gateway.identity_providers.ListIdentityProviders(
            identity_provider_service_pb2.ListIdentityProvidersRequest(
                page_size=100, page_token=token
            )
        )
        found += page.identity_providers
        token = page.next_page_token
        if not token:
            return found


def _find(gateway: Gateway, named: str) -> IdentityProvider:
    for provider in _all(gateway):
        if named in (provider.identity_provider_id, provider.issuer, provider.display_name):
            return provider
    raise CommandError(
        "There is no such identity provider.",
        hint="helpdesk identity-providers list",
        code="IDENTITY_PROVIDER_NOT_FOUND",
    )


def _show(provider: IdentityProvider, output: Format) -> None:
    if output is Format.JSON:
        write_message(provider)
    else:
        show(provider_page(provider))
