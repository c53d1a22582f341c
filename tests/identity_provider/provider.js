// An OpenID provider as a company would run one. Prints its issuer once it listens.
//
// Anybody logs in with any password. A test posts to /groups who is in which groups, and to
// /redirect-uris where browsers may be sent back to.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const settings = JSON.parse(process.argv[2]);
const posted = { "/groups": {}, "/redirect-uris": [] };

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = makeProvider(issuer).callback();
  server.on("request", (request, response) => {
    if (request.url in posted) keep(request, response);
    else provider(request, response);
  });
  console.log(issuer);
});

function makeProvider(issuer) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: settings.clientId,
        client_secret: settings.clientSecret,
        redirect_uris: [`${issuer}/nowhere`],
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
  provider.Client.prototype.redirectUriAllowed = (uri) => posted["/redirect-uris"].includes(uri);
  return provider;
}

function findAccount(_, name) {
  return {
    accountId: name,
    claims: () => ({
      sub: name,
      name,
      email: `${name}@acme.example`,
      email_verified: true,
      groups: posted["/groups"][name] ?? [],
    }),
  };
}

async function keep(request, response) {
  let body = "";
  for await (const part of request) body += part;
  posted[request.url] = JSON.parse(body);
  response.end();
}
