"""German: to artists and designers, who are addressed as "du"."""

from collections.abc import Mapping

from workshop.words import Plural, Words


class German(Words):
    language = "de"
    thousands = "."
    decimal = ","
    money = "{amount} USD"
    date_format = "%d.%m.%Y (UTC)"
    second = "Sek."
    minute = "Min."
    hour = "Std."
    days = "Tage"
    unknown = "unbekannt"
    other_files = Plural(" ({count} andere Datei blieb außen vor)", " ({count} andere Dateien blieben außen vor)")
    expected_like_last = "etwa {duration}, wie beim letzten Lauf mit diesen Einstellungen"
    expected_unknown = (
        "noch unbekannt, denn mit diesen Einstellungen ist bisher kein Lauf fertig geworden; das Training endet nach"
        " höchstens {limit}"
    )
    cost_unknown = "unbekannt, für die Maschine, die trainiert, ist kein Preis hinterlegt"
    cost_at_most = "höchstens {most} für das Training"
    cost_about = "etwa {about}, höchstens {most} für das Training"
    link_until = "Der Link funktioniert bis zum {date}. Wer ihn hat, kann die Seite sehen."
    link_for_hours = "Der Link funktioniert höchstens {hours} Stunden lang. Wer ihn hat, kann die Seite sehen."
    pictures_used = "{good} von {found}"
    pictures_used_none = "keine; die neuen Bilder stammen vom Netz aus Lauf {run}"
    no_cost = "keine"
    billed = "{duration} abgerechnet"
    billed_cost = "etwa {cost} ({billed})"
    set_aside = Plural("{count} Bild wurde aussortiert:", "{count} Bilder wurden aussortiert:")
    more_on_page = Plural("{count} weiteres steht auf der Seite", "{count} weitere stehen auf der Seite")
    more_in_file = Plural("{count} weiteres steht in prepare.json", "{count} weitere stehen in prepare.json")
    missing = "{part} fehlt."
    empty = "{part} ist leer."
    no_picture = "Es gibt kein neues Bild: Im eigenen Ordner des Laufs, {folder}, liegt keins."
    results_page = "Die Seite mit den Ergebnissen ({name})"
    results_data = "Die Datei mit den Daten der Seite ({name})"
    trained_model = "Das trainierte Netz ({name})"
    steps: Mapping[str, str] = {
        "Prepare": "Vorbereiten der Bilder",
        "EnoughImages": "Check, ob genug gute Bilder da sind",
        "TooFewImages": "Check, ob genug gute Bilder da sind",
        "Train": "Training",
        "Infer": "Erzeugen neuer Bilder",
        "Notify": "Verschicken des Ergebnisses",
    }
    headline_failed = "der Lauf ist fehlgeschlagen"
    headline_failed_step = "Fehler beim {words}"
    failed = "Der Lauf ist fehlgeschlagen. Deine Dateien sind alle noch da, und keine wurde verändert."
    headline_too_few = "zu wenige gute Bilder"
    too_few = "Der Lauf ist vorzeitig zu Ende: Zu wenige deiner Bilder lassen sich verwenden."
    too_few_counted = "{good} von {found} Bildern lassen sich verwenden. {reason}"
    too_few_next = "Lege weitere Bilder dazu oder ersetze die aussortierten. Dann startet von selbst ein neuer Lauf."
    headline_stopped = "der Lauf wurde abgebrochen"
    stopped = "Jemand hat den Lauf abgebrochen. Deine Dateien sind alle noch da, und keine wurde verändert."
    stopped_step_none = "keiner war aktiv"
    stopped_reason = "Der Lauf wurde auf Wunsch abgebrochen."
    headline_lost = "der Lauf ist verschwunden"
    lost = "SageMaker kennt den Lauf nicht mehr. Vielleicht hat jemand ihn oder seine Pipeline gelöscht."
    lost_reason = "In SageMaker gibt es keinen Eintrag mehr zu diesem Lauf."
    no_reason = "SageMaker nennt keinen Grund."
    rerun = "start_run mit {event}"
    again = (
        "Soll er mit denselben Bildern noch einmal laufen? Dann bitte das Workshop-Team um diesen Aufruf:\n  {rerun}"
    )
    change = "Oder du legst ein Bild dazu oder änderst eins: Dann startet von selbst ein neuer Lauf."
    log = "Das Protokoll dieses Schritts:"
    help_quota = (
        "Das Kontingent des AWS-Kontos für diesen Maschinentyp ist ausgeschöpft. Das Workshop-Team kann bei AWS ein"
        " höheres beantragen oder einen anderen Maschinentyp wählen."
    )
    help_capacity = (
        "Bei AWS war gerade keine Maschine dieses Typs frei. Oft hilft es, ein paar Stunden zu warten, oder ein anderer"
        " Maschinentyp."
    )
    help_time = (
        "Der Schritt hat länger gedauert als erlaubt. Das Workshop-Team kann mehr Zeit erlauben; ein kleineres Preset"
        " braucht weniger."
    )
    help_memory = (
        "Der Maschine ist der Speicher ausgegangen. Wähle eine kleinere Auflösung oder bitte um eine größere Maschine."
    )
    help_killed = (
        "Der Prozess wurde von außen beendet, meistens, weil der Maschine der Speicher ausgegangen ist. Wenn es wieder"
        " so endet, wähle eine kleinere Auflösung oder einen größeren Maschinentyp."
    )
    help_disk = (
        "Die Festplatte der Maschine ist voll. Das Workshop-Team kann dem Schritt eine größere geben"
        " (pipeline_builder); weniger Bilder oder eine kleinere Auflösung brauchen weniger Platz."
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
        "Das Container-Image des Schritts lässt sich nicht holen. Das Workshop-Team sollte nachsehen, ob es in der"
        " Registry liegt und ob die Rolle der Jobs es lesen darf."
    )
    help_base = (
        "Das Basisnetz, mit dem das Training beginnt, liegt nicht im Bucket. Das Workshop-Team sollte es hochladen"
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
    folder_holds = Plural("Im Ordner liegt {count} Bild", "Im Ordner liegen {count} Bilder")
    pictures_needed = Plural(
        "Es wird mindestens {count} Bild gebraucht.", "Es werden mindestens {count} Bilder gebraucht."
    )
    add_pictures = "Lege weitere Bilder (.png, .jpg, .webp, .bmp, .tif oder .gif) in den Ordner."
    correct_settings = "Korrigiere settings.yaml oder lösche die Datei: Nichts darin ist Pflicht."
    settings_too_large = "settings.yaml ist größer als {limit} Bytes."
    settings_unreadable = "settings.yaml lässt sich nicht als YAML lesen."
    settings_unreadable_line = "settings.yaml lässt sich nicht als YAML lesen (Zeile {line})."
    settings_not_lines = "settings.yaml muss aus Zeilen wie `preset: sketch` bestehen."
    setting_unknown = "settings.yaml: Die Einstellung „{key}“ gibt es nicht. {hint}"
    setting_did_you_mean = "Meinst du „{near}“?"
    setting_all = "Möglich sind: {keys}."
    setting_wrong = "settings.yaml: {key} muss {allowed} sein, dort steht aber {shown}."
    allowed_one_of = "einer der Werte {values}"
    allowed_whole = "eine ganze Zahl von {low} bis {high}"
    allowed_number = "eine Zahl von {low} bis {high} (mit Punkt statt Komma)"
    allowed_truth = "true oder false"
    shown_large = "eine viel zu große Zahl"
    shown_nothing = "nichts"
    shown_text = "„{text}“"
    shown_list = "eine Liste"
    shown_other = "etwas anderes"
    cut = "[der Rest war zu lang für eine Mail]"


WORDS = German()
