// grammY against the simulator: the methods that a connector uses, what they give back, and how errors look.
import assert from 'node:assert/strict';
import { Api, GrammyError, InputFile, InputMediaBuilder } from 'grammy';

const { TELEGRAM_URL: apiRoot, TELEGRAM_TOKEN: token, PNG } = process.env;
const [ADA, EVE, FORUM] = [process.env.ADA, process.env.EVE, process.env.FORUM].map(Number);
const api = new Api(token, { apiRoot });
const refused = (code, text) => (error) => error instanceof GrammyError && error.error_code === code && error.description === text;
const marks = (list) => list.map((e) => `${e.type}@${e.offset}+${e.length}`);
const letter = (name, text) => new InputFile(Buffer.from(text), name);

const me = await api.getMe();
assert.equal(me.is_bot, true);
assert.equal(typeof me.can_read_all_group_messages, 'boolean');

// Texts.
const html = await api.sendMessage(ADA, '🙂 <b>b <i>bi</i></b> <a href="tg://user?id=5100000001">you</a> <tg-spoiler>s</tg-spoiler> &lt;', { parse_mode: 'HTML' });
assert.equal(html.text, '🙂 b bi you s <');
assert.deepEqual(marks(html.entities), ['bold@3+4', 'italic@5+2', 'text_mention@8+3', 'spoiler@12+1']);
assert.equal(html.entities[2].user.first_name, 'Ada');
const markdown = await api.sendMessage(ADA, '*b* _i_ __u__ ~s~ `c`\n>quoted\\.', { parse_mode: 'MarkdownV2', link_preview_options: { is_disabled: true } });
assert.deepEqual(markdown.entities.map((e) => e.type), ['bold', 'italic', 'underline', 'strikethrough', 'code', 'blockquote']);
const given = await api.sendMessage(ADA, 'given', { entities: [{ type: 'bold', offset: 0, length: 2 }], disable_notification: true, protect_content: true });
assert.deepEqual(marks(given.entities), ['bold@0+2']);
assert.equal(given.has_protected_content, true);
await assert.rejects(api.sendMessage(ADA, '*open', { parse_mode: 'MarkdownV2' }), (e) => e.error_code === 400 && /^Bad Request: can't parse entities: .*byte offset 0$/.test(e.description));
await assert.rejects(api.sendMessage(ADA, ' '), refused(400, 'Bad Request: text must be non-empty'));
await assert.rejects(api.sendMessage(ADA, 'x'.repeat(4097)), refused(400, 'Bad Request: message is too long'));
await assert.rejects(api.sendMessage(EVE, 'x'), refused(400, 'Bad Request: chat not found'));

// Replies, edits, deletes.
const reply = await api.sendMessage(ADA, 'reply', { reply_parameters: { message_id: given.message_id, quote: 'iv' } });
assert.equal(reply.reply_to_message.message_id, given.message_id);
assert.deepEqual([reply.quote.text, reply.quote.position, reply.quote.is_manual], ['iv', 1, true]);
await assert.rejects(
  api.sendMessage(ADA, 'x', { reply_parameters: { message_id: 99999 } }),
  refused(400, 'Bad Request: message to be replied not found'),
);
await api.sendMessage(ADA, 'anyway', { reply_parameters: { message_id: 99999, allow_sending_without_reply: true } });
const edited = await api.editMessageText(ADA, reply.message_id, 'edited <u>text</u>', { parse_mode: 'HTML' });
assert.deepEqual(marks(edited.entities), ['underline@7+4']);
assert.ok(edited.edit_date >= edited.date);
await assert.rejects(
  api.editMessageText(ADA, reply.message_id, 'edited <u>text</u>', { parse_mode: 'HTML' }),
  (e) => e.error_code === 400 && e.description.startsWith('Bad Request: message is not modified'),
);
const keys = await api.editMessageReplyMarkup(ADA, reply.message_id, { reply_markup: { inline_keyboard: [[{ text: 'k', callback_data: 'k' }]] } });
assert.equal(keys.reply_markup.inline_keyboard[0][0].callback_data, 'k');
assert.equal(await api.deleteMessage(ADA, markdown.message_id), true);
await assert.rejects(api.deleteMessage(ADA, markdown.message_id), refused(400, 'Bad Request: message to delete not found'));
assert.equal(await api.deleteMessages(ADA, [html.message_id, 99999]), true);

// Reactions and pins.
assert.equal(await api.setMessageReaction(ADA, reply.message_id, [{ type: 'emoji', emoji: '👀' }]), true);
await assert.rejects(api.setMessageReaction(ADA, reply.message_id, [{ type: 'emoji', emoji: '🧀' }]), refused(400, 'Bad Request: REACTION_INVALID'));
await api.pinChatMessage(ADA, reply.message_id, { disable_notification: true });
assert.equal((await api.getChat(ADA)).pinned_message.message_id, reply.message_id);
await api.unpinChatMessage(ADA, reply.message_id);
assert.equal((await api.getChat(ADA)).pinned_message, undefined);

// Files: uploaded, sent again by file_id, as an album, changed in place.
const doc = await api.sendDocument(ADA, letter('a ü.txt', 'alpha'), { caption: '<b>cap</b>', parse_mode: 'HTML' });
assert.deepEqual([doc.document.file_name, doc.document.file_size, doc.caption], ['a ü.txt', 5, 'cap']);
assert.equal((await api.editMessageCaption(ADA, doc.message_id, { caption: 'new cap' })).caption, 'new cap');
const again = await api.sendDocument(ADA, doc.document.file_id);
assert.equal(again.document.file_unique_id, doc.document.file_unique_id);
const file = await api.getFile(doc.document.file_id);
const bytes = await fetch(`${apiRoot}/file/bot${token}/${file.file_path}`);
assert.equal(await bytes.text(), 'alpha');
const photo = await api.sendPhoto(ADA, new InputFile(Buffer.from(PNG, 'base64'), 'p.png'), { has_spoiler: true });
assert.deepEqual([photo.photo.at(-1).width, photo.photo.at(-1).height, photo.has_media_spoiler], [640, 400, true]);
const changed = await api.editMessageMedia(ADA, doc.message_id, InputMediaBuilder.document(letter('b.txt', 'beta'), { caption: 'b' }));
assert.equal(changed.document.file_name, 'b.txt');
const album = await api.sendMediaGroup(ADA, [
  InputMediaBuilder.photo(new InputFile(Buffer.from(PNG, 'base64'), 'q.png'), { caption: 'two' }),
  InputMediaBuilder.photo(photo.photo.at(-1).file_id),
]);
assert.deepEqual([album.length, new Set(album.map((m) => m.media_group_id)).size, album[0].caption], [2, 1, 'two']);
await assert.rejects(api.sendMediaGroup(ADA, [InputMediaBuilder.photo(photo.photo[0].file_id)].concat(InputMediaBuilder.document(again.document.file_id))), (e) => e.error_code === 400);
const voice = await api.sendVoice(ADA, letter('v.ogg', 'OggS'), { duration: 2 });
assert.equal(voice.voice.duration, 2);
await assert.rejects(api.sendPhoto(ADA, 'no-such-id'), (e) => e.error_code === 400);

// Copies, forwards, the rest of what a message can hold.
const copy = await api.copyMessage(ADA, ADA, reply.message_id);
assert.ok(copy.message_id > reply.message_id);
const forward = await api.forwardMessage(ADA, ADA, reply.message_id);
assert.equal(forward.forward_origin.type, 'user');
assert.equal((await api.sendLocation(ADA, 52.5, 13.4)).location.latitude, 52.5);
assert.equal((await api.sendContact(ADA, '+4930', 'Ada')).contact.phone_number, '+4930');
const poll = await api.sendPoll(ADA, 'Tea?', [{ text: 'yes' }, { text: 'no' }], { is_anonymous: false });
assert.equal((await api.stopPoll(ADA, poll.message_id)).is_closed, true);
assert.equal(await api.sendChatAction(ADA, 'typing'), true);

// A topic from its opening to its end.
const topic = await api.createForumTopic(FORUM, 'Case 1', { icon_color: 0x6FB9F0 });
const thread = topic.message_thread_id;
const inside = await api.sendMessage(FORUM, 'inside', { message_thread_id: thread });
assert.deepEqual([inside.message_thread_id, inside.is_topic_message], [thread, true]);
assert.equal(await api.editForumTopic(FORUM, thread, { name: 'Case 1 ✔' }), true);
assert.equal(await api.closeForumTopic(FORUM, thread), true);
assert.equal(await api.reopenForumTopic(FORUM, thread), true);
await assert.rejects(api.sendMessage(FORUM, 'x', { message_thread_id: 99999 }), refused(400, 'Bad Request: message thread not found'));
const gone = await api.createForumTopic(FORUM, 'Gone');
assert.equal(await api.deleteForumTopic(FORUM, gone.message_thread_id), true);

// Chats and people.
const chat = await api.getChat(FORUM);
assert.deepEqual([chat.type, chat.is_forum, chat.title], ['supergroup', true, 'Forum']);
assert.equal((await api.getChatMember(FORUM, ADA)).status, 'creator');
assert.equal((await api.getChatMember(FORUM, me.id)).can_manage_topics, true);
assert.deepEqual((await api.getChatAdministrators(FORUM)).map((m) => m.user.id), [ADA, me.id]);
assert.equal(await api.getChatMemberCount(FORUM), 3);
await api.setMyCommands([{ command: 'start', description: 'Begin' }]);
assert.deepEqual(await api.getMyCommands(), [{ command: 'start', description: 'Begin' }]);

// sendDice answers 429 once: the error says for how long, and after that it works.
await assert.rejects(api.sendDice(ADA, '🎲'), (e) => e.error_code === 429 && e.parameters.retry_after === 7 && e.description === 'Too Many Requests: retry after 7');
assert.ok((await api.sendDice(ADA, '🎲')).dice.value >= 1);
await assert.rejects(new Api('1:wrong', { apiRoot }).getMe(), refused(401, 'Unauthorized'));

await assert.rejects(api.sendMessage(ADA, 'x', { parse_mode: 'no' }), (e) => e.error_code === 400);

console.log('DONE', reply.message_id, thread);
