-- The roles and databases of Helpdesk, for an administrator of PostgreSQL 15 or newer:
--   psql -f infra/postgresql/roles.sql postgres
-- then \password for each of the twelve roles, and the addresses into HELPDESK_<SERVICE>_DATABASE_URL
-- (helpdesk_<service>), ..._OWNER_URL and ..._SYSTEM_URL.
--
-- Each service has three roles. The owner makes the tables and grants the other two what they need,
-- at the start of the service; helpdesk_<service> serves tenants, and row security shows it one
-- tenant at a time; helpdesk_<service>_system sees all of them, for pruning, logins and the like.

CREATE ROLE helpdesk_auth_owner LOGIN;
CREATE ROLE helpdesk_auth LOGIN;
CREATE ROLE helpdesk_auth_system LOGIN;
CREATE DATABASE helpdesk_auth OWNER helpdesk_auth_owner;
REVOKE ALL ON DATABASE helpdesk_auth FROM PUBLIC;
GRANT CONNECT ON DATABASE helpdesk_auth TO helpdesk_auth, helpdesk_auth_system;

CREATE ROLE helpdesk_ticket_owner LOGIN;
CREATE ROLE helpdesk_ticket LOGIN;
CREATE ROLE helpdesk_ticket_system LOGIN;
CREATE DATABASE helpdesk_ticket OWNER helpdesk_ticket_owner;
REVOKE ALL ON DATABASE helpdesk_ticket FROM PUBLIC;
GRANT CONNECT ON DATABASE helpdesk_ticket TO helpdesk_ticket, helpdesk_ticket_system;

CREATE ROLE helpdesk_search_owner LOGIN;
CREATE ROLE helpdesk_search LOGIN;
CREATE ROLE helpdesk_search_system LOGIN;
CREATE DATABASE helpdesk_search OWNER helpdesk_search_owner;
REVOKE ALL ON DATABASE helpdesk_search FROM PUBLIC;
GRANT CONNECT ON DATABASE helpdesk_search TO helpdesk_search, helpdesk_search_system;

CREATE ROLE helpdesk_chat_owner LOGIN;
CREATE ROLE helpdesk_chat LOGIN;
CREATE ROLE helpdesk_chat_system LOGIN;
CREATE DATABASE helpdesk_chat OWNER helpdesk_chat_owner;
REVOKE ALL ON DATABASE helpdesk_chat FROM PUBLIC;
GRANT CONNECT ON DATABASE helpdesk_chat TO helpdesk_chat, helpdesk_chat_system;
