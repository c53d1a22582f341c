"""`python -m services.gateway.bridge`: serves pages and endpoints to Envoy, over mutual TLS."""

import asyncio
import ssl

import uvicorn
from starlette.applications import Starlette

from services.gateway.bridge.app import make_app
from services.mesh.channel import connect
from services.mesh.logs import configure_logs
from services.mesh.settings import REPOSITORY, MeshSettings, read_settings

NAME = "bridge"


def main() -> None:
    settings = read_settings(MeshSettings)
    configure_logs(NAME, settings)
    asyncio.run(serve(settings))


async def serve(settings: MeshSettings) -> None:
    async with connect(settings, caller_service=NAME, peer="auth") as auth:
        app = make_app(REPOSITORY / "gen" / "openapi" / "helpdesk.json", auth, settings.issuer)
        await uvicorn.Server(_server(app, settings)).serve()


def _server(app: Starlette, settings: MeshSettings) -> uvicorn.Config:
    certificates = settings.certificate_folder(NAME)
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port(NAME),
        ssl_certfile=certificates / "cert.pem",
        ssl_keyfile=str(certificates / "key.pem"),
        ssl_ca_certs=str(certificates.parent / "ca.pem"),
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        access_log=False,
        log_level=settings.log_level,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
