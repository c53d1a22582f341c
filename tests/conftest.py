pytest_plugins = ["tests.support.databases", "tests.support.mesh_server"]
