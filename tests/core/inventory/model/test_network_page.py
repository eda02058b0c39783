"""The page of the network model names every field of the model, with its default."""

import re
from dataclasses import MISSING, Field, fields, is_dataclass

import pytest
from echelon.core.inventory.model import demand, lead_time, supply_network
from echelon.core.inventory.model.lead_time import LeadTime
from support import ROOT

PAGE = (ROOT / "docs" / "network-model.md").read_text(encoding="utf-8")
CLASSES = {
    name: kind
    for module in (supply_network, demand, lead_time)
    for name, kind in vars(module).items()
    if is_dataclass(kind) and isinstance(kind, type)
}


def told(value: object) -> str:
    """A default as the page has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "(" + "".join(f"{told(one)}," for one in value) + ")"
    if isinstance(value, LeadTime):
        return f"{value.mean:g} periods"
    if is_dataclass(value):
        return f"`{type(value).__name__}`"
    if isinstance(value, str):
        return f"`{value}`" if value else "empty"
    return "none" if value in (None, supply_network.NO_LIMIT) else f"{value:g}"


def default(field: "Field[object]") -> str:
    return "" if field.default is MISSING else told(field.default)


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_is_described_with_its_default(name: str) -> None:
    section = re.search(rf"^## .*`{name}`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, f"docs/network-model.md says nothing of {name}"
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*?) ?\|$", section[1], re.MULTILINE)
    assert rows == [(field.name, default(field)) for field in fields(CLASSES[name])]
