"""Training a network. Read these four in this order:

loop                an iteration's four phases, and the loop around it
loss                what each phase computes
state               networks, optimisers, counters: everything that changes
start               how a training begins, and what lies in its folder

training_options    everything that decides a training (options.training says what can be chosen)
optimisation        Adam corrected for lazy regularisation, and the average of the generator
real_images         the stream of images that a training sees
distributed         the processes that train one network together
batch_fit           how many images fit into memory at once
transfer            beginning with another network's weights
run_files           the files that a training leaves in its folder
earlier_results     what lies there already, and is not overwritten unasked
"""

from stylegan2.training.loop import TrainingResult
from stylegan2.training.start import train
from stylegan2.training.training_options import TrainingOptions, resolve_options

__all__ = ["TrainingOptions", "TrainingResult", "resolve_options", "train"]
