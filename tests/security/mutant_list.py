"""One line for each defence taken away: what, where, the change, and the tests that must notice.

A text that does not stand exactly once in its file is an error, so that the list cannot rot.
"""

from dataclasses import dataclass

from tests.security.mutation import Change


@dataclass(frozen=True)
class Mutant:
    name: str
    change: Change
    tests: tuple[str, ...]


def _mutant(name: str, file: str, text: str, replacement: str, *tests: str) -> Mutant:
    return Mutant(name, Change(f"services/{file}", text, replacement), tests)


_TOKENS, _SESSIONS = "mesh/tokens.py", "auth/use_cases/sessions.py"
_T_TOKENS, _T_SESSIONS = "tests/mesh/test_tokens.py", "tests/auth/test_sessions.py"
_T_GRANTS, _T_KEYS = "tests/auth/test_grants.py", "tests/auth/test_api_keys.py"
_T_LOGIN = "tests/auth/test_authorization_login.py"
_T_ENDINGS = "tests/auth/test_grant_endings.py"
_T_PAGES = "tests/gateway/bridge/test_login_pages.py"
_T_ACCESS = "tests/mesh/test_access.py"
_T_ADMISSION = "tests/search/test_admission.py"
_T_INDEX = "tests/search/test_restricted_index.py"
_T_STANDING = "tests/search/test_standing_in_the_index.py"
_T_TEMPLATES = "tests/ticket/mail/test_templates.py"
_DOMAIN = "auth/domain.py"

