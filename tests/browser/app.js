// A web app that logs in with oidc-client-ts and nothing else; the test drives `manager` itself.
const gateway = new URLSearchParams(location.search).get("gateway") || sessionStorage.getItem("gateway");
sessionStorage.setItem("gateway", gateway);

window.manager = new oidc.UserManager({
  authority: gateway,
  client_id: "helpdesk-web",
  redirect_uri: `${location.origin}/callback.html`,
  post_logout_redirect_uri: `${location.origin}/goodbye.html`,
  scope: "openid profile email offline_access helpdesk",
  loadUserInfo: true,
  automaticSilentRenew: false,
  revokeTokensOnSignout: false,
  userStore: new oidc.WebStorageStateStore({ store: sessionStorage }),
});

const say = (text) => { document.querySelector("output").textContent = text; };

if (location.pathname === "/callback.html") {
  window.manager.signinCallback().then((user) => say(`logged in: ${user.profile.name}`), (error) => say(`error: ${error.message}`));
} else if (location.pathname === "/goodbye.html") {
  window.manager.signoutCallback().then(() => say("logged out"), (error) => say(`error: ${error.message}`));
} else {
  say("ready");
}
