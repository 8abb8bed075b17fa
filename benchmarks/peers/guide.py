"""The endpoint of the WebSocket guide that Duplex grew from, rewritten in its shape.

Receive JSON, sanitise, validate by a model, act in a chain of `if`s, dump the model, `send_json`.
"""

from typing import Any

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

app = FastAPI()


class SocketModelCreate(BaseModel):
    state: str
    data: dict[str, Any] = {}


class SocketModel(BaseModel):
    state: str
    data: dict[str, Any] = {}
    error: str | None = None


def sanitize_data_request(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: sanitize_data_request(value) for key, value in data.items() if value}
    if isinstance(data, list):
        return [sanitize_data_request(value) for value in data if value]
    return data


async def receive_request(socket: WebSocket) -> SocketModelCreate:
    frame = await socket.receive_json()
    return SocketModelCreate.model_validate(sanitize_data_request(frame))


async def send_response(socket: WebSocket, response: SocketModel) -> None:
    await socket.send_json(response.model_dump())


@app.websocket("/echo")
async def endpoint(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            request = await receive_request(socket)
            response = SocketModel(state=request.state)
            if request.state == "echo":
                response.data = request.data
            else:
                response.error = "unknown state"
            await send_response(socket, response)
    except WebSocketDisconnect:
        return
