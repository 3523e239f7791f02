"""What lies in a dataset's folders at one moment, and what its artist asks for.

snapshot         listings, fingerprint, and the record that a run reads
contents         what each object holds: two uploads of the same bytes are the same image
checksums        the digests that S3 keeps, or none
settings         settings.yaml: choices, bounds, presets, the deployer's caps
room             how much a run has to carry, and whether there is room for it
shape            the pictures' width and height: from proportions, pixels, overrides
classes          the sub-folders, whose names may be classes
settings_rules   what each key may be, and the words for it
settings_forms   the same as a form for people: its fields, and the file that their entries make
settings_lines   its lines: `key: value`, and no more of YAML than that
plain_values     how numbers and truths are written there
train_options    `options: gamma=10`, those of the trainer's that the deployer allows
"""

from workshop.dataset.settings import Caps, Choice, default_choice, parse_settings
from workshop.dataset.snapshot import Listing, Targets, fingerprint, list_dataset, list_datasets, list_targets

__all__ = [
    "Caps",
    "Choice",
    "Listing",
    "Targets",
    "default_choice",
    "fingerprint",
    "list_dataset",
    "list_datasets",
    "list_targets",
    "parse_settings",
]
