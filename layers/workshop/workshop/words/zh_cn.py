"""Simplified Chinese: readers are addressed as 您; a space stands between Chinese and Latin letters or digits."""

from collections.abc import Mapping

from contract.pipeline import Step
from workshop.words import Plural, Words


def _any(phrase: str) -> Plural:
    """A phrase for any number: Chinese has no plural."""
    return Plural(phrase, phrase)


class Chinese(Words):
    language = "zh-CN"
    thousands = ","
    decimal = "."
    between_sentences = ""
    between_names = "、"
    money = "{amount} 美元"
    date_format = "{year} 年 {month} 月 {day} 日（UTC）"
    second = "秒"
    minute = "分钟"
    hour = "小时"
    days = "天"
    unknown = "未知"
    named = "{name}：{text}"
    step_named = "{name}（{words}）"
    run_link = "在这里查看进展，不久即可看到第一批图片；此链接有效期至 {date}：\n\n  {url}"
    act_link = (
        "仅供您本人使用，请勿转发。通过此链接您可以添加图片，开始、提前完成和取消任务；有效期至 {date}：\n\n  {url}"
    )
    ask_to_cancel = "管理员可以取消本次任务，或者提前结束并生成图片。"
    other_files = _any("（另有 {count} 个其他文件未使用）")
    expected_about = "约 {duration}（{basis}）"
    expected_unknown = "未知，这里还没有完成过同类任务"
    expected_training = "约 {share}，最长 {limit}"
    expected_training_unknown = "最长 {limit}"
    expected_line = "预计用时：{duration}；其中训练：{training}；费用：{cost}。"
    basis_own = "根据以往任务"
    basis_measured = "根据此类机器的实测"
    basis_guess = "粗略估计：这里还没有完成过同类任务"
    cost_unknown = "未知，尚未设置此类机器的价格"
    cost_at_most = "训练最多 {most}"
    cost_about = "约 {about}，其中训练 {share}，最多 {most}"
    cost_about_training = "训练约 {share}，最多 {most}；其他机器的价格尚未设置"
    cost_about_all = "约 {about}"
    goes_on_from = "以往任务已完成约 {percent}% 的训练，本次从那里继续。"
    shortfall = (
        "训练无法在限定时间内完成：预设 {preset} 在这里约需 {whole}，而上限是 {limit}。训练会在约 {percent}% 处结束，"
        "并用模型届时学到的内容生成新图。"
    )
    folders_are_classes = "类别：{count} 个：{listed}"
    folders_outside = _any("；{count} 张图片不在任何子文件夹中，不会使用")
    folders_not_used = _any(
        "子文件夹：{count} 个；名称不作为类别（如需作为类别，请在 settings.yaml 中写 `labels: folders`）"
    )
    link_until = "链接有效期至 {date}。任何拿到链接的人都能查看该页面。"
    link_for_hours = "链接最多 {hours} 小时内有效。任何拿到链接的人都能查看该页面。"
    pictures_used = "{good} 张（共 {found} 张）"
    pictures_used_none = "无；使用了任务 {run} 的模型"
    no_cost = "无"
    billed = "计费 {duration}"
    billed_cost = "约 {cost}（{billed}）"
    took_estimated = "{duration}（预计：{estimated}）"
    took_estimated_twice = "{duration}（预计：{estimated}；训练进行到 2% 时预计：{early}）"
    training_ended: Mapping[str, str] = {
        "time_limit": "训练到达时间上限而结束，共学习了 {kimg} 万张次图片（计划 {wanted} 万张次）。",
        "on_request": "训练按要求提前结束，共学习了 {kimg} 万张次图片（计划 {wanted} 万张次）。",
        "": "训练提前结束，共学习了 {kimg} 万张次图片（计划 {wanted} 万张次）。",
    }
    finishing_takes = "完成剩余部分约需 {duration}，费用约 {cost}。"
    finishing_takes_time = "完成剩余部分约需 {duration}。"
    go_on_by_link = "如需从那里继续，请通过本邮件的最后一个链接重新开始。"
    go_on = "如需从那里继续，请联系管理员执行\n\n  {command}"
    network_best = "最佳的一个，学习了 {kimg} 万张次（得分 {score}；最后一个：{last}；越小越好）"
    network_last_is_best = "最后一个，也是最佳的一个（得分 {score}；越小越好）"
    network_last = "最后一个（得分 {score}；越小越好）"
    network_unscored = "最后一个（没有得分）"
    network_no_score = "已无得分"
    troubles: Mapping[str, str] = {
        "collapsed": "训练崩溃了：模型学到的内容已经瓦解。新图由上面列出的模型生成；该模型和最后一个模型都已保留。",
        "stalled": "训练最后停滞了：很长时间没有再变好。",
    }
    trouble_ended = "因此训练提前结束，共学习了 {kimg} 万张次（计划 {wanted} 万张次）；已学到的内容没有丢失。"
    trouble_next: Mapping[str, str] = {
        "collapsed": "最有帮助的是更多图片，或彼此更相似的图片；换一个 seed（settings.yaml）也可能有用。",
        "stalled": "延长训练几乎没有帮助，增加图片或许有用。",
    }
    set_aside = _any("跳过了 {count} 张图片：")
    more_on_page = _any("另外 {count} 张列在页面上")
    more_in_file = _any("另外 {count} 张列在 prepare.json 中")
    copies_of_all = "副本位于 {folder}"
    copies_of_some = _any("其中 {count} 张的副本位于 {folder}")
    missing = "缺少{part}。"
    empty = "{part}是空的。"
    no_picture = "没有新图：该任务自己的文件夹 {folder} 中一张也没有。"
    results_page = "结果页面（{name}）"
    results_data = "页面数据（{name}）"
    trained_model = "训练好的模型（{name}）"
    targets_unusable = "要重现的图片都无法使用，因此没有新图："
    ask_for_restart = "请联系管理员查看该任务的日志并重新启动：\n  {rerun}"
    replace_targets = "请替换这些图片，例如换成 PNG 或 JPEG 文件：下一次任务会使用新的图片。"
    steps: Mapping[str, str] = {
        Step.PREPARE: "准备图片",
        Step.ENOUGH_IMAGES: "检查可用图片是否足够",
        Step.TOO_FEW_IMAGES: "检查可用图片是否足够",
        Step.TRAIN: "训练",
        Step.INFER: "生成新图",
        Step.NOTIFY: "发送结果",
    }
    headline_failed = "任务失败"
    headline_failed_step = "任务在“{words}”时失败"
    failed = "任务失败。您上传的文件没有丢失，也没有改动。"
    headline_too_few = "可用图片太少"
    too_few = "任务提前结束：您的图片中可用的太少。"
    too_few_counted = "{found} 张图片中有 {good} 张可用。{reason}"
    too_few_next = "请添加更多图片，或替换被跳过的图片。之后新任务会自动开始。"
    headline_stopped = "任务已被停止"
    stopped = "有人停止了该任务。您上传的文件没有丢失，也没有改动。"
    stopped_step_none = "没有正在进行的步骤"
    stopped_reason = "任务按要求停止。"
    headline_lost = "找不到该任务了"
    lost = "SageMaker 中已没有该任务。可能有人删除了它，或删除了它的流水线。"
    lost_reason = "SageMaker 中已没有该任务的记录。"
    no_reason = "SageMaker 没有给出原因。"
    rerun = "start_run，参数为 {event}"
    again_by_link = "请通过本邮件的最后一个链接，用同样的图片重新开始。"
    again = "如需用同样的图片重新开始，请联系管理员调用\n  {rerun}"
    change = "或者添加或更改一张图片：新任务会自动开始。"
    change_targets = "或者在 {folder} 中添加或更改一张图片：每周任务会重新生成。"
    log = "该步骤的日志："
    help_quota = "账户中此类机器的额度已用完。管理员可以向 AWS 申请更高的额度，或改用其他类型的机器。"
    help_capacity = "AWS 当时没有空闲的此类机器。等几个小时通常就好，也可以改用其他类型的机器。"
    help_time = "该步骤超过了允许的时间。管理员可以放宽时间。"
    help_training_time = "如果 settings.yaml 中有 max_hours，把它调大即可。较小的预设需要的时间更少。"
    help_memory = "机器内存不足。请选择较低的分辨率，或申请更大的机器。"
    help_killed = "程序被外部终止，多半是因为机器内存不足。如果再次这样结束，请选择较低的分辨率或更大的机器。"
    help_disk = (
        "机器的磁盘已满。管理员可以用更大的磁盘（ProcessVolumeGB、TrainVolumeGB、InferenceVolumeGB）重新启动，"
        "或改用自带大磁盘的机器；减少图片或降低分辨率所需空间更小。"
    )
    help_permission = "缺少权限。请管理员将任务角色与模板对照检查。"
    help_credentials = "任务还没完成，其 AWS 访问凭证就已过期。请重新启动；如果再次发生，请管理员联系 AWS 支持。"
    help_diverged = (
        "训练变得不稳定：模型学到的内容已经瓦解。最有帮助的是更多图片，或彼此更相似的图片；"
        "换一个 seed（settings.yaml）也可能有用。"
    )
    help_peers = "共同训练的机器或显卡之间失去了联系。请重新启动；如果再次发生，请改用一台机器训练。"
    help_image = "无法获取该步骤的程序（容器镜像）。请管理员检查它是否在镜像仓库中，以及任务角色是否有权读取。"
    help_base = (
        "存储桶中没有训练所用的基础模型。请管理员上传它（python -m pipeline_builder upload），"
        "或改用其他 WarmStartModel。"
    )
    help_code = "存储桶中没有生成新图的程序。请管理员上传它（python -m pipeline_builder upload）。"
    help_gone = (
        "任务要读取的一个文件已不在存储桶中：它在任务开始后被移走了。如果它属于这个文件夹，"
        "新任务会用现有的文件自动开始。"
    )
    help_archived = "有一个文件已归档（Glacier），无法立即读取。请恢复它，或放一份副本代替它，或把它移出文件夹。"
    help_clash = "有一个文件与某个文件夹同名。存储桶中可以这样，但机器的磁盘上不行：请给其中一个改名，或把它移走。"
    help_download = "无法从存储桶读取一个文件，原因见上。如果它是您的文件，请重新上传或把它移走。"
    help_internal = "AWS 自身出了问题。请重新启动，通常就好。"
    help_unknown = "请查看日志：最后几行通常写明了原因。"
    help_no_log = "管理员可以在 SageMaker 控制台查到该步骤的全部信息。"
    help_file = "该文件：{key}"
    help_checkpoint = "重新启动的训练会从上次保存的地方继续。"
    folder_holds = _any("文件夹中有 {count} 张图片{others}。")
    pictures_needed = _any("至少需要 {count} 张图片。")
    disk_too_small = "这些图片总共约需 {needed} GB 磁盘，而机器 {machine} 最多只有 {most} GB。"
    list_too_long = "图片名称列表将达到 {needed} MB，而最多只能读取 {most} MB。"
    make_room = (
        "请移走一些图片，或分到多个文件夹中，或在 settings.yaml 中设置较小的 resolution 或其他 instance_type。"
        "管理员可以选用磁盘更大的机器。过长的文件名可以缩短。"
    )
    add_pictures = "请在文件夹中添加更多图片（.png、.jpg、.webp、.bmp、.tif 或 .gif）。"
    correct_settings = "请改正 settings.yaml，或将其删除：其中的内容都不是必需的。"
    settings_unread = (
        "“{name}”看起来像设置文件，但不会被读取。"
        "只有 uploads/ 下数据集文件夹中、名称恰好是 settings.yaml 的文件才会被读取。"
    )
    rename_settings = (
        "请把它命名为 settings.yaml：全部小写，没有其他扩展名（Windows 可能会隐藏扩展名），不在子文件夹中。"
        "如果它不是设置文件，请将其删除，或在旁边放一个 settings.yaml，内容可以为空。"
    )
    files_unused = _any("{count} 个文件不是图片")
    files_refused = _any("{count} 个文件的名称无法使用")
    rename_files = "请把名称无法使用的文件改名后重新上传：不含 \\ 和换行符，最长 255 字节。"
    unpack_archives = "请解压压缩包，然后上传其中的图片。"
    and_more = _any("{names}，以及另外 {count} 个")
    convert_files = "需要使用的文件请导出为 PNG 或 JPEG。其他文件留在原处没有影响。"
    targets_waiting: Mapping[str, str] = {
        "no_network": "{folder} 中的图片正在等待：还没有训练过这个名称的模型。",
        "not_asked": "{folder} 中的图片正在等待：按照 settings.yaml（inference_mode），不重现任何图片。",
    }
    targets_next: Mapping[str, str] = {
        "no_network": (
            "请把要学习的图片放入 {folder}：放入新图片后训练就会开始。如果您指的模型用的是其他名称，"
            "请把等待的图片移到那个名称的文件夹中。"
        ),
        "not_asked": "请在 settings.yaml 中写 `inference_mode: all` 或 `inference_mode: project`，或删除那一行。",
    }
    stray_folder = "有文件放入了 {folder}，但这不是有效的数据集名称，因此不会处理这些文件。"
    stray_files = "有文件直接放入了 {folder}，而不是数据集的文件夹，因此不会处理这些文件。"
    stray_example = "例如：“{name}”。"
    settings_too_large = "settings.yaml 超过 {limit} 字节。只需要几行就够了。"
    settings_no_text = "settings.yaml 不是纯文本（UTF-8）。请用简单的文本编辑器编写，保存时选择纯文本。"
    settings_out_of_reach: Mapping[str, str] = {
        "archived": "settings.yaml 位于归档存储（S3 Glacier）中，无法读取；请重新上传。",
        "encrypted": "settings.yaml 使用了单独的密钥加密（SSE-C），系统没有该密钥；请不加密重新上传。",
        "forbidden": "系统无权读取 settings.yaml（可能使用了其他密钥加密）；请重新上传。",
    }
    settings_unreadable = "无法读取 settings.yaml。请重新编写，每行都像 `preset: sketch` 这样。"
    settings_more = "还有其他错误；请先改正以上这些。"
    line_troubles: Mapping[str, str] = {
        "unseen": "settings.yaml 第 {line} 行：有一个不可见的字符。请重新输入这一行。",
        "indented": "settings.yaml 第 {line} 行：行首是空格。每项设置都从行首开始，彼此没有从属关系。",
        "document": "settings.yaml 第 {line} 行：这里开始了另一个文档。请删除这一行。",
        "form": "settings.yaml 第 {line} 行：格式应像 `preset: sketch`，即名称、冒号、空格和一个值。",
        "sign": "settings.yaml 第 {line} 行：这里的值不能以 {sign} 开头。请写一个普通的值，如 `preset: sketch`。",
        "quotes": "settings.yaml 第 {line} 行：值不要加引号。",
    }
    setting_unknown = "settings.yaml 第 {line} 行：没有“{key}”这项设置。{hint}"
    setting_unknown_line = "settings.yaml 第 {line} 行：没有这项设置。{hint}"
    setting_did_you_mean = "您是指“{near}”吗？"
    setting_all = "可用的设置有：{keys}。"
    setting_twice = "settings.yaml 第 {line} 行：{key} 在第 {first} 行已经写过。请只保留一处。"
    setting_wrong = "settings.yaml 第 {line} 行：{key} 应为：{allowed}；现在写的是：{shown}。"
    setting_ambiguous = "settings.yaml 第 {line} 行：{key} 中的点有两种读法。两万五千请写 25000，二十五请写 25。"
    setting_pair = (
        "settings.yaml 第 {line} 行：预设 {preset} 生成 {values} 像素的新图，不能是 {resolution}。"
        "请在 resolution 中选用其中一个值，或改用其他预设。"
    )
    option_unknown = "settings.yaml 第 {line} 行：没有这样的选项：{shown}。可用的选项有：{names}。"
    option_clash = "settings.yaml 第 {line} 行：选项 {name} 只能与 {other}={word} 一起使用，但 {other} 是 {found}。"
    option_missing = "settings.yaml 第 {line} 行：使用 {other}={word} 时，还必须给出选项 {name}。"
    option_faults: Mapping[str, str] = {
        "none": "settings.yaml 第 {line} 行：这里不能设置训练选项。请删除这一行。",
        "form": (
            "settings.yaml 第 {line} 行：选项要像 `options: gamma=10 augpipe=bg` 这样写："
            "每个选项由名称、等号和值组成，空格只用来分隔选项。"
        ),
        "twice": "settings.yaml 第 {line} 行：选项 {name} 出现了两次。请只保留一处。",
    }
    setting_aspect = (
        "settings.yaml 第 {line} 行：resolution 为 {resolution} 时，无法生成 {aspect} 的新图。最接近的比例是 {near}。"
    )
    setting_side = "settings.yaml 第 {line} 行：{key} 需要与 {other} 一起使用。也可以只写 aspect，如 `aspect: 3:2`。"
    setting_size = (
        "settings.yaml 第 {line} 行：无法生成 {size} 像素的新图，因为两边都必须是同一个 2 的幂的 4 到 16 倍，"
        "最大 {longest}。接近的有 {near}。"
    )
    setting_size_twice = (
        "settings.yaml 第 {line} 行：width 和 height 已经说明了大小。请去掉 {key}，或去掉 width 和 height。"
    )
    setting_classes = "settings.yaml 第 {line} 行：只有写了 `labels: folders` 才有类别。请加上那一行，或去掉这一行。"
    labels_too_few = _any(
        "settings.yaml 要求分类别（labels: folders），但图片只位于 {count} 个子文件夹中。至少需要 2 个，每个类别一个。"
    )
    labels_too_many = (
        "settings.yaml 要求分类别（labels: folders），但图片位于 {count} 个子文件夹中。最多可以有 {most} 个类别。"
    )
    labels_unknown = "settings.yaml 要求的类别中，有些不是子文件夹：{names}。现有的有：{known}。"
    either = " 和 "
    allowed_one_of = "{values} 之一"
    allowed_whole = "{low} 到 {high} 的整数"
    allowed_number = "{low} 到 {high} 的数"
    allowed_from = "不小于 {low} 的数"
    allowed_whole_from = "不小于 {low} 的整数"
    allowed_above = "大于 {low} 的数"
    allowed_or = "{number}，或 {words}"
    allowed_truth = "true 或 false"
    allowed_options = "像 gamma=10 augpipe=bg 这样的选项"
    allowed_aspect = "宽高比，如 3:2"
    allowed_colour = "white、black、grey，或六位十六进制数如 f4e9d8（以 # 开头时需加引号）"
    allowed_classes = "all，或以逗号分隔的子文件夹名称"
    shown_large = "不合适的数"
    shown_nothing = "空值"
    shown_text = "“{text}”"
    shown_other = "无法照录的内容"
    cut = "[其余内容太长，邮件中已省略]"
    button: Mapping[str, str] = {
        "started": "查看进度", "preview": "查看学习过程", "attention": "打开数据集",
        "succeeded": "查看新图", "failed": "查看解决办法", "": "打开",
    }  # fmt: skip
    picture_alt = "新图 {number}/{count}，由模型生成"

    def kimg(self, number: float) -> str:
        """Large numbers are counted in 万, tens of thousands."""
        return super().kimg(number / 10)

    def paragraph(self, *said: str) -> str:
        """In one line: Chinese has no spaces to break lines at, and mail programs break it by its own rules."""
        return self.sentences(*said)


WORDS = Chinese()
