// @slack/web-api against the simulator: every call a connector makes, and how errors and limits look to it.
import assert from 'node:assert/strict';
import { WebClient } from '@slack/web-api';

const { SLACK_API_URL: slackApiUrl, SLACK_BOT_TOKEN, CHANNEL, USER, TRIGGER, LIMITED } = process.env;
const web = new WebClient(SLACK_BOT_TOKEN, { slackApiUrl });

const me = await web.auth.test();
assert.match(me.user_id, /^U/);
assert.match(me.bot_id, /^B/);

const posted = await web.chat.postMessage({
  channel: CHANNEL,
  text: 'first & <second>',
  metadata: { event_type: 'roost', event_payload: { key: 'k1' } },
});
assert.equal(posted.message.text, 'first &amp; &lt;second&gt;');
assert.match(posted.ts, /^\d{10}\.\d{6}$/);

const updated = await web.chat.update({ channel: CHANNEL, ts: posted.ts, text: 'changed' });
assert.equal(updated.text, 'changed');

await web.reactions.add({ channel: CHANNEL, timestamp: posted.ts, name: 'tada' });
await assert.rejects(web.reactions.add({ channel: CHANNEL, timestamp: posted.ts, name: 'tada' }), (e) => e.data.error === 'already_reacted');
const reacted = await web.reactions.get({ channel: CHANNEL, timestamp: posted.ts });
assert.deepEqual(reacted.message.reactions.map((r) => [r.name, r.count]), [['tada', 1]]);

const reply = await web.chat.postMessage({ channel: CHANNEL, thread_ts: posted.ts, text: 'reply', username: 'Persona', icon_emoji: ':cat:' });
assert.equal(reply.message.subtype, 'bot_message');
assert.equal(reply.message.username, 'Persona');
const thread = await web.conversations.replies({ channel: CHANNEL, ts: posted.ts });
assert.deepEqual(thread.messages.map((m) => m.ts), [posted.ts, reply.ts]);
assert.equal(thread.messages[0].reply_count, 1);

for (let i = 0; i < 7; i += 1) await web.chat.postMessage({ channel: CHANNEL, text: `page ${i}` });
const seen = [];
for await (const page of web.paginate('conversations.history', { channel: CHANNEL, limit: 3, include_all_metadata: true })) {
  assert.ok(page.messages.length <= 3);
  seen.push(...page.messages);
}
const stamps = seen.map((m) => m.ts);
assert.deepEqual(stamps, [...stamps].sort().reverse(), 'newest first');
assert.equal(new Set(stamps).size, stamps.length, 'no message twice');
assert.equal(stamps.length, 8, 'all but the reply');
assert.deepEqual(seen.find((m) => m.ts === posted.ts).metadata, { event_type: 'roost', event_payload: { key: 'k1' } });

const members = [];
for await (const page of web.paginate('users.list', { limit: 2 })) members.push(...page.members.map((u) => u.id));
assert.equal(new Set(members).size, members.length);
assert.ok(members.includes(USER) && members.length >= 5);

const gone = await web.chat.postMessage({ channel: CHANNEL, text: 'gone' });
await web.chat.delete({ channel: CHANNEL, ts: gone.ts });
await assert.rejects(web.chat.delete({ channel: CHANNEL, ts: gone.ts }), (e) => e.data.error === 'message_not_found');

const upload = await web.filesUploadV2({
  channel_id: CHANNEL,
  thread_ts: posted.ts,
  initial_comment: 'here',
  file_uploads: [
    { filename: 'a.txt', title: 'A', file: Buffer.from('alpha') },
    { filename: 'b.txt', title: 'B', file: Buffer.from('beta') },
  ],
});
assert.equal(upload.ok, true);
const ids = upload.files.flatMap((done) => done.files.map((f) => f.id));
assert.equal(ids.length, 2);
const info = await web.files.info({ file: ids[0] });
const bytes = await fetch(info.file.url_private, { headers: { Authorization: `Bearer ${SLACK_BOT_TOKEN}` } });
assert.equal(await bytes.text(), 'alpha');
const login = await fetch(info.file.url_private);
assert.equal(login.status, 200);
assert.match(login.headers.get('content-type'), /text\/html/);

const modal = {
  type: 'modal',
  callback_id: 'web',
  title: { type: 'plain_text', text: 'From web-api' },
  blocks: [{ type: 'section', block_id: 's', text: { type: 'mrkdwn', text: 'hello' } }],
};
const opened = await web.views.open({ trigger_id: TRIGGER, view: modal });
assert.match(opened.view.id, /^V/);
await web.views.update({ view_id: opened.view.id, hash: opened.view.hash, view: { ...modal, title: { type: 'plain_text', text: 'Updated' } } });
await assert.rejects(web.views.open({ trigger_id: TRIGGER, view: modal }), (e) => e.data.error === 'exchanged_trigger_id');

await assert.rejects(web.chat.postMessage({ channel: 'C404', text: 'x' }), (e) => e.code === 'slack_webapi_platform_error' && e.data.error === 'channel_not_found');
await assert.rejects(web.apiCall('no.such'), (e) => e.data.error === 'unknown_method');
await assert.rejects(
  web.chat.postMessage({ channel: CHANNEL, text: 'x', blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'y'.repeat(3001) } }] }),
  (e) => e.data.error === 'invalid_blocks' && e.data.response_metadata.messages.some((m) => m.includes('3001')),
);
await assert.rejects(new WebClient('xoxb-wrong', { slackApiUrl }).auth.test(), (e) => e.data.error === 'invalid_auth');

// LIMITED answers 429 once: the client waits as told and succeeds.
const before = Date.now();
let told = 0;
web.on('rate_limited', (seconds) => { told = seconds; });
assert.equal((await web.apiCall(LIMITED, { user: USER })).ok, true);
assert.equal(told, 1);
assert.ok(Date.now() - before >= 900, 'waited for Retry-After');
const strict = new WebClient(SLACK_BOT_TOKEN, { slackApiUrl, rejectRateLimitedCalls: true });
await assert.rejects(strict.apiCall('bots.info'), (e) => e.code === 'slack_webapi_rate_limited_error' && e.retryAfter === 7);

console.log('DONE', posted.ts, ids.join(','));
