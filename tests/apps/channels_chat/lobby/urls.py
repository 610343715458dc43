from chat.views import rooms
from django.urls import path

urlpatterns = [path("rooms/", rooms)]
