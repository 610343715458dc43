"""The name under which a package is installed from Python's index, by the name that is imported."""

import sys
from collections.abc import Iterable, Mapping

OF_DJANGO = (
    *("anymail", "autoslug", "axes", "cacheops", "colorfield", "constance"),
    *("csp", "grappelli", "guardian", "haystack", "health_check", "hijack"),
    *("jazzmin", "mathfilters", "modelcluster", "polymorphic", "ratelimit", "reversion"),
    *("rosetta", "sass_processor", "silk", "simple_history", "solo", "tailwind"),
    *("template_partials", "tinymce", "waffle"),
)
"""Apps of Django's whose distribution is `django-` and their name."""
DISTRIBUTIONS: Mapping[str, str] = {
    **{name: f"django-{name.replace('_', '-')}" for name in OF_DJANGO},
    "argon2": "argon2-cffi",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "bson": "pymongo",
    "Crypto": "pycryptodome",
    "corsheaders": "django-cors-headers",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "django_filters": "django-filter",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "engineio": "python-engineio",
    "environ": "django-environ",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "google": "protobuf",
    "grpc": "grpcio",
    "jose": "python-jose[cryptography]",
    "jwt": "PyJWT",
    "ldap": "python-ldap",
    "magic": "python-magic",
    "memcache": "python-memcached",
    "mysql": "mysql-connector-python",
    "MySQLdb": "mysqlclient",
    "ninja": "django-ninja",
    "nacl": "PyNaCl",
    "OpenSSL": "pyOpenSSL",
    "PIL": "Pillow",
    "pkg_resources": "setuptools<81",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "pythonjsonlogger": "python-json-logger",
    "rest_framework": "djangorestframework",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "ruamel": "ruamel.yaml",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slugify": "python-slugify",
    "socketio": "python-socketio",
    "socks": "PySocks",
    "storages": "django-storages",
    "telegram": "python-telegram-bot",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
    "multipart": "python-multipart",
    "crispy_forms": "django-crispy-forms",
    "allauth": "django-allauth",
    "taggit": "django-taggit",
    "compressor": "django-compressor",
    "import_export": "django-import-export",
    "widget_tweaks": "django-widget-tweaks",
    "ckeditor": "django-ckeditor",
    "mptt": "django-mptt",
    "oauth2_provider": "django-oauth-toolkit",
    "rest_framework_nested": "drf-nested-routers",
    "flaskext": "Flask",
    "strawberry": "strawberry-graphql",
    "tortoise": "tortoise-orm",
    "OpenGL": "PyOpenGL",
    "Levenshtein": "python-Levenshtein",
    "nmap": "python-nmap",
    "barcode": "python-barcode",
    "pptx": "python-pptx",
    "usb": "pyusb",
    "xdg": "pyxdg",
    "pydantic_core": "pydantic",
    "fastapi_users": "fastapi-users[sqlalchemy]",
    "discord": "discord.py",
    "github": "PyGithub",
    "bootstrap4": "django-bootstrap4",
    "djmoney": "django-money",
    "dns": "dnspython",
    "googleapiclient": "google-api-python-client",
    "knox": "django-rest-knox",
    "phonenumber_field": "django-phonenumber-field[phonenumbers]",
    "social_django": "social-auth-app-django",
    "sorl": "sorl-thumbnail",
}
"""Where the two names differ in more than case and dashes; elsewhere the import's own name does."""
REMOVED = frozenset({"distutils", "imp", "asyncore", "asynchat", "smtpd", "cgi", "telnetlib"})
"""Modules that left the standard library in 3.12 or 3.13: no package brings them back."""


def distribution_of(imported: str) -> str:
    return DISTRIBUTIONS.get(imported, imported)


def is_standard(imported: str) -> bool:
    return imported in sys.stdlib_module_names or imported in REMOVED or imported == "__future__"


def distributions(imports: Iterable[str], local: frozenset[str]) -> list[str]:
    """What must be installed for these imports: neither Python's own nor the project's."""
    wanted = {name for name in imports if name not in local and not is_standard(name)}
    return sorted({distribution_of(name) for name in wanted}, key=str.lower)
