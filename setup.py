"""Which packages a wheel holds; all else is in pyproject.toml.

The checkout is laid out for who edits it; installed, all of it is below one package.
"""

from setuptools import find_packages, setup

MAPPED = {"windlass.tasks": "tasks", "windlass.templates": "templates", "windlass.manual": "config"}

setup(
    packages=[*find_packages(include=["windlass", "windlass.*"]), *MAPPED],
    package_dir=MAPPED,
    package_data={
        "windlass.demo": ["app/**/*"],
        "windlass.templates": ["**/*"],
        "windlass.manual": ["prompthub.toml"],
    },
    include_package_data=False,
)
