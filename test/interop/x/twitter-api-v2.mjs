// Everything that a bot does with direct messages, by twitter-api-v2. AUTH says how it signs in.
import assert from 'node:assert/strict';
import { env, say, twitter, userOAuth1 } from './world.mjs';

const client = twitter(env.AUTH === 'oauth1' ? userOAuth1 : env.ACCESS_TOKEN);
const v2 = client.v2;

const me = await v2.me({ 'user.fields': ['public_metrics', 'created_at'] });
assert.equal(me.data.id, env.BOT);
assert.match(me.data.created_at, /\.000Z$/);
const users = await v2.users([env.ALICE, env.CAROL], { 'user.fields': ['profile_image_url'] });
assert.deepEqual(users.data.map((u) => u.id), [env.ALICE, env.CAROL]);
assert.equal((await v2.userByUsername('alice')).data.id, env.ALICE);
const nobody = await v2.user('987');
assert.equal(nobody.data, undefined);
assert.equal(nobody.errors[0].title, 'Not Found Error');

// sending
const first = await v2.sendDmToParticipant(env.ALICE, { text: 'to a participant: ü & <b> = ~' });
const conversation = first.data?.dm_conversation_id ?? first.dm_conversation_id;
assert.equal(conversation, `${env.ALICE}-${env.BOT}`);
await v2.sendDmInConversation(conversation, { text: 'to a conversation' });
const group = await v2.createDmConversation({
  conversation_type: 'Group', participant_ids: [env.ALICE, env.CAROL], message: { text: 'to a new group' },
});
const groupID = group.data?.dm_conversation_id ?? group.dm_conversation_id;
await v2.sendDmInConversation(groupID, { text: 'again to the group' });

// media: an image in one piece and a video in three, which is processed
const image = Buffer.from(env.IMAGE, 'base64');
const imageID = await v2.uploadMedia(image, { media_type: 'image/png', media_category: 'dm_image' });
await v2.sendDmToParticipant(env.ALICE, { text: 'an image', attachments: [{ media_id: imageID }] });
const film = Buffer.alloc(2500, 'film');
const filmID = await v2.uploadMedia(film, { media_type: 'video/mp4', media_category: 'dm_video' }, 1000);
await v2.sendDmToParticipant(env.ALICE, { attachments: [{ media_id: filmID }] });

// reading, page by page
const page = await v2.listDmEventsWithParticipant(env.ALICE, {
  max_results: 3, 'dm_event.fields': ['id', 'text', 'event_type', 'created_at', 'dm_conversation_id', 'attachments', 'entities'],
  expansions: ['sender_id', 'attachments.media_keys'], 'user.fields': ['username'], 'media.fields': ['type', 'url'],
});
assert.equal(page.events.length, 3);
assert.equal(page.events[0].sender_id, env.BOT);
assert.equal(page.includes.media.length, 2);
assert.deepEqual(page.includes.media.map((m) => m.type).sort(), ['photo', 'video']);
assert.equal(page.includes.users[0].username, 'acme');
assert.deepEqual(Object.keys(page.rateLimit).sort(), ['limit', 'remaining', 'reset']);
assert.equal(page.rateLimit.limit, 15);
assert.equal(page.rateLimit.remaining, 14);
assert.ok(page.rateLimit.reset > Date.now() / 1000);
while (!page.done) {
  await page.fetchNext(3);
}
assert.equal(page.events.length, 4 + Number(env.SAID));
assert.deepEqual([...page.events].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)), page.events);
assert.equal(page.events.at(-1).text, 'said 0');
assert.equal((await v2.listDmEventsOfConversation(groupID)).events.length, 2);
assert.equal((await v2.listDmEvents({ event_types: 'ParticipantsJoin' })).events.length, 0);

// deleting
const gone = first.data?.dm_event_id ?? first.dm_event_id;
assert.deepEqual((await v2.delete(`dm_events/${gone}`)).data, { deleted: true });

// what the simulator refuses arrives as an error with everything in it
await assert.rejects(v2.sendDmToParticipant(env.ALICE, { text: ' ' }), (e) => e.code === 400 && e.data.title === 'Invalid Request');
await assert.rejects(twitter({ ...userOAuth1, accessSecret: 'wrong' }).v2.me(), (e) => e.code === 401 && e.isAuthError);
for (let left = 15 - 2; ; left--) {
  try {
    const answer = await v2.listDmEventsOfConversation(conversation, { max_results: 1 });
    assert.equal(answer.rateLimit.remaining, left);
  } catch (e) {
    assert.equal(e.code, 429);
    assert.equal(e.rateLimitError, true);
    assert.equal(e.rateLimit.remaining, 0);
    assert.ok(e.rateLimit.reset > Date.now() / 1000);
    assert.equal(left, -1);
    break;
  }
}
say('GROUP', groupID);
say('DONE');
