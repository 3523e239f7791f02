"""settings.yaml as a form: its fields, and the file that somebody's entries make."""

import re
from collections.abc import Mapping
from typing import Any

from contract.train_options import NO_OPTIONS
from workshop.dataset.settings import PRESETS, Caps, Choice, default_choice, rules
from workshop.dataset.settings_lines import Setting, read_lines
from workshop.dataset.settings_rules import FED, Rule
from workshop.words import Words

# No date: the same settings are the same file, and the same snapshot.
_HEADING = "# Chosen in the workshop's web app.\n"


def form_fields(say: Words, content: bytes | None, defaults: Choice, machine: str, caps: Caps) -> list[dict[str, Any]]:
    """What may be set, as openapi.json's SettingField; `machine` trains where nothing is chosen. `content` is the
    file's, as far as it can be read, None without one."""
    text = (content or b"").decode("utf-8-sig", "replace")
    written = {line.key: line.text for line in reversed(list(read_lines(text))) if isinstance(line, Setting)}
    preset = written.get("preset") or defaults.preset
    base = defaults if preset not in PRESETS or preset == defaults.preset else default_choice(preset)
    unset = _where_nothing_is_chosen(base, defaults.language, machine, caps)
    return [_field(say, key, rule, unset[key], written.get(key)) for key, rule in rules(caps).items()]


def write_settings(values: Mapping[str, str]) -> bytes:
    """The file with these entries, the preset first. Each reads as it was entered, or not at all: what cannot stand on
    a line gets a line that its reader refuses."""
    keys = sorted(values, key=lambda key: (key != "preset", key))
    return (_HEADING + "".join(f"{_line(key, values[key])}\n" for key in keys)).encode("utf-8", "surrogatepass")


def _line(key: str, text: str) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    forms = (f"{key}: {text}", f"{key}: {quoted}")
    unreadable = re.sub(r"[\r\n]", "\0", forms[0])
    return next((form for form in forms if _reads_as(form, key, text)), unreadable)


def _reads_as(line: str, key: str, text: str) -> bool:
    match list(read_lines(line)):
        case [Setting(key=read_key, text=read_text)]:
            return (read_key, read_text) == (key, text)
    return False


def _field(say: Words, key: str, rule: Rule, default: str, value: str | None) -> dict[str, Any]:
    low, high = rule.bounds or (None, None)
    return {
        "key": key,
        "kind": rule.kind,
        "choices": list(rule.choices),
        "low": low,
        "high": high,
        "default": default,
        "value": value,
        "allowed": rule.allowed(say),
    }


def _where_nothing_is_chosen(choice: Choice, language: str, machine: str, caps: Caps) -> dict[str, str]:
    side = str(choice.resolution)
    return {key: parameter.default or "" for key, parameter in FED.items()} | {
        "preset": choice.preset,
        "kimg": f"{choice.kimg:g}",
        "resolution": side,
        "width": side,
        "height": side,
        "aspect": "1:1",
        "projection_targets": str(choice.projection_targets),
        "previews": str(choice.previews).lower(),
        "language": language,
        "max_hours": f"{caps.max_train_seconds // 36 / 100:g}",
        "instance_type": machine,
        "options": "" if choice.options == NO_OPTIONS else choice.options,
    }
