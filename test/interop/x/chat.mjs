// Encrypted chats by X's own SDK, which calls the API and seals nothing: what is sealed and signed comes from outside.
import assert from 'node:assert/strict';
import { env, say, xdk } from './world.mjs';

// The SDK writes bodies in camel case and turns them back itself; only names that it knows survive that.
const camel = (v) => Array.isArray(v) ? v.map(camel) : v && typeof v === 'object'
  ? Object.fromEntries(Object.entries(v).map(([k, e]) => [k.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), camel(e)])) : v;
const given = (name) => camel(JSON.parse(env[name]));
const x = xdk({ accessToken: env.ACCESS_TOKEN });
const { chat } = x;

if (env.REGISTRATION) {
  const mine = await chat.addUserPublicKey(env.BOT, given('REGISTRATION'));
  assert.equal(mine.data.publicKeyVersion, env.VERSION);
  say('DONE');
  process.exit(0);
}
const keys = await chat.addConversationKeys(env.ALICE, given('ROTATION'));
assert.equal(keys.data.conversationId, `${env.ALICE}:${env.BOT}`);

const sent = await chat.sendMessage(env.ALICE, given('MESSAGE'));
assert.ok(sent.data.encodedMessageEvent.length > 100);
assert.equal((await chat.sendMessage(env.ALICE, given('MESSAGE'))).data.encodedMessageEvent, sent.data.encodedMessageEvent);
assert.equal((await chat.sendTypingIndicator(env.ALICE)).data.success, true);

const seen = [];
let token;
do {
  const page = await chat.getConversationEvents(`${env.ALICE}-${env.BOT}`, {
    maxResults: 1, paginationToken: token, chatMessageEventFields: ['encoded_event', 'sender_id', 'is_trusted', 'conversation_token'],
  });
  assert.equal(page.meta.conversationKeyEvents.length, 1);
  seen.push(...page.data);
  token = page.meta.nextToken;
} while (token);
assert.equal(seen.length, 2);
assert.equal(seen[0].encodedEvent, sent.data.encodedMessageEvent);
assert.equal(seen[1].senderId, env.ALICE);
assert.equal((await chat.markConversationRead(env.ALICE, { seenUntilSequenceId: env.HEARD })).data.success, true);

const list = await chat.getConversations({ chatConversationFields: ['type', 'updated_at'], expansions: ['participant_ids'], userFields: ['username'] });
assert.equal(list.data[0].id, `${env.ALICE}:${env.BOT}`);
assert.equal(list.meta.hasMessageRequests, false);
assert.equal(list.includes.users.length, 2);
assert.equal((await chat.getConversation(env.ALICE)).data.id, list.data[0].id);

const sealed = Buffer.alloc(5000, 'sealed');
const place = `${env.ALICE}-${env.BOT}`;
const start = await chat.mediaUploadInitialize({ conversationId: place, totalBytes: sealed.length });
const { sessionId, mediaHashKey } = start.data;
for (const i of [0, 1]) {
  const media = sealed.subarray(i * 3000, (i + 1) * 3000).toString('base64');
  const part = await chat.mediaUploadAppend(sessionId, { conversationId: place, mediaHashKey, segmentIndex: i, media });
  assert.ok(part.data.expiresAt > Date.now() / 1000);
}
assert.equal((await chat.mediaUploadFinalize(sessionId, { conversationId: place, mediaHashKey, numParts: '2' })).data.success, true);
assert.ok(sealed.equals(Buffer.from(await chat.mediaDownload(place, mediaHashKey))));

assert.equal((await chat.deleteMessages(env.ALICE, given('ERASURE'))).data.deleted, true);
assert.match((await chat.initializeGroup()).data.conversationId, /^g[0-9]+$/);
await assert.rejects(chat.sendMessage(env.CAROL, given('MESSAGE')), (e) => e.status === 404);
say('DONE');
