"""Leads discord.py to the simulator, and ends a script when its input does."""
import asyncio
import logging
import os
import sys

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

URL = os.environ['DISCORD_URL']
GUILD, GENERAL, SUPPORT, ADA, SHY = (int(os.environ[name]) for name in ('GUILD', 'GENERAL', 'SUPPORT', 'ADA', 'SHY'))
discord.utils.setup_logging(level=logging.ERROR)
Route.BASE = URL + '/api/v10'
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(URL.replace('http', 'ws') + '/')


def say(*words):
    print(*words, flush=True)


def run(client, until_told=True):
    """Runs a client until the script's input ends, or until it closes itself."""
    async def main():
        async with client:
            work = asyncio.create_task(client.start(os.environ['DISCORD_TOKEN']))
            if until_told:
                told = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
                await asyncio.wait({work, told}, return_when=asyncio.FIRST_COMPLETED)
                await client.close()
            await work
    asyncio.run(main())


def fails_loudly(client):
    """Ends the script when an event handler raises."""
    @client.event
    async def on_error(*_):
        import traceback
        traceback.print_exc()
        os._exit(1)


__all__ = ['ADA', 'GENERAL', 'GUILD', 'SHY', 'SUPPORT', 'discord', 'fails_loudly', 'run', 'say']
