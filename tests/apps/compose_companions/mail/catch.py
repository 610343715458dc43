import asyncio


async def converse(reader, writer):
    """Take each mail and keep none."""
    writer.write(b"220 mail\r\n")
    in_text = False
    while line := await reader.readline():
        if in_text:
            in_text = line != b".\r\n"
            reply = b"" if in_text else b"250 taken\r\n"
        else:
            word = line[:4].upper()
            in_text = word == b"DATA"
            reply = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 fine\r\n")
        writer.write(reply)
        await writer.drain()
    writer.close()


async def main():
    async with await asyncio.start_server(converse, port=1025) as server:
        await server.serve_forever()


asyncio.run(main())
