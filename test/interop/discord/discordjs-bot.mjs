// A bot written with discord.js: it says of every event what it understood.
import {
  ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, EmbedBuilder, Events, IntentsBitField, InteractionContextType, MessageFlags,
  ModalBuilder, Partials,
  SlashCommandBuilder, StringSelectMenuBuilder, TextInputBuilder, TextInputStyle,
} from 'discord.js';

const { DISCORD_URL, DISCORD_TOKEN, GUILD, GENERAL } = process.env;
const { Flags } = IntentsBitField;
const client = new Client({
  intents: [
    Flags.Guilds, Flags.GuildMembers, Flags.GuildMessages, Flags.GuildMessageReactions, Flags.MessageContent,
    Flags.DirectMessages, Flags.DirectMessageReactions,
  ],
  partials: [Partials.Channel, Partials.Message, Partials.Reaction, Partials.User],
  rest: { api: `${DISCORD_URL}/api`, version: '10' },
});
const row = (...components) => new ActionRowBuilder().addComponents(components);

async function heard(message) {
  const parts = [`heard ${message.content}`];
  for (const file of message.attachments.values()) {
    const response = await fetch(file.url);
    parts.push(`[${file.name}=${await response.text()}]`);
  }
  for (const user of message.mentions.users.values()) if (!message.reference) parts.push(`@${user.username}`);
  if (message.reference) parts.push(`re:${(await message.fetchReference()).content}`);
  return parts.join(' ');
}

const card = () => ({
  content: 'card',
  embeds: [new EmbedBuilder().setTitle('Case').setColor(0x00ff00).addFields({ name: 'Who', value: 'Ada', inline: true }).setFooter({ text: 'foot' })],
  components: [
    row(
      new ButtonBuilder().setCustomId('go').setLabel('Go').setStyle(ButtonStyle.Primary),
      new ButtonBuilder().setCustomId('ask').setLabel('Ask').setStyle(ButtonStyle.Secondary),
      new ButtonBuilder().setURL('https://example.com/').setLabel('Docs').setStyle(ButtonStyle.Link),
    ),
    row(new StringSelectMenuBuilder().setCustomId('pick').addOptions({ label: 'A', value: 'a' }, { label: 'B', value: 'b' })),
  ],
});
const form = () => new ModalBuilder().setCustomId('form').setTitle('Why?').addComponents(
  row(new TextInputBuilder().setCustomId('reason').setLabel('Reason').setStyle(TextInputStyle.Paragraph)),
);

client.on(Events.MessageCreate, async (message) => {
  if (message.author.bot || message.system) return;
  if (message.content === 'card') await message.channel.send(card());
  else await message.reply(await heard(message));
});
client.on(Events.MessageUpdate, async (_, message) => {
  if (!message.author.bot && message.editedTimestamp) await message.channel.send(`edited ${message.content}`);
});
client.on(Events.MessageDelete, (message) => message.channel.send(`deleted ${message.id}`));
client.on(Events.MessageReactionAdd, (reaction) => reaction.message.channel.send(`reacted ${reaction.emoji.name}`));
client.on(Events.MessageReactionRemove, (reaction) => reaction.message.channel.send(`unreacted ${reaction.emoji.name}`));
client.on(Events.ThreadCreate, (thread, fresh) => fresh && thread.send(`thread ${thread.name}`));
client.on(Events.ThreadUpdate, async (before, thread) => {
  if (!before.archived && thread.archived) await client.channels.cache.get(GENERAL).send(`archived ${thread.name}`);
});
client.on(Events.GuildMemberAdd, (member) => client.channels.cache.get(GENERAL).send(`joined ${member.user.username}`));
client.on(Events.GuildMemberRemove, (member) => client.channels.cache.get(GENERAL).send(`left ${member.user.username}`));

client.on(Events.InteractionCreate, async (interaction) => {
  const name = interaction.customId ?? interaction.commandName;
  switch (name) {
    case 'go':
      await interaction.update({ content: 'pressed go', components: [] });
      await interaction.followUp({ content: 'only for you', flags: MessageFlags.Ephemeral });
      break;
    case 'pick':
      await interaction.deferUpdate();
      await interaction.editReply({ content: `picked ${interaction.values}` });
      break;
    case 'ask':
      await interaction.showModal(form());
      break;
    case 'form':
      await interaction.reply(`reason: ${interaction.fields.getTextInputValue('reason')}`);
      break;
    case 'slow':
      await interaction.deferReply();
      await interaction.editReply('slow done');
      break;
    case 'echo':
      if (interaction.isAutocomplete()) {
        const typed = interaction.options.getFocused();
        await interaction.respond([{ name: `${typed}lo`, value: `${typed}lo` }]);
      } else await interaction.reply(`echo ${interaction.options.getString('text')}`);
      break;
    case 'thank': {
      const { options } = interaction;
      const who = options.getUser('who', true);
      const said = [who.username, options.getMember('who').displayName, options.getNumber('times', true), options.getString('how')];
      await interaction.reply({ content: `thanks ${said.join(' ')}`, allowedMentions: { parse: [] } });
      break;
    }
    default:
      throw new Error(`unknown interaction ${name}`);
  }
});
client.on(Events.Error, (error) => {
  console.error(error);
  process.exit(1);
});

client.once(Events.ClientReady, async () => {
  await client.application.commands.set([
    new SlashCommandBuilder().setName('echo').setDescription('Say it again')
      .addStringOption((option) => option.setName('text').setDescription('What').setRequired(true).setAutocomplete(true)),
    new SlashCommandBuilder().setName('thank').setDescription('Thank somebody').setContexts(InteractionContextType.Guild)
      .addUserOption((option) => option.setName('who').setDescription('Whom').setRequired(true))
      .addNumberOption((option) => option.setName('times').setDescription('How often').setRequired(true).setMinValue(0.5).setMaxValue(9))
      .addStringOption((option) => option.setName('how').setDescription('How').addChoices({ name: 'Very', value: 'very' })),
    new SlashCommandBuilder().setName('slow').setDescription('Take your time'),
  ]);
  const guild = await client.guilds.fetch(GUILD);
  console.log('READY', client.user.id, guild.name);
});
await client.login(DISCORD_TOKEN);
process.stdin.resume().on('end', async () => {
  await client.destroy();
  console.log('DONE');
  process.exit(0);
});
