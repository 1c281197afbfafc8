// OAuth 2.0 with PKCE and the app-only token, by twitter-api-v2.
import assert from 'node:assert/strict';
import { base, env, say, twitter } from './world.mjs';

const app = twitter({ clientId: env.CLIENT_ID, clientSecret: env.CLIENT_SECRET });
const link = app.generateOAuth2AuthLink('http://127.0.0.1:9/back', {
  scope: ['tweet.read', 'users.read', 'dm.read', 'dm.write', 'offline.access'],
});
const page = new URL(link.url);
const answer = await fetch(new URL(page.pathname + page.search, base), { redirect: 'manual' });
assert.equal(answer.status, 302);
const back = new URL(answer.headers.get('location'));
assert.equal(back.searchParams.get('state'), link.state);

const login = await app.loginWithOAuth2({ code: back.searchParams.get('code'), codeVerifier: link.codeVerifier, redirectUri: 'http://127.0.0.1:9/back' });
assert.equal(login.expiresIn, 7200);
assert.equal((await login.client.v2.me()).data.id, env.BOT);
const fresh = await app.refreshOAuth2Token(login.refreshToken);
assert.notEqual(fresh.refreshToken, login.refreshToken);
await assert.rejects(app.refreshOAuth2Token(login.refreshToken), (e) => e.code === 400);
await assert.rejects(login.client.v2.me(), (e) => e.code === 401);
assert.equal((await fresh.client.v2.me()).data.id, env.BOT);
await app.revokeOAuth2Token(fresh.accessToken, 'access_token');
await assert.rejects(fresh.client.v2.me(), (e) => e.code === 401);

const bearer = await twitter({ appKey: env.CONSUMER_KEY, appSecret: env.CONSUMER_SECRET }).appLogin();
assert.equal((await bearer.v2.userByUsername('alice')).data.id, env.ALICE);
await assert.rejects(bearer.v2.listDmEvents(), (e) => e.code === 403 && e.data.title === 'Unsupported Authentication');
say('DONE');
