"""A bot written with discord.py, over zlib-stream: it says of every event what it understood."""
from discord import app_commands, ui

from place import GENERAL, GUILD, discord, fails_loudly, run, say

client = discord.Client(intents=discord.Intents.all())
tree = app_commands.CommandTree(client)
fails_loudly(client)


class Form(ui.Modal, title='Why?'):
    reason = ui.TextInput(label='Reason', style=discord.TextStyle.paragraph, custom_id='reason')

    async def on_submit(self, interaction):
        await interaction.response.send_message(f'reason: {self.reason.value}')


class Card(ui.View):
    @ui.button(label='Go', custom_id='go', style=discord.ButtonStyle.primary)
    async def go(self, interaction, _):
        await interaction.response.edit_message(content='pressed go', view=None)
        await interaction.followup.send('only for you', ephemeral=True)

    @ui.button(label='Ask', custom_id='ask')
    async def ask(self, interaction, _):
        await interaction.response.send_modal(Form())

    @ui.select(custom_id='pick', options=[discord.SelectOption(label=v.upper(), value=v) for v in 'ab'])
    async def pick(self, interaction, select):
        await interaction.response.defer()
        await interaction.edit_original_response(content=f'picked {select.values[0]}')


@tree.command(description='Say it again')
@app_commands.describe(text='What')
async def echo(interaction, text: str):
    await interaction.response.send_message(f'echo {text}')


@echo.autocomplete('text')
async def suggest(_, typed):
    return [app_commands.Choice(name=typed + 'lo', value=typed + 'lo')]


@tree.command(description='Take your time')
async def slow(interaction):
    await interaction.response.defer()
    await interaction.edit_original_response(content='slow done')


async def heard(message):
    parts = [f'heard {message.content}']
    for file in message.attachments:
        parts.append(f'[{file.filename}={(await file.read()).decode()}]')
    if message.reference is None:
        parts += [f'@{user.name}' for user in message.mentions]
    else:
        referenced = message.reference.resolved or await message.channel.fetch_message(message.reference.message_id)
        parts.append(f're:{referenced.content}')
    return ' '.join(parts)


@client.event
async def on_message(message):
    if message.author.bot or message.is_system():
        return
    if message.content == 'card':
        embed = discord.Embed(title='Case', colour=0x00ff00).add_field(name='Who', value='Ada').set_footer(text='foot')
        await message.channel.send('card', embed=embed, view=Card(timeout=None))
    else:
        await message.reply(await heard(message))


async def place_of(channel_id):
    return client.get_channel(channel_id) or await client.fetch_channel(channel_id)


@client.event
async def on_raw_message_edit(event):
    if not event.data['author'].get('bot') and event.data['edited_timestamp']:
        await (await place_of(event.channel_id)).send(f"edited {event.data['content']}")


@client.event
async def on_raw_message_delete(event):
    await (await place_of(event.channel_id)).send(f'deleted {event.message_id}')


@client.event
async def on_raw_reaction_add(event):
    await (await place_of(event.channel_id)).send(f'reacted {event.emoji}')


@client.event
async def on_raw_reaction_remove(event):
    await (await place_of(event.channel_id)).send(f'unreacted {event.emoji}')


@client.event
async def on_thread_create(thread):
    await thread.send(f'thread {thread.name}')


@client.event
async def on_raw_thread_update(event):
    if event.data['thread_metadata']['archived']:
        await (await place_of(GENERAL)).send(f"archived {event.data['name']}")


@client.event
async def on_member_join(member):
    await (await place_of(GENERAL)).send(f'joined {member.name}')


@client.event
async def on_raw_member_remove(event):
    await (await place_of(GENERAL)).send(f'left {event.user.name}')


@client.event
async def setup_hook():
    await tree.sync()


ready = False


@client.event
async def on_ready():
    global ready
    if not ready:
        ready = True
        say('READY', client.user.id, client.get_guild(GUILD).name)


run(client)
say('DONE')
