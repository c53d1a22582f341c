"""python -m services.chat"""

import asyncio

from services.chat.server import run
from services.mesh.settings import MeshSettings, read_settings

if __name__ == "__main__":
    asyncio.run(run(read_settings(MeshSettings)))
