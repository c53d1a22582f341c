// An OpenID provider as a company would run one. Prints its issuer once it listens.
//
// Anybody logs in with any password; who is in which groups is what was last posted to /groups.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
let groups = {};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = makeProvider(issuer).callback();
  server.on("request", (request, response) => {
    if (request.url === "/groups") keepGroups(request, response);
    else provider(request, response);
  });
  console.log(issuer);
});

function makeProvider(issuer) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return new Provider(issuer, {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: settings.redirectUris,
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "RS256" }] },
    cookies: { keys: ["of this test"] },
    // As a strict provider has it: what the scopes give is told at the userinfo endpoint.
    conformIdTokenClaims: settings.claimsInUserinfo,
    scopes: ["openid", "email", "profile", "groups"],
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name"],
      groups: ["groups"],
    },
    pkce: { required: () => true },
    findAccount,
  });
}

function findAccount(_, name) {
  return {
    accountId: name,
    claims: () => ({
      sub: name,
      name,
      email: `${name}@acme.example`,
      email_verified: true,
      groups: groups[name] ?? [],
    }),
  };
}

async function keepGroups(request, response) {
  let body = "";
  for await (const part of request) body += part;
  groups = JSON.parse(body);
  response.end();
}
