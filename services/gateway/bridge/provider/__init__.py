"""The OpenID provider's face: pages for people, endpoints for clients. Auth decides."""