MUTANTS = (
    # The token, one check after the other.
    _mutant("several audiences", _TOKENS, 'payload.get("aud") != AUDIENCE or ', "", _T_TOKENS),
    _mutant("any typ", _TOKENS, '        or header["typ"] != TOKEN_TYPE\n', "", _T_TOKENS),
    _mutant("a claim twice", _TOKENS, "if len(names) != len(pairs):", "if False:", _T_TOKENS),
    _mutant(
        "exp as text",
        _TOKENS,
        "    if type(value) is not int:\n        _refuse()\n    try:\n"
        "        return datetime.fromtimestamp(value, UTC)",
        "    try:\n        return datetime.fromtimestamp(int(str(value)), UTC)",
        _T_TOKENS,
    ),
    _mutant("tokens of any size", _TOKENS, "len(token) > MAX_TOKEN_LENGTH or ", "", _T_TOKENS),
    _mutant("padding", _TOKENS, "not _FORM.match(token)", 'token.count(".") != 2', _T_TOKENS),
    _mutant("more in the header", _TOKENS, "set(header) != _HEADER", "False", _T_TOKENS),
    _mutant("expired", _TOKENS, "self._clock() >= expires_at or ", "", _T_TOKENS),
    _mutant("not valid yet", _TOKENS, " or latest_start < valid_from", "", _T_TOKENS),
    _mutant("another issuer", _TOKENS, "                issuer=self._issuer,\n", "", _T_TOKENS),
    _mutant(
        "a scope is no limit",
        "mesh/scopes.py",
        "return permissions if EVERYTHING in scope else permissions & scope",
        "return permissions",
        "tests/mesh/test_scopes.py",
    ),
    # Who calls, and what they may.
    _mutant(
        "no permission needed",
        "mesh/interceptors/permission.py",
        "            _check(current_caller(), needed)\n",
        "",
        "tests/mesh/test_server.py",
    ),
    _mutant(
        "any service may call",
        "mesh/interceptors/caller_identity.py",
        "if service not in allowed:",
        "if False:",
        "tests/mesh/test_server.py",
        "tests/mesh/test_callers.py",
    ),
    _mutant(
        "two names in a certificate",
        "mesh/tls.py",
        "if len(addresses) == 1 else None",
        "if addresses else None",
        "tests/mesh/test_tls.py",
    ),
    _mutant(
        "sessions never end",
        "mesh/authority.py",
        "        self._check_session(claims.tenant_id, claims.session_id)\n        return claims\n",
        "        return claims\n",
        "tests/mesh/test_authority.py",
    ),
    _mutant(
        "policy without its digest",
        "mesh/policy.py",
        'digest_of(total) != digest:\n        raise PolicyRefused("the rules',
        'False:\n        raise PolicyRefused("the rules',
        _T_ACCESS,
    ),
    _mutant(
        "a change without its digest",
        "mesh/policy.py",
        'digest_of(total) != digest:\n        raise PolicyRefused("the change',
        'False:\n        raise PolicyRefused("the change',
        "tests/mesh/test_authority.py",
    ),
    _mutant(
        "permissions that a change does not end",
        "mesh/access.py",
        "self._permissions[tenant].pop(user, None)",
        "pass",
        "tests/mesh/test_authority.py",
    ),
    _mutant(
        "changed rules without their seal",
        "auth/store/policy_rows.py",
        "return amended == head.sealed",
        "return True",
        "tests/auth/test_policy_changes.py",
    ),
    _mutant(
        "a change of the policy that names nobody",
        "auth/store/user_rows.py",
        "        touch(self._session, Holder(self._tenant_id, user.user_id))\n",
        "        touch(self._session, Holder(self._tenant_id))\n",
        "tests/auth/test_policy_changes.py",
    ),
    _mutant(
        "any text in a rule",
        "mesh/policy.py",
        "    if not all(form.match(part) for form, part in zip(forms, parts, strict=True)):",
        "    if False:",
        _T_ACCESS,
    ),
    _mutant(
        "an old policy",
        "mesh/access.py",
        "self._monotonic() - self._heard_at <= STALE_AFTER_SECONDS",
        "True",
        _T_ACCESS,
    ),
    # The tenant, in each store and below it.
    _mutant(
        "a note waits to be mailed",
        "ticket/store/mail_outbox.py",
        "comment.is_internal or ",
        "",
        "tests/ticket/mail/test_sending.py",
    ),
    _mutant(
        "a note is mailed",
        "ticket/store/mail_outbox.py",
        "            CommentRow.is_internal.is_(False),\n",
        "",
        "tests/ticket/mail/test_sending.py",
    ),
    _mutant(
        "a mail's subject of several lines",
        "ticket/mail/templates.py",
        '" ".join(_MARK.sub(" ", words).split())',
        '_MARK.sub(" ", words)',
        _T_TEMPLATES,
    ),
    _mutant(
        "a mail's subject with another ticket's number",
        "ticket/mail/templates.py",
        '_MARK.sub(" ", words).split()',
        "words.split()",
        _T_TEMPLATES,
    ),
    _mutant(
        "a mail without its ticket's number",
        "ticket/mail/templates.py",
        """return f"{line} [{values['ticket.number']}]".strip()""",
        "return line",
        _T_TEMPLATES,
    ),
    _mutant(
        "a template of several lines",
        "ticket/use_cases/content_checks.py",
        "if any(unicodedata.category(character) in _NOT_OF_A_LINE for character in text):",
        "if False:",
        _T_TEMPLATES,
    ),
    _mutant(
        "a template without the agent's words",
        "ticket/mail/templates.py",
        "if variables_of(template.body).count(REPLY_VARIABLE) != 1:",
        "if False:",
        _T_TEMPLATES,
    ),
    _mutant(
        "tenant of mail templates",
        "ticket/store/mail_templates.py",
        "return MailTemplateRow.tenant_id == self._tenant_id",
        "return MailTemplateRow.tenant_id != ''",
        _T_TEMPLATES,
    ),
    _mutant(
        "anybody answers by number",
        "ticket/mail/filing.py",
        "ticket is None or ticket.requester_id != author_id",
        "ticket is None",
        "tests/ticket/mail/test_receiving.py",
    ),
    _mutant(
        "tenant of tickets",
        "ticket/store/sql.py",
        "return select(TicketRow, _TAGS).where(self._own(TicketRow))",
        "return select(TicketRow, _TAGS)",
        "tests/ticket/test_store.py",
        "tests/ticket/test_isolation.py",
    ),
    _mutant(
        "tenant of comments",
        "ticket/store/comments.py",
        ".where(self._own(CommentRow), CommentRow.ticket_id.in_(merged))",
        ".where(CommentRow.ticket_id.in_(merged))",
        "tests/ticket/test_store.py",
        "tests/ticket/test_isolation.py",
    ),
    _mutant(
        "tenant of reports",
        "ticket/store/reports.py",
        ").where(self._own(EventRow))",
        ")",
        "tests/ticket/reports/test_reports.py",
    ),
    _mutant(
        "requester of reports",
        "ticket/store/reports.py",
        "conditions.append(TicketRow.requester_id == query.requester_id)",
        "pass",
        "tests/ticket/reports/test_reports.py",
    ),
    _mutant(
        "tenant of words",
        "ticket/store/words.py",
        "self._own(WordRow),\n"
        "                WordRow.word.in_([each.word for each in query.words]),\n"
        "                WordRow.number != query.number,",
        "WordRow.word.in_([each.word for each in query.words]),\n"
        "                WordRow.number != query.number,",
        "tests/ticket/test_similar.py",
        "tests/ticket/test_isolation.py",
    ),
    _mutant(
        "tenant of documents",
        "search/store/readable.py",
        "return and_(self.own(DocumentRow), admits(self._reader))",
        "return admits(self._reader)",
        "tests/search/test_store.py",
    ),
    _mutant(
        "tenant of users",
        "auth/store/user_rows.py",
        "select(UserRow).where(UserRow.tenant_id == self._tenant_id, UserRow.user_id == user_id)",
        "select(UserRow).where(UserRow.user_id == user_id)",
        "tests/auth/test_store.py",
    ),
    _mutant(
        "row security that lets all through",
        "mesh/row_security.py",
        "TENANT_RULE = \"tenant_id = current_setting('app.tenant', true)\"",
        'TENANT_RULE = "true"',
        "tests/mesh/test_row_security.py",
    ),
    _mutant(
        "signing keys kept from the tenants' role",
        "auth/migrations/versions/0014_keep_keys_from_tenants.py",
        '("signing_keys", "login_failures")',
        '("login_failures",)',
        "tests/auth/test_on_postgresql.py",
    ),
    # Who may read which article.
    _mutant(
        "lists where rows are read",
        "search/store/readable.py",
        "return and_(self.own(DocumentRow), admits(self._reader))",
        "return self.own(DocumentRow)",
        _T_ADMISSION,
    ),
    _mutant(
        "lists of categories where rows are read",
        "search/store/admission.py",
        "        _lets_in(reader, CategoryReaderRow, "
        "CategoryReaderRow.category == DocumentRow.category),\n",
        "",
        _T_ADMISSION,
    ),
    _mutant(
        "versions of hidden documents",
        "search/store/readable.py",
        "                self.readable(),\n                self._may_be_opened(),\n"
        "                DocumentRow.document_id == document_id,\n"
        "                VersionRow.version == version,\n",
        "                self.own(DocumentRow),\n                self._may_be_opened(),\n"
        "                DocumentRow.document_id == document_id,\n"
        "                VersionRow.version == version,\n",
        _T_ADMISSION,
    ),
    _mutant(
        "lists inside the query, Edge",
        "search/index_edge.py",
        "*([] if view.sees_all else [readers])",
        "*([] if view else [readers])",
        _T_INDEX,
    ),
    _mutant(
        "lists of categories inside the query, Edge",
        "search/index_edge.py",
        ", *([closed] if view.closed_categories else [])]",
        "]",
        _T_INDEX,
    ),
    _mutant(
        "lists inside the query, Qdrant's server",
        "search/index_server.py",
        "        if not view.sees_all:\n",
        "        if not view:\n",
        _T_INDEX,
    ),
    _mutant(
        "states inside the query, Edge",
        "search/index_edge.py",
        "published, *([]",
        "*([]",
        _T_STANDING,
    ),
    _mutant(
        "beginnings inside the query, Edge",
        "search/index_edge.py",
        "must_not=[not_begun, ended,",
        "must_not=[ended,",
        _T_STANDING,
    ),
    _mutant(
        "ends inside the query, Edge",
        "search/index_edge.py",
        "must_not=[not_begun, ended,",
        "must_not=[not_begun,",
        _T_STANDING,
    ),
    _mutant(
        "states inside the query, Qdrant's server",
        "search/index_server.py",
        ', _matches("state", PUBLISHED)]',
        "]",
        _T_STANDING,
    ),
    _mutant(
        "what is in force, where passages are read",
        "search/store/prepared.py",
        "        in_force(_NOW),\n",
        "",
        "tests/search/test_standing.py",
    ),
    _mutant(
        "lists where passages are read",
        "search/store/prepared.py",
        "        admits(AnyReader(_TENANT, _KEYS, sees_all=sees_all)),\n",
        "",
        _T_ADMISSION,
    ),
    _mutant(
        "statistics of hidden words",
        "search/frequencies.py",
        "reading(reader) as documents:\n            stored",
        "reading(Reader(reader.tenant_id, sees_all=True)) as documents:\n            stored",
        "tests/search/test_restricting.py",
    ),
    _mutant(
        "a new version keeps its list",
        "search/domain.py",
        "readers=document.readers if text.readers is None else text.readers,",
        "readers=text.readers or EVERYBODY,",
        _T_ADMISSION,
        "tests/search/test_restricting.py",
    ),
    _mutant(
        "roles of the policy, not the token's",
        "mesh/interceptors/token.py",
        "roles=authority.roles(claims.tenant_id, claims.user_id),",
        "roles=claims.roles,",
        "tests/mesh/test_server.py",
    ),
    _mutant(
        "page tokens of others",
        "mesh/paging.py",
        "if digest != _digest(tenant_id, arguments) or not isinstance(position, str):",
        "if not isinstance(position, str):",
        "tests/mesh/test_paging.py",
    ),
    # The edge.
    _mutant(
        "forgeable headers",
        "gateway/header_hygiene.py",
        '_FORGEABLE = ("x-tenant", "x-user", ',
        "_FORGEABLE = (",
        "tests/gateway/test_edge_headers.py",
    ),
    _mutant(
        "escaped slashes",
        "gateway/header_hygiene.py",
        '"path_with_escaped_slashes_action": "REJECT_REQUEST"',
        '"path_with_escaped_slashes_action": "KEEP_UNCHANGED"',
        "tests/gateway/test_edge_requests.py",
        "tests/gateway/test_edge_headers.py",
    ),
    _mutant(
        "any audience at the edge",
        "gateway/tokens.py",
        '        "audiences": [_AUDIENCE],\n',
        "",
        "tests/gateway/test_edge_tokens.py",
    ),
    # Sessions and their refresh tokens.
    _mutant(
        "an answer before all have heard",
        "auth/settling.py",
        "                if change.happened:\n",
        "                if False:\n",
        "tests/auth/test_settling.py",
    ),
    _mutant(
        "a thief's refresh token ends nothing",
        _SESSIONS,
        "            await records.end_session(session.session_id, now)\n        elif",
        "            pass\n        elif",
        _T_SESSIONS,
    ),
    _mutant(
        "a refresh token works twice",
        _SESSIONS,
        "was_used = token.use_time is not None",
        "was_used = False",
        _T_SESSIONS,
    ),
    _mutant(
        "refresh by another client",
        _SESSIONS,
        "if found is None or found[1].client_id != client_id:",
        "if found is None:",
        _T_SESSIONS,
        _T_GRANTS,
    ),
    _mutant(
        "refresh to a wider scope",
        _SESSIONS,
        "    if not wanted or not wanted <= granted | permitted:",
        "    if not wanted:",
        _T_SESSIONS,
        _T_GRANTS,
    ),
    _mutant(
        "a disabled user opens a session",
        _SESSIONS,
        "    if user.state is not UserState.ACTIVE:\n        raise CredentialsWrong\n",
        "",
        _T_GRANTS,
        _T_KEYS,
    ),
    _mutant(
        "a suspended tenant logs in",
        _SESSIONS,
        "    if tenant.state is TenantState.SUSPENDED:",
        "    if False:",
        "tests/auth/test_tenant_states.py",
    ),
    # OAuth.
    _mutant(
        "no PKCE",
        "auth/use_cases/grants.py",
        "if not proves(request.code_verifier, code.code_challenge):",
        "if False:",
        _T_GRANTS,
    ),
    _mutant(
        "another redirect_uri at the token endpoint",
        "auth/use_cases/grants.py",
        "if request.redirect_uri != code.redirect_uri:",
        "if False:",
        _T_GRANTS,
    ),
    _mutant(
        "a code works twice",
        "auth/use_cases/grants.py",
        "if code.use_time is not None or now >= code.expire_time or ",
        "if now >= code.expire_time or ",
        _T_GRANTS,
    ),
    _mutant(
        "a code never expires",
        "auth/use_cases/grants.py",
        "or now >= code.expire_time or ",
        "or ",
        _T_GRANTS,
    ),
    _mutant(
        "any redirect_uri",
        "auth/authorization_parameters.py",
        "if not client.returns_to(parameters.redirect_uri):",
        "if False:",
        "tests/auth/test_authorization_requests.py",
    ),
    # External identity providers.
    _mutant(
        "another issuer's id_token",
        "auth/openid/id_token.py",
        'if claims.get("iss") != expected.issuer:',
        "if False:",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "any nonce",
        "auth/openid/id_token.py",
        "if expected.nonce is not None and not (",
        "if False and not (",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "an id_token of another client",
        "auth/openid/id_token.py",
        "if expected.client_id not in audiences:",
        "if False:",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "an expired id_token",
        "auth/openid/id_token.py",
        'if _number(claims, "exp") <= earliest:',
        "if False:",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "any at_hash",
        "auth/openid/id_token.py",
        "if hashed != half:",
        "if False:",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "an id_token that brings its key",
        "auth/openid/id_token.py",
        "if _NEVER & set(header) or ",
        "if ",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "an id_token without a signature",
        "auth/openid/id_token.py",
        "jwt.api_jws.decode(token, key, algorithms=[header.algorithm])",
        "pass",
        "tests/auth/test_id_token.py",
    ),
    _mutant(
        "another issuer's configuration",
        "auth/openid/metadata.py",
        "if named != issuer:",
        "if False:",
        "tests/auth/test_openid_client.py",
    ),
    _mutant(
        "providers mixed up",
        "auth/openid/client.py",
        "if answer.issuer is not None and answer.issuer != client.issuer:",
        "if False:",
        "tests/auth/test_openid_client.py",
    ),
    _mutant(
        "somebody else's userinfo",
        "auth/openid/client.py",
        'if more.get("sub") != claims.get("sub"):',
        "if False:",
        "tests/auth/test_openid_client.py",
    ),
    _mutant(
        "calls into our own network",
        "mesh/outbound.py",
        "return is_public(address) and port == HTTPS_PORT",
        "return True",
        "tests/mesh/test_outbound.py",
    ),
    _mutant(
        "one good address among bad ones",
        "mesh/outbound.py",
        "if not all(self._rules.allow",
        "if not any(self._rules.allow",
        "tests/mesh/test_outbound.py",
    ),
    _mutant(
        "redirects of providers",
        "mesh/outbound.py",
        "follow_redirects=False",
        "follow_redirects=True",
        "tests/mesh/test_outbound.py",
    ),
    _mutant(
        "answers without end",
        "mesh/outbound.py",
        "if len(body) > call.limit:",
        "if False:",
        "tests/mesh/test_outbound.py",
    ),
    _mutant(
        "unverified addresses",
        "auth/federation.py",
        'if self.claims.get("email_verified") is not True or ',
        "if ",
        "tests/auth/test_federation.py",
    ),
    _mutant(
        "roles that outlive their claims",
        "auth/federation.py",
        "set(held) - provider.roles - set(before)",
        "set(held)",
        "tests/auth/test_federation.py",
    ),
    _mutant(
        "accounts taken over by address",
        "auth/use_cases/external_users.py",
        "if verdict is not AddressVerdict.LINK_TOO:",
        "if False:",
        "tests/auth/test_federated_logins.py",
    ),
    _mutant(
        "an address's next owner",
        "auth/use_cases/external_users.py",
        "if await records.has_external_identity(account.user.user_id, external.issuer):",
        "if False:",
        "tests/auth/test_federated_logins.py",
    ),
    _mutant(
        "disabled users from outside",
        "auth/use_cases/external_users.py",
        "if user.state is UserState.DISABLED:",
        "if False:",
        "tests/auth/test_federated_logins.py",
    ),
    _mutant(
        "a federated login in any browser",
        "auth/use_cases/federated_logins.py",
        "        or not hmac.compare_digest(login.browser_digest, "
        "digest_of(browser.browser_secret))\n",
        "",
        "tests/auth/test_federated_logins.py",
    ),
    _mutant(
        "a federated login for ever",
        "auth/use_cases/federated_logins.py",
        "        or desk.tokens.clock() >= login.expire_time\n",
        "",
        "tests/auth/test_federated_logins.py",
    ),
    _mutant(
        "exchange without leave",
        "auth/use_cases/token_exchange.py",
        " or not provider.exchanges_tokens",
        "",
        "tests/auth/test_federated_logins.py",
    ),
    _mutant(
        "roles that their giver lacks",
        "auth/use_cases/identity_providers.py",
        "if beyond is not None:",
        "if False:",
        "tests/auth/test_identity_provider_servicer.py",
    ),
    _mutant(
        "everybody an admin",
        "auth/use_cases/identity_providers.py",
        "if ADMIN in provider.default_roles:",
        "if False:",
        "tests/auth/test_identity_provider_servicer.py",
    ),
    _mutant(
        "sealed for anybody",
        "mesh/sealed.py",
        "return json.dumps([tenant_id, purpose]).encode()",
        'return b""',
        "tests/mesh/test_sealed.py",
    ),
    _mutant(
        "webhooks are told who wrote what",
        "ticket/webhooks/message.py",
        "    if not webhook.include_personal_data:",
        "    if False:",
        "tests/ticket/webhooks/test_sending.py",
    ),
    _mutant(
        "webhooks are told by what was said before",
        "ticket/store/webhook_queue.py",
        "                & exists().where(_is_unchanged(target))\n",
        "",
        "tests/ticket/webhooks/test_updating.py",
    ),
    _mutant(
        "a try undoes what was said of a webhook",
        "ticket/store/webhook_queue.py",
        ".where(_is_unchanged(target))\n                .values",
        ".where(WebhookRow.webhook_id == webhook.webhook_id)\n                .values",
        "tests/ticket/webhooks/test_updating.py",
    ),
    _mutant(
        "a webhook goes anywhere once it is kept",
        "ticket/webhooks/keeping.py",
        "_require_url(desk.rules, content.url)",
        "pass",
        "tests/ticket/webhooks/test_updating.py",
    ),
    _mutant(
        "webhooks are told internal comments",
        "ticket/store/webhook_queue.py",
        "if row is None or (row[0].is_internal and not target.webhook.include_internal):",
        "if row is None:",
        "tests/ticket/webhooks/test_sending.py",
    ),
    # People.
    _mutant(
        "guessing for ever",
        _DOMAIN,
        "    if doublings < 0:",
        "    if doublings < 10**6:",
        "tests/auth/test_domain.py",
    ),
    _mutant(
        "common passwords",
        "auth/password_rules.py",
        "    if is_common(password):",
        "    if False:",
        "tests/auth/test_password_rules.py",
    ),
    _mutant(
        "a one-time code works twice",
        "auth/store/totp_rows.py",
        "                TotpRow.last_step < step,\n",
        "",
        "tests/auth/test_store_totp.py",
    ),
    _mutant(
        "roles beyond one's own",
        "auth/use_cases/granting.py",
        "        if permission not in held:",
        "        if False:",
        "tests/auth/test_roles.py",
        _T_KEYS,
    ),
    _mutant(
        "no admin left",
        "auth/use_cases/users.py",
        "if leaves_no_admin(user, roles, await records.people_with_role(ADMIN)):",
        "if False:",
        "tests/auth/test_users.py",
    ),
    _mutant(
        "API keys never expire",
        _DOMAIN,
        "return self.revoke_time is None and now < self.expire_time",
        "return self.revoke_time is None",
        _T_KEYS,
    ),
    _mutant(
        "revoked API keys",
        _DOMAIN,
        "return self.revoke_time is None and now < self.expire_time",
        "return now < self.expire_time",
        _T_KEYS,
    ),
    # The OpenID provider's pages.
    _mutant(
        "a page in any browser",
        "auth/use_cases/authorization.py",
        "        or request.browser_digest != digest_of(browser.secret)\n",
        "",
        _T_LOGIN,
    ),
    _mutant(
        "consent for whoever listens on the machine",
        "auth/authorization.py",
        "    if client.must_always_ask(request.redirect_uri):\n        return True\n",
        "",
        _T_LOGIN,
    ),
    _mutant(
        "a tenant's client for everybody",
        "auth/authorization.py",
        "    if client.tenant_id not in (None, session.tenant_id):\n        return False\n",
        "",
        _T_LOGIN,
    ),
    _mutant(
        "devices without a question",
        "auth/authorization.py",
        "if request.device_digest or Prompt.CONSENT in request.prompts:",
        "if Prompt.CONSENT in request.prompts:",
        "tests/auth/test_devices.py",
    ),
    _mutant(
        "logging others out",
        "auth/use_cases/grant_endings.py",
        " and (who is None or who.user.user_id == claims.user_id)",
        "",
        _T_ENDINGS,
    ),
    _mutant(
        "a logout that leads anywhere",
        "auth/use_cases/grant_endings.py",
        "if not any(is_same_place(uri, request.redirect_uri) for uri in registered):",
        "if False:",
        _T_ENDINGS,
    ),
    _mutant(
        "cookies for scripts",
        "gateway/bridge/provider/cookies.py",
        "httponly=True",
        "httponly=False",
        _T_PAGES,
    ),
    _mutant(
        "pages in frames",
        "gateway/bridge/provider/pages.py",
        "frame-ancestors 'none'",
        "frame-ancestors *",
        _T_PAGES,
    ),
    _mutant(
        "a parameter twice",
        "gateway/bridge/provider/parameters.py",
        "        if self.repeated:\n",
        "        if False:\n",
        "tests/gateway/bridge/test_client_endpoints.py",
    ),
    # Audit and purge.
    _mutant(
        "a chain without its MAC",
        "mesh/audit/chain.py",
        "is_sound = mac_of(row, self.last_mac, key) == row[MAC]",
        "is_sound = True",
        "tests/security/test_audit_chain.py",
    ),
    _mutant(
        "a chain without its anchor",
        "mesh/audit/chain.py",
        "        if anchored > last:",
        "        if False:",
        "tests/security/test_audit_chain.py",
    ),
    _mutant(
        "records after the commit",
        "mesh/interceptors/audit.py",
        "            with before_each_commit(record_commit):\n"
        "                return await proceed(request, context)\n",
        "            reply = await proceed(request, context)\n"
        "            await record_commit()\n"
        "            return reply\n",
        "tests/mesh/test_audit.py",
    ),
    _mutant(
        "a purge of nothing",
        "mesh/purge.py",
        "        await session.execute(delete(table).where(table.c.tenant_id == tenant_id))",
        "        pass",
        "tests/mesh/test_purge.py",
    ),
)
