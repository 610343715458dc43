"""The paths that routers, blueprints and Django's urls make up."""

from collections.abc import Mapping

from lab.app.guess.folder import Folder
from lab.app.guess.guess import guess

MANAGE = (
    "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\nimport django\n"
)


def paths(files: Mapping[str, str]) -> list[str]:
    return [each.path for each in guess(Folder(files)).requests]


def test_prefixes_of_routers_stand_before_their_paths() -> None:
    files = {
        "main.py": "from fastapi import FastAPI\nfrom things import api\napp = FastAPI()\n"
        "app.include_router(api, prefix='/api')\n",
        "things.py": "from fastapi import APIRouter\napi = APIRouter(prefix='/v1')\n"
        "@api.get('/things')\ndef things(): ...\n",
    }
    assert paths(files) == ["/api/v1/things"]


def test_a_blueprint_of_a_package_is_the_one_that_its_modules_import_from_it() -> None:
    files = {
        "shop/__init__.py": "from flask import Flask\n"
        "def create_app():\n    app = Flask(__name__)\n"
        "    from .auth import auth as auth_blueprint\n"
        "    app.register_blueprint(auth_blueprint, url_prefix='/auth')\n"
        "    from . import cart\n    app.register_blueprint(cart.cart, url_prefix='/cart')\n"
        "    return app\n",
        "shop/auth/__init__.py": "from flask import Blueprint\nauth = Blueprint('auth', __name__)\n"
        "from . import views\n",
        "shop/auth/views.py": "from . import auth\n@auth.route('/login')\ndef login(): ...\n",
        "shop/auth/more/views.py": "from .. import auth\n@auth.route('/more')\ndef more(): ...\n",
        "shop/cart.py": "from flask import Blueprint\ncart = Blueprint('cart', __name__)\n"
        "@cart.route('/items')\ndef items(): ...\n",
    }
    assert sorted(paths(files)) == ["/auth/login", "/auth/more", "/cart/items"]


def test_a_pattern_of_pyramid_needs_no_slash_before_it() -> None:
    text = "def includeme(config):\n    config.add_route('home', '/home')\n"
    text += "    config.add_route('all', 'all.json')\n    config.add_route('one')\n"
    assert paths({"shop/routes.py": text}) == ["/home", "/all.json"]


def test_djangos_urls_are_followed() -> None:
    files = {
        "manage.py": MANAGE,
        "shop/settings.py": "ROOT_URLCONF = 'shop.urls'\n",
        "shop/urls.py": "from django.urls import include, path\nfrom django.contrib import admin\n"
        "urlpatterns = [path('admin/', admin.site.urls), path('blog/', include('blog.urls'))]\n",
        "blog/urls.py": "from django.urls import path\nfrom . import views\n"
        "urlpatterns = [path('', views.x), path('<int:n>/', views.y), path('new/', views.z)]\n",
    }
    assert paths(files) == ["/admin/login/", "/blog/", "/blog/new/"]
