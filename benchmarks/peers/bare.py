"""A bare FastAPI socket: echo, and the room everybody writes first (a loop of `send_json`).

`/echo` is the floor that the request-to-reply target is a multiple of; `/room` is what a tutorial
shows: a list of sockets and one `send_json` each.
"""

from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
room: list[WebSocket] = []


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        return


@app.websocket("/room")
async def send_json_loop(socket: WebSocket) -> None:
    await socket.accept()
    room.append(socket)
    try:
        while True:
            frame: Any = await socket.receive_json()
            for member in room:
                await member.send_json(frame)
    except WebSocketDisconnect:
        room.remove(socket)
