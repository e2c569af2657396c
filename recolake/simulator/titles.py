"""Words of the simulated catalogue: category names and item titles."""

from __future__ import annotations

from collections.abc import Sequence

CATEGORIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Kitchen", ("Mixing Bowl", "Tea Towel", "Cake Tin", "Spice Jar", "Chopping Board")),
    ("Lighting", ("Lantern", "Table Lamp", "Candle Holder", "Fairy Lights", "Lampshade")),
    ("Garden", ("Plant Pot", "Bird Feeder", "Watering Can", "Seed Tray", "Wind Chime")),
    ("Stationery", ("Notebook", "Gift Wrap", "Fountain Pen", "Desk Tidy", "Card Set")),
    ("Toys", ("Puzzle", "Building Blocks", "Toy Train", "Spinning Top", "Soft Bear")),
    ("Bath", ("Soap Bar", "Bath Salts", "Hand Towel", "Sponge", "Shower Caddy")),
    ("Textiles", ("Cushion", "Throw", "Table Runner", "Curtain", "Quilt")),
    ("Storage", ("Basket", "Storage Tin", "Hook Rack", "Drawer Box", "Shelf")),
    ("Party", ("Bunting", "Paper Cups", "Balloon Set", "Cake Stand", "Napkins")),
    ("Jewellery", ("Bracelet", "Ear Studs", "Brooch", "Necklace", "Ring Dish")),
    ("Pantry", ("Coffee Beans", "Loose Tea", "Fudge Box", "Honey Jar", "Shortbread")),
    ("Decor", ("Wall Clock", "Photo Frame", "Mirror", "Doormat", "Vase")),
)
_STYLES = (
    "Vintage",
    "Nordic",
    "Rustic",
    "Retro",
    "Classic",
    "Modern",
    "Painted",
    "Woodland",
    "Seaside",
    "Regency",
)
_COLOURS = ("Red", "Cream", "Sage", "Blue", "Rose", "Charcoal", "Ivory", "Amber", "Teal", "Natural")
_SIZES = ("", " Small", " Large", ", Set of 3", ' 12"', " (Boxed)")

NON_GOODS: tuple[tuple[str, str], ...] = (
    ("POST", "POSTAGE"),
    ("DOT", "DOTCOM POSTAGE"),
    ("M", "Manual"),
    ("BANK CHARGES", "Bank Charges"),
    ("CARRIAGE", "Carriage"),
)


def category_name(category: int) -> str:
    """Name of a category; beyond the list they are numbered."""
    name, _ = CATEGORIES[category % len(CATEGORIES)]
    turn = category // len(CATEGORIES)
    return name if turn == 0 else f"{name} {turn + 1}"


def item_title(category: int, choices: Sequence[int]) -> str:
    """A title from four random whole numbers: style, colour, noun, size."""
    style, colour, noun, size = choices
    nouns = CATEGORIES[category % len(CATEGORIES)][1]
    return (
        f"{_STYLES[style % len(_STYLES)]} {_COLOURS[colour % len(_COLOURS)]} "
        f"{nouns[noun % len(nouns)]}{_SIZES[size % len(_SIZES)]}"
    )
