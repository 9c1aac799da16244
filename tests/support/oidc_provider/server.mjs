// A real OpenID Connect provider for the tests: signs in at once whomever `login_hint` names.
import http from 'node:http';
import Provider from 'oidc-provider';

const { PORT, REDIRECT_URI, ACCOUNTS } = process.env;
const accounts = JSON.parse(ACCOUNTS);
const issuer = `http://127.0.0.1:${PORT}`;

const provider = new Provider(issuer, {
  clients: [
    { client_id: 'harbour', client_secret: 'a secret of the tests', redirect_uris: [REDIRECT_URI] },
    { client_id: 'another', client_secret: 'another secret', redirect_uris: [REDIRECT_URI] },
  ],
  cookies: { keys: ['of the tests'] },
  claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: accounts[id].email, email_verified: accounts[id].email_verified }),
  }),
});

const answer = provider.callback();
http
  .createServer(async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      if (!(params.login_hint in accounts)) {
        return provider.interactionFinished(request, response, { error: 'access_denied' });
      }
      const login = { accountId: params.login_hint, amr: accounts[params.login_hint].amr };
      return provider.interactionFinished(request, response, { login });
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  })
  .listen(Number(PORT), '127.0.0.1', () => console.log('ready'));
