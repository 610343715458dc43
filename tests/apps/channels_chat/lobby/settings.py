SECRET_KEY = "of a test"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["daphne", "channels", "chat"]
ROOT_URLCONF = "lobby.urls"
ASGI_APPLICATION = "lobby.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
