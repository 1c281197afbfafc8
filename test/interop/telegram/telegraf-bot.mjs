// A bot written with Telegraf, on long polling or behind a webhook, whose answers carry its first call: it says of every update
// what it understood.
import http from 'node:http';
import { Markup, Telegraf } from 'telegraf';

const { TELEGRAM_URL: apiRoot, TELEGRAM_TOKEN: token, SECRET: secretToken, ADA, KINDS, MODE } = process.env;
const bot = new Telegraf(token, { telegram: { apiRoot } });
const marks = (list) => (list ?? []).map((e) => `${e.type}@${e.offset}+${e.length}`).join(' ');
const answering = (ctx) => ({ reply_parameters: { message_id: ctx.msg.message_id } });

bot.start((ctx) => ctx.reply(`start ${ctx.payload}`));
bot.hears('keyboard', (ctx) => ctx.reply('press', Markup.inlineKeyboard([
  Markup.button.callback('Go', 'go:1'),
  Markup.button.url('Docs', 'https://example.com/'),
])));
bot.hears('poll', (ctx) => ctx.replyWithPoll('Tea?', ['yes', 'no'], { is_anonymous: false }));
bot.action(/^go:/, async (ctx) => {
  await ctx.answerCbQuery('done');
  await ctx.editMessageText(`pressed ${ctx.match.input}`);
});
bot.on('edited_message', (ctx) => ctx.reply(`edited ${ctx.msg.text}`));
bot.on('channel_post', (ctx) => ctx.reply(`${ctx.chat.title}: ${ctx.msg.text}`));
bot.on('message_reaction', (ctx) => {
  const { old_reaction: old, new_reaction: now } = ctx.messageReaction;
  return ctx.reply(`reaction ${old.map((r) => r.emoji)}>${now.map((r) => r.emoji)}`);
});
bot.on('poll_answer', (ctx) => ctx.telegram.sendMessage(ctx.pollAnswer.user.id, `voted ${ctx.pollAnswer.option_ids}`));
bot.on('document', async (ctx) => {
  const response = await fetch(await ctx.telegram.getFileLink(ctx.msg.document.file_id));
  await ctx.reply(`file ${ctx.msg.document.file_name}: ${await response.text()}`, answering(ctx));
});
bot.on('photo', (ctx) => {
  const largest = ctx.msg.photo.at(-1);
  return ctx.reply(`photo ${largest.width}x${largest.height} ${ctx.msg.caption ?? ''}`.trim());
});
bot.on('new_chat_members', (ctx) => ctx.reply(`joined ${ctx.msg.new_chat_members[0].first_name}`));
bot.on('left_chat_member', (ctx) => ctx.reply(`left ${ctx.msg.left_chat_member.first_name}`));
bot.on('pinned_message', (ctx) => ctx.reply(`pinned ${ctx.msg.pinned_message.text}`));
bot.on('migrate_from_chat_id', (ctx) => ctx.telegram.sendMessage(ADA, `migrated ${ctx.msg.migrate_from_chat_id}`));
bot.on('forum_topic_created', (ctx) => ctx.reply(`topic ${ctx.msg.forum_topic_created.name}`));
bot.on('forum_topic_edited', (ctx) => ctx.reply(`topic now ${ctx.msg.forum_topic_edited.name}`));
bot.on('forum_topic_closed', (ctx) => ctx.reply('topic closed'));
bot.on('forum_topic_reopened', (ctx) => ctx.reply('topic reopened'));
bot.on('text', (ctx) => {
  const parts = [ctx.msg.text, marks(ctx.msg.entities)];
  if (ctx.msg.reply_to_message?.text) parts.push(ctx.msg.reply_to_message.text);
  if (ctx.msg.quote) parts.push(ctx.msg.quote.text);
  return ctx.reply(parts.join('|'), answering(ctx));
});
bot.catch((error) => {
  console.error(error);
  process.exit(1);
});

const allowedUpdates = KINDS.split(',');
if (MODE === 'poll') {
  const polling = bot.launch({ allowedUpdates }, () => console.log('READY', bot.botInfo.username));
  process.stdin.resume().on('end', async () => {
    bot.stop();
    await polling;
    console.log('DONE');
    process.exit(0);
  });
} else {
  bot.botInfo = await bot.telegram.getMe();
  const server = http.createServer(bot.webhookCallback('/hook', { secretToken }));
  server.listen(0, '127.0.0.1', async () => {
    const address = `http://127.0.0.1:${server.address().port}/hook`;
    await bot.telegram.setWebhook(address, { secret_token: secretToken, allowed_updates: allowedUpdates, max_connections: 5 });
    console.log('READY', address);
  });
  process.stdin.resume().on('end', async () => {
    await bot.telegram.deleteWebhook();
    server.close(() => {
      console.log('DONE');
      process.exit(0);
    });
  });
}
