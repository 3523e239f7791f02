"""The largest size, in bytes, of everything that a run writes, sends or keeps."""

from dataclasses import dataclass
from math import ceil

from contract.capacity.networks import (
    CHANNELS,
    HEADER_BYTES,
    KEPT_CHECKPOINTS,
    checkpoint_bytes,
    network_bytes,
    widths_of,
)
from contract.pipeline import MAX_VALUE_CHARS
from contract.prepare_report import MAX_COPIED_BYTES, MAX_LISTED_BYTES
from contract.run_results import MAX_SKIPPED
from contract.training_progress.history import COLUMNS, MOST_POINTS
from contract.training_progress.progress import MOST_SHEETS

LONGEST_KEY_BYTES = 1024  # S3's
# The most that a character takes in JSON that is ASCII: two halves, each "\uXXXX".
_ESCAPED = 12
_ESCAPED_PER_BYTE = 3  # of UTF-8: four of its bytes become twelve, and two become six
# Uploads of more bytes are not fetched (stylegan2.data.vetting.LARGEST_FILE).
LARGEST_UPLOAD = 300_000_000

# Sheets of samples (stylegan2.results), of which MOST_SHEETS are kept, and beside them one of the data set's images.
_CPU_SHEET_WIDTH, _CPU_MOST_COLUMNS = 2048, 8
_GPU_SHEET, _GPU_FEWEST, _GPU_MOST = (3840, 2160), (7, 4), (32, 32)
# A PNG of noise takes 3.003 bytes a pixel, the worst JPEG of quality 95 that was found 2.90.
_BYTES_PER_PIXEL = 3.05
_FILE_BYTES = 4096
_SIGNATURE_BYTES = 28_000  # of a picture or film, where they are signed, with the longest chain of certificates

MOST_TICKS = 25_000  # lines of statistics of one training, interruptions apart
_INTERRUPTIONS = 10
_STATISTICS_BYTES = 600  # of a tick, in stats.jsonl
_LOG_BYTES = 3_000  # of a tick, in log.txt and for TensorBoard
_NUMBER_BYTES, _SHEET_NAME_BYTES = 26, 500  # in progress.json: a float with its comma, a key with its kimg

# What Infer draws (containers.infer): new images, mixtures and their sources, and the sheets of both.
_NEW, _MIXED, _SHEET_CELLS = 48, 4 * 6 + 4 + 6, 48 + 5 * 7
# Pictures moved along directions, and their sheet: narrow ones are enlarged in it, so that labels have room.
_DIRECTIONS, _STRIPS, _LABELLED_WIDTH, _LABELS = 6, 2 * 5, 64, (28, 40)
# The film: frames, and the longest sides of what is enlarged, of what that becomes, and of all.
_FRAMES, _PIXEL_ART, _ENLARGED, _LARGEST_FRAME = 6 * 40, 64, 256, 512
_FILM_BYTES_PER_PIXEL = _BYTES_PER_PIXEL + 1.6  # as WebP, and as MP4, whose blocks take 1.5 where nothing can be saved
_LARGEST_THUMBNAIL = 384
# Its page: sides of the images in it, and of how many; the rest is a film, text, curves and tables.
_PAGE_CELLS = ((256, 48 + 34 + 24 + 1), (192, 6 * 5 + 9 * 4 + 9), (256, 2 * 24), (512, 2 * 8))
_PAGE_FILM_BYTES, _PAGE_TEXT_BYTES = 3_000_000, 3_000_000
_MARK_BYTES = 1_500  # of a picture, on who has made it
_GALLERY_ITEM_BYTES = 1_200  # without names
_ZIP_ENTRY_BYTES = 500
_SHOWN_BYTES = 200 * _ESCAPED  # a name, or what a reason names, cut to 200 characters

MOST_PARAMETERS, MOST_ADDRESSES = 60, 10  # of the pipeline; the service takes 200
_ETAG_BYTES, _SIZE_DIGITS, _CONTENT_BYTES = 40, 13, 60


@dataclass(frozen=True)
class Workload:
    """What a run is asked for. Bytes are of all originals together; `name_bytes` is what a name takes as JSON, on
    average; `preset` is the trainer's, `device` "cpu" or "cuda". `size` is the pictures' height and width in pixels,
    where they are no squares of `resolution`."""

    images: int
    image_bytes: int
    resolution: int
    kimg: float
    preset: str
    device: str = "cuda"
    targets: int = 0
    target_bytes: int = 0
    name_bytes: int = 100
    size: tuple[int, int] | None = None

    @property
    def sides(self) -> tuple[int, int]:
        return self.size or (self.resolution, self.resolution)

    @property
    def pixels(self) -> int:
        return self.sides[0] * self.sides[1]


