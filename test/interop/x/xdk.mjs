// The same by X's own SDK. AUTH says how it signs in.
import assert from 'node:assert/strict';
import { env, say, xdk, xdkOAuth1 } from './world.mjs';

const x = xdk(env.AUTH === 'oauth1' ? { oauth1: xdkOAuth1() } : { accessToken: env.ACCESS_TOKEN });
const dm = x.directMessages;

assert.equal((await x.users.getMe({ userFields: ['created_at', 'public_metrics'] })).data.id, env.BOT);
assert.equal((await x.users.getByIds([env.ALICE, env.CAROL])).data.length, 2);
assert.equal((await x.users.getByUsername('alice')).data.id, env.ALICE);

const first = await dm.createByParticipantId(env.ALICE, { text: 'to a participant: ü & <b> = ~' });
assert.equal(first.data.dmConversationId, `${env.ALICE}-${env.BOT}`);
await dm.createByConversationId(first.data.dmConversationId, { text: 'to a conversation' });
const group = await dm.createConversation({
  conversationType: 'Group', participantIds: [env.ALICE, env.CAROL], message: { text: 'to a new group' },
});
await dm.createByConversationId(group.data.dmConversationId, { text: 'again to the group' });

const image = Buffer.from(env.IMAGE, 'base64');
const upload = await x.media.upload({ media: image.toString('base64'), mediaCategory: 'dm_image' });
await dm.createByParticipantId(env.ALICE, { text: 'an image', attachments: [{ mediaId: upload.data.id }] });

const film = Buffer.alloc(2500, 'film');
const start = await x.media.initializeUpload({ mediaType: 'video/mp4', mediaCategory: 'dm_video', totalBytes: film.length });
for (let i = 0; i * 1000 < film.length; i++) {
  await x.media.appendUpload(start.data.id, { segmentIndex: i, media: film.subarray(i * 1000, (i + 1) * 1000).toString('base64') });
}
const end = await x.media.finalizeUpload(start.data.id);
for (let state = end.data.processingInfo.state; state !== 'succeeded';) {
  state = (await x.media.getUploadStatus(start.data.id, { command: 'STATUS' })).data.processingInfo.state;
  assert.notEqual(state, 'failed');
}
await dm.createByParticipantId(env.ALICE, { attachments: [{ mediaId: start.data.id }] });

const seen = [];
let token;
do {
  const page = await dm.getEventsByParticipantId(env.ALICE, {
    maxResults: 3, paginationToken: token, dmEventFields: ['created_at', 'dm_conversation_id', 'attachments', 'entities'],
    expansions: ['sender_id', 'attachments.media_keys'], userFields: ['username'], mediaFields: ['type', 'url'],
  });
  if (!token) {
    assert.equal(page.data[0].senderId, env.BOT);
    assert.equal(page.includes.media.length, 2);
    assert.equal(page.includes.users[0].username, 'acme');
  }
  seen.push(...page.data);
  token = page.meta.nextToken;
} while (token);
assert.equal(seen.length, 4 + Number(env.SAID));
assert.equal(seen.at(-1).text, 'said 0');
assert.equal((await dm.getEventsByConversationId(group.data.dmConversationId)).data.length, 2);
assert.equal((await dm.getEvents({ maxResults: 1 })).meta.resultCount, 1);
assert.equal((await dm.getEventsById(first.data.dmEventId)).data.id, first.data.dmEventId);

if (env.AUTH === 'oauth2') {
  const look = await dm.getEvents({ eventTypes: ['MessageCreate'], expansions: ['attachments.media_keys'], mediaFields: ['url'] });
  const place = new URL(look.includes.media.find((m) => m.url).url).pathname.split('/');
  assert.ok(place.length > 4);
  const [event, media, resource] = place.slice(-3);
  const bytes = await dm.dmConversationsMediaDownload(event, media, resource);
  say('DOWNLOAD', Buffer.from(bytes).toString('base64'));
}
assert.equal((await dm.deleteEvents(first.data.dmEventId)).data.deleted, true);
assert.equal((await x.users.blockDms(env.CAROL)).data.blocked, true);
assert.equal((await x.users.unblockDms(env.CAROL)).data.blocked, false);

await assert.rejects(dm.createByParticipantId(env.ALICE, { text: ' ' }), (e) => e.status === 400);
for (;;) {
  try {
    await dm.getEventsByConversationId(first.data.dmConversationId, { maxResults: 1 });
  } catch (e) {
    assert.equal(e.status, 429);
    assert.equal(e.headers.get('x-rate-limit-remaining'), '0');
    assert.ok(Number(e.headers.get('x-rate-limit-reset')) > Date.now() / 1000);
    break;
  }
}
say('GROUP', group.data.dmConversationId);
say('DONE');
