"""The services of the mesh, one package each, and the gateway and command line around them."""