def image_file_bytes(height: int, width: int) -> int:
    """A PNG of the data set, in its zip: stored rows, each with its filter, in blocks of 65,535 bytes."""
    row = 1 + CHANNELS * width
    blocks = ceil(height / max(1, 65_535 // row))
    return height * row + 5 * blocks + 70


def dataset_zip_bytes(workload: Workload) -> int:
    """dataset.zip: each image with its two headers in the zip, and its label."""
    return workload.images * (image_file_bytes(*workload.sides) + 300) + HEADER_BYTES


def record_bytes(images: int, name_bytes: int) -> int:
    """A record of images to read: {"name":"...","etag":"...","size":...}. `name_bytes` is of one name."""
    return images * (name_bytes + _ETAG_BYTES + _SIZE_DIGITS + 40) + 1_000


def contents_index_bytes(workload: Workload) -> int:
    """contents.json: of each object its key, ETag, size and checksum."""
    entry = workload.name_bytes + 100 + _ETAG_BYTES + _SIZE_DIGITS + _CONTENT_BYTES
    return (workload.images + workload.targets) * entry + 1_000


def prepare_report_bytes(workload: Workload) -> int:
    """prepare.json if every image is set aside: names, and reasons, which may name another image."""
    return min(workload.images * (2 * workload.name_bytes + 300), MAX_LISTED_BYTES) + 1_000


def counts_bytes(workload: Workload) -> int:
    """counts.json."""
    return 200


def set_aside_bytes(workload: Workload) -> int:
    """Copies of what was set aside."""
    return min(workload.image_bytes, MAX_COPIED_BYTES)


def sheet_size(height: int, width: int, device: str) -> tuple[int, int]:
    """Width and height of a sheet of samples in pixels (stylegan2.results.sample_grid)."""
    if device == "cpu":
        columns = min(max(_CPU_SHEET_WIDTH // width, 2), _CPU_MOST_COLUMNS)
        return columns * width, columns // 2 * height
    sheet_width, sheet_height = (
        min(max(sheet // side, fewest), most) * side
        for side, sheet, fewest, most in zip((width, height), _GPU_SHEET, _GPU_FEWEST, _GPU_MOST, strict=True)
    )
    return sheet_width, sheet_height


def sheet_bytes(workload: Workload) -> int:
    """One sheet of samples, whatever is on it."""
    width, height = sheet_size(*workload.sides, workload.device)
    return _picture_bytes(width * height)


def ticks(workload: Workload) -> int:
    """How many lines of statistics a training has."""
    tick_kimg = max(widths_of(workload.preset, workload.resolution).tick_kimg, workload.kimg / MOST_TICKS)
    return ceil(workload.kimg / tick_kimg) + _INTERRUPTIONS


def statistics_bytes(workload: Workload) -> int:
    """stats.jsonl."""
    return ticks(workload) * _STATISTICS_BYTES


def model_folder_bytes(workload: Workload) -> int:
    """What a training leaves to be packed: the last network and the best, sheets, statistics, logs."""
    networks = 2 * network_bytes(workload.preset, workload.resolution)
    sheets = (MOST_SHEETS + 1) * sheet_bytes(workload)
    return networks + sheets + statistics_bytes(workload) + ticks(workload) * _LOG_BYTES + HEADER_BYTES


def model_archive_bytes(workload: Workload) -> int:
    """model.tar.gz: numbers and pictures hardly shrink, and may grow a little."""
    return ceil(model_folder_bytes(workload) * 1.001) + HEADER_BYTES


def model_files(workload: Workload) -> int:
    """Files in the archive."""
    return MOST_SHEETS + 1 + 20


def one_checkpoint_bytes(workload: Workload) -> int:
    """A checkpoint: networks, optimisers and all statistics so far."""
    return checkpoint_bytes(workload.preset, workload.resolution) + statistics_bytes(workload)


def checkpoint_folder_bytes(workload: Workload) -> int:
    """The checkpoints that are kept, copies of the sheets and of the best network. All have fixed names, each once more
    for a file that is being written: a copy in S3 from which nothing is deleted, and so what a training that goes on
    is given back, is no larger."""
    checkpoints = (KEPT_CHECKPOINTS + 1) * one_checkpoint_bytes(workload)  # one of them is written at a time
    copies = MOST_SHEETS * sheet_bytes(workload) + network_bytes(workload.preset, workload.resolution)
    return checkpoints + 2 * copies


def progress_bytes(workload: Workload) -> int:
    """progress.json: the curves, whose points are thinned, and the names of the sheets."""
    return MOST_POINTS * len(COLUMNS) * _NUMBER_BYTES + MOST_SHEETS * _SHEET_NAME_BYTES + 4_000


def film_bytes(workload: Workload) -> int:
    """The film, as WebP and as MP4."""
    longest = max(workload.sides)
    shown = longest * (_ENLARGED // longest) if longest <= _PIXEL_ART else min(longest, _LARGEST_FRAME)
    pixels = ceil(workload.pixels * (shown / longest) ** 2)
    return ceil(_FRAMES * (pixels * _FILM_BYTES_PER_PIXEL + _MARK_BYTES)) + 2 * _SIGNATURE_BYTES


def directions_sheet_bytes(workload: Workload) -> int:
    """The sheet of directions."""
    height, width = workload.sides
    factor = ceil(_LABELLED_WIDTH / width)
    top, left = _LABELS
    return _picture_bytes((top + _DIRECTIONS * height * factor) * (left + _STRIPS * width * factor))


def drawn_bytes(workload: Workload) -> int:
    """What Infer draws: pictures, sheets, the film."""
    cells = _NEW + _MIXED + _SHEET_CELLS + _DIRECTIONS * _STRIPS + 2 * workload.targets
    return cells * _picture_bytes(workload.pixels) + directions_sheet_bytes(workload) + film_bytes(workload)


def gallery_items(workload: Workload) -> int:
    """Pictures, sheets and films that the gallery shows: of each there is a small copy."""
    return _NEW + _MIXED + _DIRECTIONS * _STRIPS + 2 * workload.targets + 3 + 1


def thumbnails_bytes(workload: Workload) -> int:
    """The gallery's small copies."""
    return gallery_items(workload) * _picture_bytes(_LARGEST_THUMBNAIL**2)


def made_bytes(workload: Workload) -> int:
    """What Infer leaves beside its report."""
    return drawn_bytes(workload) + thumbnails_bytes(workload)


def picture_archive_bytes(workload: Workload) -> int:
    """pictures.zip: everything as it is."""
    return drawn_bytes(workload) + (gallery_items(workload) + 2) * _ZIP_ENTRY_BYTES


def gallery_bytes(workload: Workload) -> int:
    """gallery.json. A name stands in two of a target's items; classes have names, too."""
    return gallery_items(workload) * (_GALLERY_ITEM_BYTES + _SHOWN_BYTES) + 4_000 * _ESCAPED + 10_000


def page_bytes(workload: Workload) -> int:
    """index.html: its images as base64, four bytes for three."""
    pixels = sum(side * side * count for side, count in _PAGE_CELLS)
    marks = sum(count for _, count in _PAGE_CELLS) * _MARK_BYTES
    return ceil((pixels * _BYTES_PER_PIXEL + marks + _PAGE_FILM_BYTES) * 4 / 3) + _PAGE_TEXT_BYTES


def results_bytes(workload: Workload) -> int:
    """report.json: numbers, and the images that it names."""
    return (MAX_SKIPPED + 20) * (2 * _SHOWN_BYTES + 100) + 10_000


def start_request_bytes() -> int:
    """Parameters of a StartPipelineExecution, which the ledger's claim holds as well, as JSON. Addresses alone may have
    characters that are none of ASCII."""
    addresses = MOST_ADDRESSES * MAX_VALUE_CHARS * _ESCAPED
    return MOST_PARAMETERS * (MAX_VALUE_CHARS + 100) + addresses


def ledger_item_bytes() -> int:
    """A dataset's item: the claim with its parameters, the ARNs of runs that are to be told of yet, counters."""
    return start_request_bytes() + 100 * 256 + 10_000


def upload_event_bytes() -> int:
    """S3's event of an upload, as EventBridge and SQS hand it on; the key is in it once."""
    return LONGEST_KEY_BYTES * _ESCAPED_PER_BYTE * 7 // 6 + 1_800


def _picture_bytes(pixels: int) -> int:
    return ceil(pixels * _BYTES_PER_PIXEL) + _FILE_BYTES + _SIGNATURE_BYTES
