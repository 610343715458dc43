from setuptools import setup

NEEDS = ["aiohttp>=3.8"]
setup(name="polls", version="0", packages=["polls"], install_requires=NEEDS)
