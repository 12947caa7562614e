"""Keeps every mail that comes to port 1025 as a numbered file in /mail."""

import asyncio
import itertools
import pathlib

from aiosmtpd.controller import UnthreadedController

MAIL = pathlib.Path("/mail")
numbers = itertools.count()


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        path = MAIL / f"{next(numbers):06}.eml"
        path.with_suffix(".part").write_bytes(envelope.content)
        path.with_suffix(".part").rename(path)
        return "250 kept"


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
controller = UnthreadedController(Keeper(), hostname="0.0.0.0", port=1025, loop=loop)
controller.begin()
loop.run_forever()
