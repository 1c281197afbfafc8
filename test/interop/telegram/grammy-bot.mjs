// A bot written with grammY, on long polling or behind a webhook: it says of every update what it understood.
import http from 'node:http';
import { Bot, InlineKeyboard, webhookCallback } from 'grammy';

const { TELEGRAM_URL: apiRoot, TELEGRAM_TOKEN: token, SECRET: secretToken, ADA, KINDS, MODE } = process.env;
const bot = new Bot(token, { client: { apiRoot } });
const marks = (list) => (list ?? []).map((e) => `${e.type}@${e.offset}+${e.length}`).join(' ');
const answering = (ctx) => ({ reply_parameters: { message_id: ctx.msg.message_id } });

bot.command('start', (ctx) => ctx.reply(`start ${ctx.match}`));
bot.hears('keyboard', (ctx) => ctx.reply('press', {
  reply_markup: new InlineKeyboard().text('Go', 'go:1').url('Docs', 'https://example.com/'),
}));
bot.hears('poll', (ctx) => ctx.replyWithPoll('Tea?', [{ text: 'yes' }, { text: 'no' }], { is_anonymous: false }));
bot.callbackQuery(/^go:/, async (ctx) => {
  await ctx.answerCallbackQuery('done');
  await ctx.editMessageText(`pressed ${ctx.callbackQuery.data}`);
});
bot.on('edited_message:text', (ctx) => ctx.reply(`edited ${ctx.msg.text}`));
bot.on('channel_post:text', (ctx) => ctx.reply(`${ctx.chat.title}: ${ctx.msg.text}`));
bot.on('message_reaction', (ctx) => {
  const { old_reaction: old, new_reaction: now } = ctx.messageReaction;
  return ctx.reply(`reaction ${old.map((r) => r.emoji)}>${now.map((r) => r.emoji)}`);
});
bot.on('poll_answer', (ctx) => ctx.api.sendMessage(ctx.pollAnswer.user.id, `voted ${ctx.pollAnswer.option_ids}`));
bot.on('message:document', async (ctx) => {
  const file = await ctx.getFile();
  const response = await fetch(`${apiRoot}/file/bot${token}/${file.file_path}`);
  await ctx.reply(`file ${ctx.msg.document.file_name}: ${await response.text()}`, answering(ctx));
});
bot.on('message:photo', (ctx) => {
  const largest = ctx.msg.photo.at(-1);
  return ctx.reply(`photo ${largest.width}x${largest.height} ${ctx.msg.caption ?? ''}`.trim());
});
bot.on('message:new_chat_members', (ctx) => ctx.reply(`joined ${ctx.msg.new_chat_members[0].first_name}`));
bot.on('message:left_chat_member', (ctx) => ctx.reply(`left ${ctx.msg.left_chat_member.first_name}`));
bot.on('message:pinned_message', (ctx) => ctx.reply(`pinned ${ctx.msg.pinned_message.text}`));
bot.on('message:migrate_from_chat_id', (ctx) => ctx.api.sendMessage(ADA, `migrated ${ctx.msg.migrate_from_chat_id}`));
bot.on('message:forum_topic_created', (ctx) => ctx.reply(`topic ${ctx.msg.forum_topic_created.name}`));
bot.on('message:forum_topic_edited', (ctx) => ctx.reply(`topic now ${ctx.msg.forum_topic_edited.name}`));
bot.on('message:forum_topic_closed', (ctx) => ctx.reply('topic closed'));
bot.on('message:forum_topic_reopened', (ctx) => ctx.reply('topic reopened'));
bot.on('message:text', (ctx) => {
  const parts = [ctx.msg.text, marks(ctx.msg.entities)];
  if (ctx.msg.reply_to_message?.text) parts.push(ctx.msg.reply_to_message.text);
  if (ctx.msg.quote) parts.push(ctx.msg.quote.text);
  return ctx.reply(parts.join('|'), answering(ctx));
});
bot.catch((error) => {
  console.error(error);
  process.exit(1);
});

const allowed = KINDS.split(',');
if (MODE === 'poll') {
  const polling = bot.start({ allowed_updates: allowed, onStart: (me) => console.log('READY', me.username) });
  process.stdin.resume().on('end', async () => {
    await bot.stop();
    await polling;
    console.log('DONE');
    process.exit(0);
  });
} else {
  const server = http.createServer(webhookCallback(bot, 'http', { secretToken }));
  server.listen(0, '127.0.0.1', async () => {
    const address = `http://127.0.0.1:${server.address().port}/hook`;
    await bot.api.setWebhook(address, { secret_token: secretToken, allowed_updates: allowed, max_connections: 5 });
    console.log('READY', address);
  });
  process.stdin.resume().on('end', async () => {
    await bot.api.deleteWebhook();
    server.close(() => {
      console.log('DONE');
      process.exit(0);
    });
  });
}
