"""German: to artists and designers, who are addressed as "du"."""

from collections.abc import Mapping

from contract.pipeline import Step
from workshop.words import Plural, Words


class German(Words):
    language = "de"
    thousands = "."
    decimal = ","
    between_sentences = " "
    between_names = ", "
    money = "{amount} USD"
    date_format = "{day:02}.{month:02}.{year} (UTC)"
    second = "Sek."
    minute = "Min."
    hour = "Std."
    days = "Tage"
    unknown = "unbekannt"
    named = "{name}: {text}"
    step_named = "{name} ({words})"
    run_link = "Hier siehst du, wie es läuft, und bald die ersten Bilder; der Link gilt bis {date}:\n\n  {url}"
    act_link = (
        "Für dich: Gib ihn nicht weiter. Mit diesem Link kannst du Bilder hinzufügen und Läufe starten, vorzeitig"
        " abschließen und abbrechen; er gilt bis {date}:\n\n  {url}"
    )
    ask_to_cancel = (
        "Das Workshop-Team kann diesen Lauf abbrechen, oder ihn vorzeitig abschließen und seine Bilder machen lassen."
    )
    other_files = Plural(" ({count} andere Datei blieb außen vor)", " ({count} andere Dateien blieben außen vor)")
    expected_about = "etwa {duration} ({basis})"
    expected_unknown = "unbekannt, hier ist noch kein solcher Lauf fertig geworden"
    expected_training = "etwa {share}, höchstens {limit}"
    expected_training_unknown = "höchstens {limit}"
    expected_line = "Erwartete Dauer: {duration}; davon Training: {training}; Kosten: {cost}."
    basis_own = "wie frühere Läufe gezeigt haben"
    basis_measured = "wie auf einer solchen Maschine gemessen"
    basis_guess = "geschätzt: Hier ist noch kein solcher Lauf fertig geworden"
    cost_unknown = "unbekannt, für diesen Maschinentyp ist kein Preis hinterlegt"
    cost_at_most = "höchstens {most} für das Training"
    cost_about = "etwa {about}, davon das Training {share}, höchstens {most}"
    cost_about_training = (
        "etwa {share} für das Training, höchstens {most}; für die anderen Maschinen sind keine Preise hinterlegt"
    )
    cost_about_all = "etwa {about}"
    goes_on_from = "Etwa {percent} % des Trainings hat ein früherer Lauf schon geschafft; von dort geht es weiter."
    shortfall = (
        "Das Training wird in seiner Zeit nicht fertig: Das Preset {preset} würde hier etwa {whole} brauchen, erlaubt"
        " sind {limit}, und so endet es bei etwa {percent} %. Die neuen Bilder entstehen aus dem, was das Modell bis"
        " dahin gelernt hat."
    )
    folders_are_classes = "Klassen:            {count}: {listed}"
    folders_outside = Plural(
        "; {count} Bild liegt in keinem Unterordner und wird nicht verwendet",
        "; {count} Bilder liegen in keinem Unterordner und werden nicht verwendet",
    )
    folders_not_used = Plural(
        "Unterordner:        {count}; sein Name gilt nicht als Klasse (das tut `labels: folders` in settings.yaml)",
        "Unterordner:        {count}; ihre Namen gelten nicht als Klassen (das tut `labels: folders` in settings.yaml)",
    )
    link_until = "Der Link funktioniert bis zum {date}. Wer ihn hat, kann die Seite sehen."
    link_for_hours = "Der Link funktioniert höchstens {hours} Stunden lang. Wer ihn hat, kann die Seite sehen."
    pictures_used = "{good} von {found}"
    pictures_used_none = "keine; die neuen Bilder stammen vom Modell aus Lauf {run}"
    no_cost = "keine"
    billed = "{duration} abgerechnet"
    billed_cost = "etwa {cost} ({billed})"
    took_estimated = "{duration} (geschätzt: {estimated})"
    took_estimated_twice = "{duration} (geschätzt: {estimated}; nach 2 % des Trainings: {early})"
    training_ended: Mapping[str, str] = {
        "time_limit": "Das Training endete an seiner Zeitgrenze, nach {kimg} von {wanted} tausend gezeigten Bildern.",
        "on_request": "Das Training wurde auf Wunsch beendet, nach {kimg} von {wanted} tausend gezeigten Bildern.",
        "": "Das Training endete vorzeitig, nach {kimg} von {wanted} tausend gezeigten Bildern.",
    }
    finishing_takes = "Der Rest dauert etwa {duration} und kostet etwa {cost}."
    finishing_takes_time = "Der Rest braucht noch etwa {duration} Rechenzeit."
    go_on_by_link = "Damit es von dort weitergeht, starte ihn mit dem letzten Link dieser E-Mail noch einmal."
    go_on = "Damit es von dort weitergeht, bitte das Workshop-Team um den Aufruf von\n\n  {command}"
    network_best = "das beste, nach {kimg} tausend Bildern (Abstand {score}; beim letzten: {last}; weniger ist besser)"
    network_last_is_best = "das letzte, es ist auch das beste (Abstand {score}; weniger ist besser)"
    network_last = "das letzte (Abstand {score}; weniger ist besser)"
    network_unscored = "das letzte (ohne Bewertung)"
    network_no_score = "keiner mehr"
    troubles: Mapping[str, str] = {
        "collapsed": (
            "Das Training ist zusammengebrochen: Was das Modell gelernt hatte, ist zerfallen. Die neuen Bilder stammen"
            " vom oben genannten Modell; dieses und das letzte sind beide aufgehoben."
        ),
        "stalled": "Das Training ist am Ende stehen geblieben: Lange kam nichts Besseres mehr dabei heraus.",
    }
    trouble_ended = (
        "Deshalb wurde es vorzeitig beendet, nach {kimg} von {wanted} tausend Bildern; nichts Gelerntes ist verloren."
    )
    trouble_next: Mapping[str, str] = {
        "collapsed": (
            "Am meisten helfen mehr Bilder oder solche, die sich ähnlicher sind; vielleicht auch ein anderer seed"
            " (settings.yaml)."
        ),
        "stalled": "Ein längeres Training würde kaum helfen, mehr Bilder vielleicht schon.",
    }
    set_aside = Plural("{count} Bild wurde übersprungen:", "{count} Bilder wurden übersprungen:")
    more_on_page = Plural("{count} weiteres steht auf der Seite", "{count} weitere stehen auf der Seite")
    more_in_file = Plural("{count} weiteres steht in prepare.json", "{count} weitere stehen in prepare.json")
    copies_of_all = "Kopien liegen unter {folder}"
    copies_of_some = Plural(
        "Von {count} davon liegt eine Kopie unter {folder}", "Von {count} davon liegen Kopien unter {folder}"
    )
    missing = "{part} fehlt."
    empty = "{part} ist leer."
    no_picture = "Es gibt kein neues Bild: Im eigenen Ordner des Laufs, {folder}, liegt keins."
    results_page = "Die Seite mit den Ergebnissen ({name})"
    results_data = "Die Datei mit den Daten der Seite ({name})"
    trained_model = "Das trainierte Modell ({name})"
    targets_unusable = (
        "Keins der Bilder, die nachgebildet werden sollen, ist zu gebrauchen; neue Bilder gibt es daher nicht:"
    )
    ask_for_restart = (
        "Bitte das Workshop-Team, ins Protokoll des Laufs zu schauen und ihn noch einmal zu starten:\n  {rerun}"
    )
    replace_targets = "Ersetze diese Bilder, etwa durch PNG- oder JPEG-Dateien: Der nächste Lauf nimmt die neuen."
    steps: Mapping[str, str] = {
        Step.PREPARE: "Vorbereiten der Bilder",
        Step.ENOUGH_IMAGES: "Prüfen, ob genug gute Bilder da sind",
        Step.TOO_FEW_IMAGES: "Prüfen, ob genug gute Bilder da sind",
        Step.TRAIN: "Training",
        Step.INFER: "Erzeugen neuer Bilder",
        Step.NOTIFY: "Verschicken des Ergebnisses",
    }
    headline_failed = "der Lauf ist fehlgeschlagen"
    headline_failed_step = "Fehler beim {words}"
    failed = "Der Lauf ist fehlgeschlagen. Deine Dateien sind alle noch da, und keine wurde verändert."
    headline_too_few = "zu wenige gute Bilder"
    too_few = "Der Lauf ist vorzeitig zu Ende: Zu wenige deiner Bilder lassen sich verwenden."
    too_few_counted = "{good} von {found} Bildern lassen sich verwenden. {reason}"
    too_few_next = "Lege weitere Bilder dazu oder ersetze die übersprungenen. Dann startet von selbst ein neuer Lauf."
    headline_stopped = "der Lauf wurde abgebrochen"
    stopped = "Jemand hat den Lauf abgebrochen. Deine Dateien sind alle noch da, und keine wurde verändert."
    stopped_step_none = "keiner war aktiv"
    stopped_reason = "Der Lauf wurde auf Wunsch abgebrochen."
    headline_lost = "der Lauf ist nicht mehr zu finden"
    lost = "SageMaker kennt den Lauf nicht mehr. Vielleicht hat jemand ihn oder seine Pipeline gelöscht."
    lost_reason = "In SageMaker gibt es keinen Eintrag mehr zu diesem Lauf."
    no_reason = "SageMaker nennt keinen Grund."
    rerun = "start_run mit {event}"
    again_by_link = "Starte ihn mit denselben Bildern noch einmal, mit dem letzten Link dieser E-Mail."
    again = (
        "Soll er mit denselben Bildern noch einmal laufen? Dann bitte das Workshop-Team um diesen Aufruf:\n  {rerun}"
    )
    change = "Oder du legst ein Bild dazu oder änderst eins: Dann startet von selbst ein neuer Lauf."
    change_targets = (
        "Oder du legst in {folder} ein Bild dazu oder änderst eins: Dann macht der wöchentliche Lauf sie neu."
    )
    log = "Das Protokoll dieses Schritts:"
    help_quota = (
        "Das Limit des AWS-Kontos für diesen Maschinentyp ist ausgeschöpft. Das Workshop-Team kann bei AWS ein"
        " höheres beantragen oder einen anderen Maschinentyp wählen."
    )
    help_capacity = (
        "Bei AWS war gerade keine Maschine dieses Typs frei. Oft hilft es, ein paar Stunden zu warten, oder ein anderer"
        " Maschinentyp."
    )
    help_time = "Der Schritt hat länger gedauert als erlaubt. Das Workshop-Team kann mehr Zeit erlauben."
    help_training_time = (
        "Steht in settings.yaml max_hours, dann erlaubt eine größere Zahl dort mehr. Ein kleineres Preset braucht"
        " weniger."
    )
    help_memory = (
        "Der Maschine ist der Speicher ausgegangen. Wähle eine kleinere Auflösung oder bitte um eine größere Maschine."
    )
    help_killed = (
        "Der Prozess wurde von außen beendet, meistens, weil der Maschine der Speicher ausgegangen ist. Wenn es wieder"
        " so endet, wähle eine kleinere Auflösung oder einen größeren Maschinentyp."
    )
    help_disk = (
        "Die Festplatte der Maschine ist voll. Das Workshop-Team kann den Lauf mit einer größeren neu starten"
        " (ProcessVolumeGB, TrainVolumeGB, InferenceVolumeGB) oder auf einer Maschine, die eine hat;"
        " weniger Bilder oder eine kleinere Auflösung brauchen weniger Platz."
    )
    help_permission = (
        "Es fehlt eine Berechtigung. Das Workshop-Team sollte die Rolle der Jobs mit dem Template vergleichen."
    )
    help_credentials = (
        "Der Zugang des Jobs zu AWS war abgelaufen, bevor er fertig war. Lass ihn noch einmal starten; wenn es wieder"
        " passiert, sollte das Workshop-Team den AWS-Support fragen."
    )
    help_diverged = (
        "Das Training ist aus dem Ruder gelaufen: Was es gelernt hatte, ist zerfallen. Am meisten helfen mehr Bilder"
        " oder einander ähnlichere; manchmal hilft auch ein anderer seed (settings.yaml)."
    )
    help_peers = (
        "Die Maschinen oder Grafikkarten, die zusammen trainiert haben, haben einander verloren. Lass es noch einmal"
        " starten; wenn es wieder passiert, bitte um ein Training auf einer einzigen Maschine."
    )
    help_image = (
        "Das Programm des Schritts (sein Container-Image) lässt sich nicht holen. Das Workshop-Team sollte nachsehen,"
        " ob es in der Registry liegt und ob die Rolle der Jobs es lesen darf."
    )
    help_base = (
        "Das Basismodell, mit dem das Training beginnt, liegt nicht im Bucket. Das Workshop-Team sollte es hochladen"
        " (python -m pipeline_builder upload) oder ein anderes WarmStartModel wählen."
    )
    help_code = (
        "Das Programm, das die Bilder macht, liegt nicht im Bucket. Das Workshop-Team sollte es hochladen"
        " (python -m pipeline_builder upload)."
    )
    help_gone = (
        "Eine Datei, die der Lauf lesen sollte, liegt nicht mehr im Bucket: Jemand hat sie nach dem Start weggenommen."
        " War es eine aus dem Ordner, startet von selbst ein neuer Lauf mit denen, die jetzt da sind."
    )
    help_archived = (
        "Eine Datei ist archiviert (Glacier) und lässt sich nicht sofort lesen. Stell sie wieder her, leg eine Kopie an"
        " ihre Stelle oder nimm sie aus dem Ordner."
    )
    help_clash = (
        "Eine Datei heißt genauso wie ein Ordner. Im Bucket geht das, auf der Festplatte einer Maschine nicht: Gib"
        " einem von beiden einen anderen Namen oder nimm eins weg."
    )
    help_download = (
        "Eine Datei ließ sich nicht aus dem Bucket lesen; warum, steht im Grund. Ist es eine von dir, lade sie noch"
        " einmal hoch oder nimm sie weg."
    )
    help_internal = "AWS hatte selbst ein Problem. Lass es noch einmal starten, das hilft meistens."
    help_unknown = "Schau ins Protokoll: Meist steht die Ursache in den letzten Zeilen."
    help_no_log = "Das Workshop-Team findet alles, was man über den Schritt weiß, in der Konsole von SageMaker."
    help_file = "Die Datei: {key}"
    help_checkpoint = "Ein Training, das noch einmal startet, macht beim letzten Zwischenstand weiter."
    folder_holds = Plural("Im Ordner liegt {count} Bild{others}.", "Im Ordner liegen {count} Bilder{others}.")
    pictures_needed = Plural(
        "Es wird mindestens {count} Bild gebraucht.", "Es werden mindestens {count} Bilder gebraucht."
    )
    disk_too_small = (
        "Alle diese Bilder zusammen brauchen eine Platte von etwa {needed} GB, und die Maschine {machine} hat höchstens"
        " {most} GB."
    )
    list_too_long = "Die Liste der Bildnamen wäre {needed} MB lang, und höchstens {most} MB können gelesen werden."
    make_room = (
        "Nimm Bilder heraus, verteile sie auf mehrere Ordner oder gib in settings.yaml eine kleinere resolution oder"
        " eine andere instance_type an. Das Workshop-Team kann eine Maschine mit größerer Platte wählen. Lange Namen"
        " lassen sich kürzen."
    )
    add_pictures = "Lege weitere Bilder (.png, .jpg, .webp, .bmp, .tif oder .gif) in den Ordner."
    correct_settings = "Korrigiere settings.yaml oder lösche die Datei: Nichts darin ist Pflicht."
    settings_unread = (
        "„{name}“ sieht nach Einstellungen aus, wird aber nicht gelesen. Gelesen wird nur eine Datei, die genau"
        " settings.yaml heißt und in uploads/ direkt im Ordner des Datensatzes liegt."
    )
    rename_settings = (
        "Nenne sie settings.yaml: klein geschrieben, ohne weitere Endung (Windows blendet sie manchmal aus), nicht in"
        " einem Unterordner. Sind es gar keine Einstellungen? Dann lösche die Datei oder lege eine settings.yaml"
        " daneben, die auch leer sein darf."
    )
    files_unused = Plural(
        "{count} Datei ist kein Bild",
        "{count} Dateien sind keine Bilder",
    )
    files_refused = Plural(
        "{count} Datei hat einen Namen, der nicht geht",
        "{count} Dateien haben Namen, die nicht gehen",
    )
    rename_files = (
        "Lade die Dateien mit unmöglichen Namen unter anderen hoch: ohne \\ und Zeilenumbrüche, höchstens 255 Bytes"
        " lang."
    )
    unpack_archives = "Entpacke Archive und lade die Bilder daraus hoch."
    and_more = Plural("{names} und {count} weitere", "{names} und {count} weitere")
    convert_files = "Exportiere als PNG oder JPEG, was verwendet werden soll. Die anderen Dateien stören nicht."
    targets_waiting: Mapping[str, str] = {
        "no_network": "Die Bilder in {folder} warten: Noch ist kein Modell dieses Namens trainiert worden.",
        "not_asked": "Die Bilder in {folder} warten: Laut settings.yaml (inference_mode) wird nichts nachgebildet.",
    }
    targets_next: Mapping[str, str] = {
        "no_network": (
            "Lege die Bilder, aus denen es lernen soll, in {folder}: Ein neues startet ein Training. Heißt das gemeinte"
            " Modell anders? Dann verschiebe die wartenden Bilder in den Ordner dieses Namens."
        ),
        "not_asked": (
            "Schreib `inference_mode: all` oder `inference_mode: project` in settings.yaml oder lösche die Zeile."
        ),
    }
    stray_folder = "In {folder} liegen Dateien, aber so kann kein Datensatz heißen. Mit ihnen geschieht nichts."
    stray_files = "Direkt in {folder} liegen Dateien, in keinem Ordner eines Datensatzes. Mit ihnen geschieht nichts."
    stray_example = "Eine davon: „{name}“."
    settings_too_large = "settings.yaml ist größer als {limit} Bytes. Ein paar Zeilen reichen."
    settings_no_text = (
        "settings.yaml ist keine einfache Textdatei (UTF-8). Schreib sie mit einem einfachen Editor und wähle beim"
        " Speichern „Nur Text“."
    )
    settings_out_of_reach: Mapping[str, str] = {
        "archived": "settings.yaml liegt in einem Archiv (S3 Glacier) und lässt sich nicht lesen; lade die Datei neu "
        "hoch.",
        "encrypted": "settings.yaml ist mit einem eigenen Schlüssel verschlüsselt (SSE-C), den der Workshop nicht "
        "hat; lade die Datei ohne ihn neu hoch.",
        "forbidden": "Der Workshop darf settings.yaml nicht lesen (vielleicht ist die Datei mit einem anderen "
        "Schlüssel verschlüsselt); lade sie neu hoch.",
    }
    settings_unreadable = "settings.yaml lässt sich nicht lesen. Schreib sie neu, nur mit Zeilen wie `preset: sketch`."
    settings_more = "Es gibt noch mehr Fehler; korrigiere erst einmal diese."
    line_troubles: Mapping[str, str] = {
        "unseen": "settings.yaml, Zeile {line}: Da steht ein unsichtbares Zeichen. Tippe die Zeile neu.",
        "indented": (
            "settings.yaml, Zeile {line}: Am Anfang steht ein Leerzeichen. Jede Einstellung beginnt am Anfang ihrer"
            " Zeile, und keine gehört zu einer anderen."
        ),
        "document": "settings.yaml, Zeile {line}: Hier beginnt ein weiteres Dokument. Lösche die Zeile.",
        "form": (
            "settings.yaml, Zeile {line}: Jede Zeile muss aussehen wie `preset: sketch`: ein Name, ein Doppelpunkt, ein"
            " Leerzeichen und ein Wert."
        ),
        "sign": (
            "settings.yaml, Zeile {line}: Mit {sign} kann hier kein Wert anfangen. Schreib einen einfachen Wert, wie in"
            " `preset: sketch`."
        ),
        "quotes": "settings.yaml, Zeile {line}: Schreib den Wert ohne Anführungszeichen.",
    }
    setting_unknown = "settings.yaml, Zeile {line}: Die Einstellung „{key}“ gibt es nicht. {hint}"
    setting_unknown_line = "settings.yaml, Zeile {line}: Diese Einstellung gibt es nicht. {hint}"
    setting_did_you_mean = "Meinst du „{near}“?"
    setting_all = "Möglich sind: {keys}."
    setting_twice = "settings.yaml, Zeile {line}: {key} steht schon in Zeile {first}. Behalte nur eine der beiden."
    setting_wrong = "settings.yaml, Zeile {line}: {key} muss {allowed} sein, dort steht aber {shown}."
    setting_ambiguous = (
        "settings.yaml, Zeile {line}: Den Punkt in {key} kann man auf zwei Arten lesen. Schreib 25000 für"
        " fünfundzwanzigtausend oder 25 für fünfundzwanzig."
    )
    setting_pair = (
        "settings.yaml, Zeile {line}: Das Preset {preset} macht Bilder mit {values} Pixeln, nicht mit {resolution}."
        " Wähle bei resolution einen dieser Werte oder ein anderes Preset."
    )
    option_unknown = (
        "settings.yaml, Zeile {line}: {shown} ist keine Option, die gesetzt werden darf. Möglich sind: {names}."
    )
    option_clash = "settings.yaml, Zeile {line}: Die Option {name} gehört zu {other}={word}, aber {other} ist {found}."
    option_missing = "settings.yaml, Zeile {line}: Mit {other}={word} muss auch die Option {name} gesetzt sein."
    option_faults: Mapping[str, str] = {
        "none": "settings.yaml, Zeile {line}: Optionen des Trainings dürfen hier nicht gesetzt werden. Bitte die Zeile"
        " löschen.",
        "form": (
            "settings.yaml, Zeile {line}: Optionen schreibt man wie in `options: gamma=10 augpipe=bg`: je ein Name, ein"
            " Gleichheitszeichen und ein Wert, und Leerzeichen nur dazwischen."
        ),
        "twice": "settings.yaml, Zeile {line}: Die Option {name} steht zweimal da. Bitte nur eine stehen lassen.",
    }
    setting_aspect = (
        "settings.yaml, Zeile {line}: Bilder mit {aspect} gehen bei resolution {resolution} nicht. Am ähnlichsten sind"
        " solche mit {near}."
    )
    setting_side = (
        "settings.yaml, Zeile {line}: Zu {key} gehört auch {other}. Oder schreib nur aspect, wie in `aspect: 3:2`."
    )
    setting_size = (
        "settings.yaml, Zeile {line}: Bilder mit {size} Pixeln gehen nicht, denn beide Seiten müssen das 4- bis"
        " 16-fache derselben Zweierpotenz sein, höchstens {longest}. Ähnlich sind {near}."
    )
    setting_size_twice = (
        "settings.yaml, Zeile {line}: width und height sagen das schon. Lass {key} weg, oder aber width und height."
    )
    setting_classes = (
        "settings.yaml, Zeile {line}: Klassen gibt es nur mit `labels: folders`. Füg diese Zeile hinzu oder nimm jene"
        " heraus."
    )
    labels_too_few = Plural(
        "settings.yaml verlangt Klassen (labels: folders), aber die Bilder liegen in {count} Unterordner. Mindestens 2"
        " müssen es sein, für jede Klasse einer.",
        "settings.yaml verlangt Klassen (labels: folders), aber die Bilder liegen in {count} Unterordnern. Mindestens 2"
        " müssen es sein, für jede Klasse einer.",
    )
    labels_too_many = (
        "settings.yaml verlangt Klassen (labels: folders), aber die Bilder liegen in {count} Unterordnern. Höchstens"
        " {most} können Klassen sein."
    )
    labels_unknown = "settings.yaml verlangt Bilder von Klassen, die keine Unterordner sind: {names}. Es gibt: {known}."
    either = " und "
    allowed_one_of = "einer der Werte {values}"
    allowed_whole = "eine ganze Zahl von {low} bis {high}"
    allowed_number = "eine Zahl von {low} bis {high} (mit Punkt statt Komma)"
    allowed_from = "eine Zahl, mindestens {low} (mit Punkt statt Komma)"
    allowed_whole_from = "eine ganze Zahl, mindestens {low}"
    allowed_above = "eine Zahl größer als {low} (mit Punkt statt Komma)"
    allowed_or = "{number} oder {words}"
    allowed_truth = "true oder false"
    allowed_options = "eine Liste von Optionen wie gamma=10 augpipe=bg"
    allowed_aspect = "Breite und Höhe wie 3:2"
    allowed_colour = "white, black, grey oder sechs Hexziffern wie f4e9d8 (mit # davor in Anführungszeichen)"
    allowed_classes = "all oder Namen von Unterordnern mit Kommas dazwischen"
    shown_large = "eine Zahl, die nicht passt"
    shown_nothing = "nichts"
    shown_text = "„{text}“"
    shown_other = "etwas anderes"
    cut = "[der Rest war zu lang für eine E-Mail]"
    button: Mapping[str, str] = {
        "started": "Zusehen", "preview": "Beim Lernen zusehen", "attention": "Datensatz öffnen",
        "succeeded": "Bilder ansehen", "failed": "Sehen, was hilft", "": "Öffnen",
    }  # fmt: skip
    picture_alt = "Bild {number} von {count}, vom Modell gemacht"


WORDS = German()
