from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
HISTORY = []


@app.websocket("/rooms/{room}")
async def talk(socket: WebSocket, room: str):
    await socket.accept()
    said = []
    HISTORY.append((room, bytearray(8_000), said))
    try:
        while True:
            said.append(await socket.receive_text())
            await socket.send_text(f"{room}: {len(said)}")
    except WebSocketDisconnect:
        pass
