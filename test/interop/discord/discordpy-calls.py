"""discord.py against the simulator with its rate limits on: the routes that a connector uses, what they give back, how errors look."""
import io
import time

import aiohttp

from place import ADA, GENERAL, GUILD, SHY, SUPPORT, discord, fails_loudly, run, say

client = discord.Client(intents=discord.Intents.default())
fails_loudly(client)


def file(name, text, **more):
    return discord.File(io.BytesIO(text.encode()), filename=name, **more)


async def refuses(doing, status, code):
    try:
        await doing
    except discord.HTTPException as error:
        assert (error.status, error.code) == (status, code), error
    else:
        raise AssertionError(f'was not refused with {code}')


async def texts(general):
    posted = await general.send(f'posted <@{ADA}> @everyone', allowed_mentions=discord.AllowedMentions.none())
    assert not posted.mention_everyone
    edited = await posted.edit(content='changed')
    assert edited.edited_at is not None
    reply = await posted.reply('reply', mention_author=False)
    assert reply.reference.message_id == posted.id
    for emoji in '👀🎉':
        await posted.add_reaction(emoji)
    await posted.remove_reaction('🎉', client.user)
    await posted.pin()
    assert [pin.id for pin in await general.pins()] == [posted.id]
    files = await general.send('files', files=[file('a.txt', 'alpha', description='the first'), file('b.txt', 'beta', spoiler=True)])
    assert [(a.filename, a.size, a.description, a.is_spoiler()) for a in files.attachments] == [
        ('a.txt', 5, 'the first', False), ('SPOILER_b.txt', 4, None, True)]
    await general.send(embed=discord.Embed(title='Case', description='d').set_author(name='Ada'))
    gone = await general.send('gone')
    await gone.delete()
    await refuses(general.fetch_message(gone.id), 404, 10008)
    history = [message async for message in general.history(limit=3)]
    assert len(history) == 3 and history[0].id > history[1].id
    return posted


async def hooks(general, aside):
    made = await general.create_webhook(name='Relay')
    async with aiohttp.ClientSession() as session:
        hook = discord.Webhook.partial(made.id, made.token, session=session)
        named = await hook.send('hooked', username='Ada on X', avatar_url='https://example.com/a.png', wait=True)
        assert named.author.name == 'Ada on X'
        await named.edit(content='hooked again')
        inside = await hook.send('inside', thread=aside, wait=True)
        await hook.delete_message(inside.id, thread=aside)
        await hook.send('stays inside', thread=aside, file=file('c.txt', 'c'), wait=True)


async def posts(support):
    tags = {tag.name: tag for tag in support.available_tags}
    made = await support.create_thread(name='Case 1', content='first', applied_tags=[tags['open']])
    assert made.message.content == 'first' and made.thread.applied_tags == [tags['open']]
    post = made.thread
    await post.send('second')
    await refuses(post.send('x' * 2001), 400, 50035)
    await post.edit(name='Case 1 ✔', applied_tags=[tags['closed']])
    await post.edit(archived=True, locked=True)
    return post


@client.event
async def on_ready():
    general, support = await client.fetch_channel(GENERAL), await client.fetch_channel(SUPPORT)
    assert (general.topic, support.type) == ('talk', discord.ChannelType.forum)
    posted = await texts(general)
    aside = await posted.create_thread(name='Aside', auto_archive_duration=60)
    await hooks(general, aside)
    post = await posts(support)
    ada = await client.fetch_user(ADA)
    await ada.send('private')
    await refuses((await client.fetch_user(SHY)).send('x'), 403, 50007)
    member = await (await client.fetch_guild(GUILD)).fetch_member(ADA)
    assert member.id == ADA and member.roles
    before = time.monotonic()
    await general.typing()  # answers 429 once: the client waits and comes again by itself
    assert time.monotonic() - before >= 0.3
    say('DONE', posted.id, post.id, aside.id)
    await client.close()


run(client, until_told=False)
