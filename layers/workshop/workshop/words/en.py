"""English."""

from collections.abc import Mapping

from contract.pipeline import Step
from workshop.words import Plural, Words


class English(Words):
    language = "en"
    thousands = ","
    decimal = "."
    between_sentences = " "
    between_names = ", "
    money = "USD {amount}"
    date_format = "{year}-{month:02}-{day:02} (UTC)"
    second = "s"
    minute = "min"
    hour = "h"
    days = "d"
    unknown = "unknown"
    named = "{name}: {text}"
    step_named = "{name} ({words})"
    run_link = "See how it goes, and soon the first pictures; this link works until {date}:\n\n  {url}"
    act_link = (
        "For you: do not pass it on. With this link you can add images, start, finish early and cancel runs; it works"
        " until {date}:\n\n  {url}"
    )
    ask_to_cancel = "Your admin can cancel this run, or end it early and have its pictures made."
    other_files = Plural(" ({count} other file was left out)", " ({count} other files were left out)")
    expected_about = "about {duration} ({basis})"
    expected_unknown = "unknown, no run of this kind has ended here yet"
    expected_training = "about {share}, {limit} at most"
    expected_training_unknown = "{limit} at most"
    expected_line = "Expected duration: {duration}; of it training: {training}; cost: {cost}."
    basis_own = "as earlier runs have shown"
    basis_measured = "as measured on such a machine"
    basis_guess = "a guess: no run of this kind has ended here yet"
    cost_unknown = "unknown, no price is configured for this type of machine"
    cost_at_most = "at most {most} for the training"
    cost_about = "about {about}, of which training {share}, {most} at most"
    cost_about_training = (
        "about {share} for the training, {most} at most; no prices are configured for the other machines"
    )
    cost_about_all = "about {about}"
    goes_on_from = "It goes on from about {percent} % of the training, which an earlier run has already done."
    shortfall = (
        "The training cannot be done in its time: preset {preset} would take about {whole} here, and the limit is"
        " {limit}. It will end at about {percent} %, and the pictures are made from what the model has learned by then."
    )
    folders_are_classes = "Classes:            {count}: {listed}"
    folders_outside = Plural(
        "; {count} image lies in no sub-folder and is not used",
        "; {count} images lie in no sub-folder and are not used",
    )
    folders_not_used = Plural(
        "Sub-folders:        {count}; its name is not used as a class (`labels: folders` in settings.yaml does so)",
        "Sub-folders:        {count}; their names are not used as classes (`labels: folders` in settings.yaml does so)",
    )
    link_until = "The link works until {date}. Whoever has it can see the page."
    link_for_hours = "The link works for {hours} hours at most. Whoever has it can see the page."
    pictures_used = "{good} of {found}"
    pictures_used_none = "none; the model of run {run} was used"
    no_cost = "none"
    billed = "{duration} billed"
    billed_cost = "about {cost} ({billed})"
    took_estimated = "{duration} (estimated: {estimated})"
    took_estimated_twice = "{duration} (estimated: {estimated}; after 2 % of the training: {early})"
    training_ended: Mapping[str, str] = {
        "time_limit": "The training was ended by its time limit, after {kimg} of {wanted} thousand images shown.",
        "on_request": "The training was ended on request, after {kimg} of {wanted} thousand images shown.",
        "": "The training ended early, after {kimg} of {wanted} thousand images shown.",
    }
    finishing_takes = "Finishing it takes about {duration} and {cost}."
    finishing_takes_time = "Finishing it takes about {duration}."
    go_on_by_link = "To go on from there, start it again by the last link of this email."
    go_on = "To go on from there, ask your admin to call\n\n  {command}"
    network_best = "the best one, after {kimg} thousand images (score {score}; the last one: {last}; less is better)"
    network_last_is_best = "the last one, which is the best (score {score}; less is better)"
    network_last = "the last one (score {score}; less is better)"
    network_unscored = "the last one (it has no score)"
    network_no_score = "none any more"
    troubles: Mapping[str, str] = {
        "collapsed": (
            "The training has collapsed: what the model had learned fell apart. The pictures are those of the model"
            " that is named above, and both that and the last one are kept."
        ),
        "stalled": "The training stood still in the end: for long, nothing better came of it.",
    }
    trouble_ended = (
        "It was ended early for that, after {kimg} of {wanted} thousand images; nothing that it had learned is lost."
    )
    trouble_next: Mapping[str, str] = {
        "collapsed": (
            "More images, or images that are more alike, help most; another seed (settings.yaml) may help, too."
        ),
        "stalled": "A longer training would hardly help; more images may.",
    }
    set_aside = Plural("{count} image was skipped:", "{count} images were skipped:")
    more_on_page = Plural("{count} more is listed on the page", "{count} more are listed on the page")
    more_in_file = Plural("{count} more is listed in prepare.json", "{count} more are listed in prepare.json")
    copies_of_all = "Copies lie under {folder}"
    copies_of_some = Plural(
        "A copy of {count} of them lies under {folder}", "Copies of {count} of them lie under {folder}"
    )
    missing = "{part} is missing."
    empty = "{part} is empty."
    no_picture = "There is no new picture: the run's own folder {folder} holds none."
    results_page = "The page with the results ({name})"
    results_data = "The page's data ({name})"
    trained_model = "The trained model ({name})"
    targets_unusable = "None of the images to recreate can be used, so there is no new picture:"
    ask_for_restart = "Ask your admin to look at the run's logs and to start it again:\n  {rerun}"
    replace_targets = "Replace those images, by PNG or JPEG files for example: the next run takes the new ones."
    steps: Mapping[str, str] = {
        Step.PREPARE: "preparing the images",
        Step.ENOUGH_IMAGES: "checking that there are enough good images",
        Step.TOO_FEW_IMAGES: "checking that there are enough good images",
        Step.TRAIN: "training",
        Step.INFER: "making new pictures",
        Step.NOTIFY: "sending the result",
    }
    headline_failed = "the run has failed"
    headline_failed_step = "the run has failed while {words}"
    failed = "The run has failed. Nothing that you uploaded is lost or changed."
    headline_too_few = "too few good images"
    too_few = "The run has ended early: too few of your images can be used."
    too_few_counted = "{good} of {found} images can be used. {reason}"
    too_few_next = "Add more images, or replace those that were skipped. Then a new run starts by itself."
    headline_stopped = "the run was stopped"
    stopped = "Somebody has stopped the run. Nothing that you uploaded is lost or changed."
    stopped_step_none = "none was active"
    stopped_reason = "The run was stopped on request."
    headline_lost = "we can no longer find the run"
    lost = "SageMaker no longer knows the run. Somebody may have deleted it, or its pipeline."
    lost_reason = "The run's record in SageMaker does not exist any more."
    no_reason = "SageMaker gives no reason."
    rerun = "start_run with {event}"
    again_by_link = "Start it again with the same images, by the last link of this email."
    again = "To start it again with the same images, ask your admin to call\n  {rerun}"
    change = "Or add or change an image: then a new run starts by itself."
    change_targets = "Or add or change an image in {folder}: then the weekly run makes them anew."
    log = "The log of that step:"
    help_quota = (
        "The account's limit for this type of machine is used up. Your admin can ask AWS for a higher limit, or choose"
        " another type of machine."
    )
    help_capacity = (
        "AWS had no free machine of this type. Waiting some hours often helps; another type of machine does, too."
    )
    help_time = "The step took longer than allowed. Your admin can allow more time."
    help_training_time = (
        "If settings.yaml has max_hours, a larger number there allows more. A smaller preset needs less."
    )
    help_memory = "The machine ran out of memory. Choose a lower resolution, or ask for a larger machine."
    help_killed = (
        "The process was ended from outside, most often because the machine ran out of memory. If it ends the same way"
        " again, choose a lower resolution or a larger machine."
    )
    help_disk = (
        "The disk of the machine is full. Your admin can start the run again with a larger one"
        " (ProcessVolumeGB, TrainVolumeGB, InferenceVolumeGB), or on a machine that has one;"
        " fewer images or a lower resolution need less."
    )
    help_permission = "A permission is missing. Your admin should compare the job role with the template."
    help_credentials = (
        "The job's access to AWS had expired before it was done. Start it again; if it happens again, your admin should"
        " tell AWS support."
    )
    help_diverged = (
        "The training has become unstable: what the model had learned fell apart. More images, or images that are more"
        " alike, help most; another seed (settings.yaml) may help, too."
    )
    help_peers = (
        "The machines or graphics cards that trained together have lost each other. Start it again; if it happens"
        " again, ask for a training on one machine."
    )
    help_image = (
        "The program of the step (its container image) cannot be fetched. Your admin should check that it is in the"
        " registry, and that the job role may read it."
    )
    help_base = (
        "The base model that the training begins with is not in the bucket. Your admin should upload it"
        " (python -m pipeline_builder upload) or choose another WarmStartModel."
    )
    help_code = (
        "The code that makes the pictures is not in the bucket. Your admin should upload it"
        " (python -m pipeline_builder upload)."
    )
    help_gone = (
        "A file that the run was to read is no longer in the bucket: it was taken away after the run had started. If it"
        " was one of the folder's, a new run with those that are there now starts by itself."
    )
    help_archived = (
        "A file is archived (Glacier) and cannot be read at once. Restore it, or put a copy in its place, or take it"
        " out of the folder."
    )
    help_clash = (
        "A file has the same name as a folder. In the bucket both can be, on a machine's disk they cannot: give one of"
        " them another name, or take it away."
    )
    help_download = (
        "A file could not be read from the bucket; the reason says why. If it is one of yours, upload it again or take"
        " it away."
    )
    help_internal = "AWS had trouble of its own. Start it again; that mostly helps."
    help_unknown = "Look at the log: its last lines usually name the cause."
    help_no_log = "Your admin finds all that is known about the step in SageMaker's console."
    help_file = "The file: {key}"
    help_checkpoint = "A training that is started again goes on from where it was last saved."
    folder_holds = Plural("The folder holds {count} image{others}.", "The folder holds {count} images{others}.")
    pictures_needed = Plural("At least {count} image is needed.", "At least {count} images are needed.")
    disk_too_small = (
        "All these images together need a disk of about {needed} GB, and the machine {machine} has at most {most} GB."
    )
    list_too_long = "The list of the images' names would be {needed} MB long, and at most {most} MB can be read."
    make_room = (
        "Take images away, divide them among several folders, or give a smaller resolution or another instance_type"
        " in settings.yaml. Your admin can choose a machine with a larger disk. Long names can be shortened."
    )
    add_pictures = "Add images (.png, .jpg, .webp, .bmp, .tif or .gif) to the folder."
    correct_settings = "Correct settings.yaml, or remove it: everything in it is optional."
    settings_unread = (
        '"{name}" looks like settings, but is not read. Only a file named exactly settings.yaml is, directly in the'
        " dataset's folder in uploads/."
    )
    rename_settings = (
        "Name it settings.yaml: small letters, no other ending (Windows may hide one), not in a sub-folder. If it is"
        " not meant as settings, delete it, or put a settings.yaml beside it, which may be empty."
    )
    files_unused = Plural(
        "{count} file is no image",
        "{count} files are no images",
    )
    files_refused = Plural(
        "{count} file has a name that cannot be used",
        "{count} files have names that cannot be used",
    )
    rename_files = "Upload the files with unusable names under others: without \\ and line breaks, 255 bytes at most."
    unpack_archives = "Unpack archives, and upload the images that are in them."
    and_more = Plural("{names} and {count} more", "{names} and {count} more")
    convert_files = "Export what shall be used as PNG or JPEG. The other files do no harm where they are."
    targets_waiting: Mapping[str, str] = {
        "no_network": "The images in {folder} wait: no model of this name has been trained yet.",
        "not_asked": "The images in {folder} wait: by settings.yaml (inference_mode), none are recreated.",
    }
    targets_next: Mapping[str, str] = {
        "no_network": (
            "Put the images that it shall learn from into {folder}: a new one starts a training. If the model that you"
            " mean has another name, move the waiting images to the folder of that name."
        ),
        "not_asked": "Write `inference_mode: all` or `inference_mode: project` in settings.yaml, or remove that line.",
    }
    stray_folder = "Files were put into {folder}, but that is no name of a dataset. Nothing is done with them."
    stray_files = "Files were put directly into {folder}, not into the folder of a dataset. Nothing is done with them."
    stray_example = 'One of them: "{name}".'
    settings_too_large = "settings.yaml is larger than {limit} bytes. A few lines are all that it needs."
    settings_no_text = (
        "settings.yaml is no plain text (UTF-8). Write it with a simple editor, and choose plain text when you save it."
    )
    settings_out_of_reach: Mapping[str, str] = {
        "archived": "settings.yaml lies in an archive (S3 Glacier) and cannot be read; upload it again.",
        "encrypted": "settings.yaml is encrypted with a key of its own (SSE-C), which the workshop does not have; "
        "upload it again without.",
        "forbidden": "settings.yaml may not be read by the workshop (it may be encrypted with another key); "
        "upload it again.",
    }
    settings_unreadable = "settings.yaml cannot be read. Write it anew, with only lines like `preset: sketch`."
    settings_more = "There is more; correct these first."
    line_troubles: Mapping[str, str] = {
        "unseen": "settings.yaml, line {line}: there is a character that cannot be seen. Type the line anew.",
        "indented": (
            "settings.yaml, line {line}: it begins with a space. Every setting begins at the start of its line, and"
            " none belongs to another."
        ),
        "document": "settings.yaml, line {line}: this begins another document. Delete the line.",
        "form": (
            "settings.yaml, line {line}: this is not of the form `preset: sketch`, which is a name, a colon, a space"
            " and one value."
        ),
        "sign": (
            "settings.yaml, line {line}: a value cannot begin with {sign} here. Write one plain value, as in"
            " `preset: sketch`."
        ),
        "quotes": "settings.yaml, line {line}: write the value without quotation marks.",
    }
    setting_unknown = 'settings.yaml, line {line}: "{key}" is not a setting. {hint}'
    setting_unknown_line = "settings.yaml, line {line}: there is no such setting. {hint}"
    setting_did_you_mean = 'Did you mean "{near}"?'
    setting_all = "You may set: {keys}."
    setting_twice = "settings.yaml, line {line}: {key} stands in line {first} already. Keep one of the two."
    setting_wrong = "settings.yaml, line {line}: {key} must be {allowed}, not {shown}."
    setting_ambiguous = (
        "settings.yaml, line {line}: the point in {key} can be read in two ways. Write 25000 for twenty-five thousand,"
        " or 25 for twenty-five."
    )
    setting_pair = (
        "settings.yaml, line {line}: the preset {preset} makes pictures of {values} pixels, not of {resolution}. Choose"
        " one of these for resolution, or another preset."
    )
    option_unknown = "settings.yaml, line {line}: {shown} is no option that you may set. You may set: {names}."
    option_clash = "settings.yaml, line {line}: the option {name} is for {other}={word}, but {other} is {found}."
    option_missing = "settings.yaml, line {line}: with {other}={word}, the option {name} must be given, too."
    option_faults: Mapping[str, str] = {
        "none": "settings.yaml, line {line}: options of the training may not be set here. Delete the line.",
        "form": (
            "settings.yaml, line {line}: options are written like `options: gamma=10 augpipe=bg`: a name, an equals"
            " sign and a value each, and spaces only between them."
        ),
        "twice": "settings.yaml, line {line}: the option {name} stands there twice. Keep one of the two.",
    }
    setting_aspect = (
        "settings.yaml, line {line}: pictures of {aspect} cannot be made at resolution {resolution}. The nearest that"
        " can are {near}."
    )
    setting_side = (
        "settings.yaml, line {line}: {key} needs {other} beside it. Or write aspect alone, like `aspect: 3:2`."
    )
    setting_size = (
        "settings.yaml, line {line}: pictures of {size} pixels cannot be made, because each side must be 4 to 16 times"
        " the same power of two, up to {longest}. Near are {near}."
    )
    setting_size_twice = (
        "settings.yaml, line {line}: width and height say it already. Leave out {key}, or else width and height."
    )
    setting_classes = (
        "settings.yaml, line {line}: there are classes only with `labels: folders`. Add that line, or take this one"
        " out."
    )
    labels_too_few = Plural(
        "settings.yaml asks for classes (labels: folders), but the images lie in {count} sub-folder. At least 2 are"
        " needed, one for each class.",
        "settings.yaml asks for classes (labels: folders), but the images lie in {count} sub-folders. At least 2 are"
        " needed, one for each class.",
    )
    labels_too_many = (
        "settings.yaml asks for classes (labels: folders), but the images lie in {count} sub-folders. At most {most}"
        " can be classes."
    )
    labels_unknown = "settings.yaml asks for pictures of classes that are no sub-folders: {names}. There are: {known}."
    either = " and "
    allowed_one_of = "one of {values}"
    allowed_whole = "a whole number from {low} to {high}"
    allowed_number = "a number from {low} to {high}"
    allowed_from = "a number of at least {low}"
    allowed_whole_from = "a whole number of at least {low}"
    allowed_above = "a number greater than {low}"
    allowed_or = "{number} or {words}"
    allowed_truth = "true or false"
    allowed_options = "options like gamma=10 augpipe=bg"
    allowed_aspect = "a width and a height like 3:2"
    allowed_colour = "white, black, grey or six hex digits like f4e9d8 (in quotation marks if # comes first)"
    allowed_classes = "all, or names of sub-folders with commas between them"
    shown_large = "such a number"
    shown_nothing = "nothing"
    shown_text = '"{text}"'
    shown_other = "what stands there"
    cut = "[the rest was too long for an email]"
    button: Mapping[str, str] = {
        "started": "Watch it", "preview": "Watch it learn", "attention": "Open the dataset",
        "succeeded": "Look at the pictures", "failed": "See what helps", "": "Open",
    }  # fmt: skip
    picture_alt = "Picture {number} of {count}, made by the model"


WORDS = English()
