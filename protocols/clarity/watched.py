"""Words of security texts that people have fought over, because each side meant something else by them."""

from typing import Final

KINDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "heavy weapons",
        ("heavy weapon", "heavy arms", "heavy armaments?", "heavy weaponry", "heavy artillery"),
    ),
    ("light weapons", ("light weapon", "small arms", "light arms", "light weaponry")),
    ("ceasefire", ("cease-fire", "truce", "cessation of hostilities", "armistice", "hostilities")),
    (
        "line of contact",
        ("contact line", "front ?line", "line of confrontation", "confrontation line", "separation line"),
    ),
    (
        "buffer zone",
        (
            "demilitari[sz]ed zone",
            "security zone",
            "disengagement zone",
            "neutral zone",
            "safe zone",
            "exclusion zone",
        ),
    ),
    (
        "safe passage",
        ("humanitarian corridors?", "safe corridors?", "green corridors?", "humanitarian access"),
    ),
    ("detainee", ("detainees", "prisoners?(?: of war)?", "captives?", "hostages?", "abductees?")),
    (
        "armed personnel",
        (
            "armed (?:men|elements|formations?|groups?|persons|individuals)",
            "fighters?",
            "combatants?",
            "militants?",
            "gunmen",
        ),
    ),
    (
        "military position",
        ("military positions?", "fighting positions?", "fortifications?", "outposts?", "strong ?points?"),
    ),
    (
        "civilian infrastructure",
        ("critical infrastructure", "civilian objects?", "essential services", "vital facilities"),
    ),
    ("unmanned aircraft", ("drones?", "uavs?", "unmanned aerial vehicles?", "quadcopters?")),
    ("humanitarian aid", ("humanitarian (?:assistance|goods|supplies|relief)", "relief (?:goods|supplies)")),
    ("military unit", ("regular forces", "armed forces", "government forces", "special forces")),
)
"""A common name, and what is said for it: pieces of regular expressions."""
