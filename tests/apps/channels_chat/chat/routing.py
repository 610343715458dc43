from django.urls import re_path

from .consumers import Room

websocket_urlpatterns = [re_path(r"^ws/rooms/(?P<name>\w+)/$", Room.as_asgi())]
