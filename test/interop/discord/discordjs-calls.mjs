// discord.js against the simulator with its rate limits on: the routes that a connector uses, what they give back, how errors look.
import assert from 'node:assert/strict';
import { AttachmentBuilder, Client, DiscordAPIError, EmbedBuilder, Events, WebhookClient } from 'discord.js';

const { DISCORD_URL, DISCORD_TOKEN, GUILD, GENERAL, SUPPORT, ADA, SHY } = process.env;
const rest = { api: `${DISCORD_URL}/api`, version: '10' };
const client = new Client({ intents: 1, rest });
const limited = [];
client.rest.on('rateLimited', (info) => limited.push(info));
const refused = (status, code) => (error) => error instanceof DiscordAPIError && error.status === status && error.code === code;
await Promise.all([new Promise((resolve) => { client.once(Events.ClientReady, resolve); }), client.login(DISCORD_TOKEN)]);
const general = await client.channels.fetch(GENERAL);
const support = await client.channels.fetch(SUPPORT);
assert.deepEqual([general.name, general.topic, support.availableTags.map((tag) => tag.name)], ['general', 'talk', ['open', 'closed']]);

// Texts.
const posted = await general.send({ content: `posted <@${ADA}> @everyone`, allowedMentions: { parse: [] } });
assert.equal(posted.mentions.everyone, false);
const edited = await posted.edit('changed');
assert.ok(edited.editedTimestamp >= edited.createdTimestamp);
const reply = await posted.reply({ content: 'reply', allowedMentions: { repliedUser: false } });
assert.equal((await reply.fetchReference()).id, posted.id);
for (const emoji of ['👀', '🎉']) await posted.react(emoji);
await posted.reactions.cache.get('🎉').users.remove();
await posted.pin();
assert.deepEqual((await general.messages.fetchPins()).items.map((pin) => pin.message.id), [posted.id]);
const files = await general.send({ content: 'files', files: [
  new AttachmentBuilder(Buffer.from('alpha'), { name: 'a.txt', description: 'the first' }),
  new AttachmentBuilder(Buffer.from('beta'), { name: 'b.txt' }).setSpoiler(),
] });
assert.deepEqual(files.attachments.map((a) => [a.name, a.size, a.description]), [['a.txt', 5, 'the first'], ['SPOILER_b.txt', 4, null]]);
await general.send({ embeds: [new EmbedBuilder().setTitle('Case').setDescription('d').setAuthor({ name: 'Ada' }).setTimestamp(0)] });
const gone = await general.send('gone');
await gone.delete();
await assert.rejects(gone.fetch(true), refused(404, 10008));

// A webhook with a name and a picture for each message, and into a thread.
const aside = await posted.startThread({ name: 'Aside', autoArchiveDuration: 60 });
const made = await general.createWebhook({ name: 'Relay' });
const hook = new WebhookClient({ id: made.id, token: made.token }, { rest });
const named = await hook.send({ content: 'hooked', username: 'Ada on X', avatarURL: 'https://example.com/a.png' });
assert.equal(named.author?.username, 'Ada on X');
await hook.editMessage(named.id, { content: 'hooked again' });
const inside = await hook.send({ content: 'inside', threadId: aside.id });
await hook.deleteMessage(inside.id, aside.id);
await hook.send({ content: 'stays inside', threadId: aside.id, files: [{ attachment: Buffer.from('c'), name: 'c.txt' }] });

// A forum post from its opening to its end.
const tag = (name) => support.availableTags.find((t) => t.name === name).id;
const post = await support.threads.create({ name: 'Case 1', message: { content: 'first' }, appliedTags: [tag('open')] });
assert.equal((await post.fetchStarterMessage()).content, 'first');
await post.send('second');
await assert.rejects(post.send({ content: 'x'.repeat(2001) }), (e) => refused(400, 50035)(e) && e.rawError.errors.content._errors[0].code === 'BASE_TYPE_MAX_LENGTH');
await post.setName('Case 1 ✔');
await post.setAppliedTags([tag('closed')]);
await post.setLocked(true);
await post.setArchived(true);

// People, history, errors.
const ada = await client.users.fetch(ADA);
assert.equal(ada.displayName, 'Ada Lovelace');
const secret = await ada.send('private');
assert.equal(secret.channel.isDMBased(), true);
await assert.rejects(client.users.send(SHY, 'x'), refused(403, 50007));
const history = await general.messages.fetch({ limit: 3 });
assert.equal(history.size, 3);
const member = await (await client.guilds.fetch(GUILD)).members.fetch(ADA);
assert.equal(member.displayName, 'Ada Lovelace');

// Typing answers 429 once: the client waits and comes again by itself.
const before = Date.now();
await general.sendTyping();
assert.ok(Date.now() - before >= 300, 'waited as told');
assert.ok(limited.length >= 1);

console.log('DONE', posted.id, post.id, aside.id);
await client.destroy();
process.exit(0);
