"""Places, quantities, spans and clauses, as the scripts need them."""

from typing import Any

BRIDGE = {
    "lat": "36.20000",
    "lon": "37.10000",
    "radius_m": 500,
    "name": "north bridge",
    "name_source": "map sheet NI 37-7",
}
HOSPITAL = {
    "lat": "36.21500",
    "lon": "37.12000",
    "radius_m": 200,
    "name": "district hospital",
    "name_source": "gazetteer of the ministry of health",
}
CROSSING = {
    "lat": "36.24000",
    "lon": "37.15000",
    "radius_m": 300,
    "name": "mill crossing",
    "name_source": "map sheet NI 37-7",
}


def persons(number: int, basis: str = "COUNTED") -> dict[str, Any]:
    """So many people."""
    return {"n": number, "unit": "persons", "basis": basis}


def vehicles(number: int) -> dict[str, Any]:
    """So many vehicles, counted."""
    return {"n": number, "unit": "vehicles", "basis": "COUNTED"}


def span(start: str, end: str) -> dict[str, str]:
    """From a time up to another."""
    return {"start": start, "end": end}


def clause(
    actor: str, modal: str, action: str, what: str, window: dict[str, str], **more: Any
) -> dict[str, Any]:
    """Who must, must not or may do what, and when."""
    return {"actor": f"@{actor}", "modal": modal, "action": action, "object": what, "window": window, **more}


def translated(lang: str, action: str, what: str, *, machine: bool = False) -> dict[str, Any]:
    """A clause's words in another language, to help with reading."""
    return {"lang": lang, "status": "TRANSLATION", "machine": machine, "action": action, "object": what}


def authentic(lang: str, action: str, what: str) -> dict[str, Any]:
    """A clause's words in another language, which count as the original's do."""
    return {"lang": lang, "status": "AUTHENTIC", "machine": False, "action": action, "object": what}
