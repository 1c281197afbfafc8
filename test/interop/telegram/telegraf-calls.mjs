// Telegraf against the simulator: the methods that a connector uses, what they give back, and how errors look.
import assert from 'node:assert/strict';
import { Input, Markup, Telegram, TelegramError, Format } from 'telegraf';

const { TELEGRAM_URL: apiRoot, TELEGRAM_TOKEN: token, PNG } = process.env;
const [ADA, EVE, FORUM] = [process.env.ADA, process.env.EVE, process.env.FORUM].map(Number);
const tg = new Telegram(token, { apiRoot });
const refused = (code, text) => (error) => error instanceof TelegramError && error.code === code && error.description === text;
const letter = (name, text) => Input.fromBuffer(Buffer.from(text), name);
const picture = (name) => Input.fromBuffer(Buffer.from(PNG, 'base64'), name);

// Texts, replies, edits, deletes.
const { bold, fmt, link } = Format;
const made = await tg.sendMessage(ADA, fmt`🙂 ${bold`b`} ${link('l', 'https://example.com/')}`);
assert.deepEqual(made.entities.map((e) => [e.type, e.offset, e.length]), [['bold', 3, 1], ['text_link', 5, 1]]);
const reply = await tg.sendMessage(ADA, 'reply', { reply_parameters: { message_id: made.message_id }, ...Markup.inlineKeyboard([Markup.button.callback('k', 'k')]) });
assert.equal(reply.reply_to_message.message_id, made.message_id);
const edited = await tg.editMessageText(ADA, reply.message_id, undefined, '<i>edited</i> text', { parse_mode: 'HTML' });
assert.deepEqual([edited.text, edited.entities[0].type, edited.reply_markup], ['edited text', 'italic', undefined]);
await assert.rejects(tg.sendMessage(EVE, 'x'), refused(400, 'Bad Request: chat not found'));
const gone = await tg.sendMessage(ADA, 'gone');
assert.equal(await tg.deleteMessage(ADA, gone.message_id), true);
await assert.rejects(tg.editMessageText(ADA, gone.message_id, undefined, 'x'), refused(400, 'Bad Request: message to edit not found'));
assert.equal(await tg.setMessageReaction(ADA, reply.message_id, [{ type: 'emoji', emoji: '👀' }], true), true);
assert.equal(await tg.pinChatMessage(ADA, reply.message_id), true);
assert.equal(await tg.unpinAllChatMessages(ADA), true);

// Files: six messages of them.
const doc = await tg.sendDocument(ADA, letter('a.txt', 'alpha'), { caption: 'cap' });
assert.deepEqual([doc.document.file_name, doc.document.file_size, doc.caption], ['a.txt', 5, 'cap']);
const bytes = await fetch(await tg.getFileLink(doc.document.file_id));
assert.equal(await bytes.text(), 'alpha');
const photo = await tg.sendPhoto(ADA, picture('p.png'));
assert.equal(photo.photo.at(-1).width, 640);
const album = await tg.sendMediaGroup(ADA, [
  { type: 'photo', media: picture('q.png'), caption: 'two' },
  { type: 'photo', media: photo.photo.at(-1).file_id },
]);
assert.equal(new Set(album.map((m) => m.media_group_id)).size, 1);
const changed = await tg.editMessageMedia(ADA, doc.message_id, undefined, { type: 'document', media: letter('b.txt', 'beta') });
assert.equal(changed.document.file_name, 'b.txt');
assert.equal((await tg.editMessageCaption(ADA, doc.message_id, undefined, 'new cap')).caption, 'new cap');
await tg.sendDocument(ADA, doc.document.file_id);
await tg.sendVoice(ADA, letter('v.ogg', 'OggS'));

// Topics.
const topic = await tg.createForumTopic(FORUM, 'Case 1');
const thread = topic.message_thread_id;
assert.equal((await tg.sendMessage(FORUM, 'inside', { message_thread_id: thread })).message_thread_id, thread);
assert.equal(await tg.editForumTopic(FORUM, thread, { name: 'Case 1 ✔' }), true);
assert.equal(await tg.closeForumTopic(FORUM, thread), true);
assert.equal(await tg.reopenForumTopic(FORUM, thread), true);
const other = await tg.createForumTopic(FORUM, 'Gone');
assert.equal(await tg.deleteForumTopic(FORUM, other.message_thread_id), true);
assert.equal((await tg.getChat(FORUM)).is_forum, true);
assert.equal((await tg.getChatMember(FORUM, ADA)).status, 'creator');

// sendDice answers 429 once: the error says for how long, and after that it works.
await assert.rejects(tg.sendDice(ADA), (e) => e.code === 429 && e.parameters.retry_after === 7);
assert.ok((await tg.sendDice(ADA)).dice.value >= 1);
await assert.rejects(new Telegram('1:wrong', { apiRoot }).getMe(), refused(401, 'Unauthorized'));

console.log('DONE', reply.message_id, thread);
