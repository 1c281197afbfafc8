// Subscriptions, the activity stream, webhooks and connections, by X's own SDK with the app's token.
import assert from 'node:assert/strict';
import { env, say, xdk } from './world.mjs';

const x = xdk({ bearerToken: env.BEARER_TOKEN });
const made = await x.activity.createSubscription({ eventType: 'dm.received', filter: { userId: env.BOT }, tag: 'in' });
const id = made.data.subscription.subscriptionId;
await x.activity.createSubscription({ eventType: 'dm.indicate_typing', filter: { userId: env.BOT } });
assert.equal((await x.activity.getSubscriptions({ maxResults: 10 })).data.length, 2);
assert.equal((await x.activity.updateSubscription(id, { tag: 'in again' })).data.subscription.tag, 'in again');

const stream = await x.stream.activity({ backfillMinutes: 1 });
const events = [];
const enough = new Promise((resolve, reject) => {
  stream.on('data', (event) => {
    if (event.data && events.push(event.data) === 2) resolve();
  });
  stream.on('error', reject);
});
assert.equal((await x.connections.getConnectionHistory()).data.length, 1);
say('STREAMING');
await enough;
assert.equal(events[0].event_type, 'dm.received');
assert.equal(events[0].tag, 'in again');
assert.equal(events[0].payload.direct_message_events[0].message_create.message_data.text, 'over the stream');
assert.equal(events[1].event_type, 'dm.indicate_typing');

const hook = await x.webhooks.create({ url: env.HOOK_URL });
assert.equal(hook.data.valid, true);
assert.equal((await x.webhooks.get()).data.length, 1);
assert.equal((await x.webhooks.validate(hook.data.id)).data.valid, true);
assert.equal((await x.webhooks.delete(hook.data.id)).data.deleted, true);
assert.equal((await x.activity.deleteSubscription(id)).data.deleted, true);
const rest = await x.activity.getSubscriptions();
assert.equal((await x.activity.deleteSubscriptionsByIds(rest.data.map((s) => s.subscriptionId))).data.length, 1);
assert.equal((await x.connections.deleteAll()).data.successfulKills, 1);
say('DONE');
process.exit(0);
