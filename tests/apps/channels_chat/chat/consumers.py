import json

from channels.generic.websocket import AsyncWebsocketConsumer


class Room(AsyncWebsocketConsumer):
    async def connect(self):
        self.group = "room-" + self.scope["url_route"]["kwargs"]["name"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data):
        text = json.loads(text_data)["message"]
        await self.channel_layer.group_send(self.group, {"type": "said", "text": text})

    async def said(self, event):
        await self.send(json.dumps({"message": event["text"]}))
