"""`python -m services.gateway.bridge`: serves the documentation to Envoy, over mutual TLS."""

import ssl

import uvicorn

from services.gateway.bridge.app import make_app
from services.mesh.settings import REPOSITORY, MeshSettings, read_settings


def main() -> None:
    settings = read_settings(MeshSettings)
    certificates = settings.certificate_folder("bridge")
    uvicorn.run(
        make_app(REPOSITORY / "gen" / "openapi" / "helpdesk.json"),
        host=settings.host,
        port=settings.port("bridge"),
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
