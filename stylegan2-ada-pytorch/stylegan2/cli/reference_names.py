"""Options that train.py of stylegan2-ada-pytorch has and ours has not: what to give instead."""

INSTEAD = {
    "--resume": (
        "An interrupted training goes on when the same command is given again. To begin with another network, give "
        "--transfer and its folder or file; a .pkl of stylegan2-ada-pytorch will do. Nothing is downloaded."
    ),
    "--metrics": (
        "While it trains, a training compares its pictures with the data by itself (--signal-images); afterwards, "
        "calc_metrics.py --metrics measures the network."
    ),
    "--gpus": "Start it as `torchrun --nproc-per-node N train.py ...` for N GPUs; without torchrun it uses one.",
    "--fp32": "Give --precision fp32.",
    "--nhwc": "Give --channels-last on.",
    "--nobench": "There is nothing to give instead: cuDNN always looks for the fastest way.",
    "--allow-tf32": "There is nothing to give instead: TF32 is not used. --precision chooses 16 bits.",
}
