"""What metadata.txt says, for the rest of the plugin."""

import configparser
from pathlib import Path


def _read() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(Path(__file__).parent / "metadata.txt", encoding="utf-8")
    return parser["general"]


#: The plugin's version: that of the program it was made for.
VERSION = _read()["version"]
