"""Networks as files. Nothing in a file is believed before it is checked, and nothing in it is executed.

network_file        ours: safetensors for the numbers, JSON for what they belong to
export              a generator as one file that draws without this package
official_import     a .pkl of stylegan2-ada-pytorch as one of ours
official_pickle     ... which objects such a pickle may hold
pickle_machine      ... the machine that reads it and runs nothing
"""

from stylegan2.formats.export import export_generator
from stylegan2.formats.network_file import LoadedNetwork, load_generator, load_network, read_meta, save_network

__all__ = ["LoadedNetwork", "export_generator", "load_generator", "load_network", "read_meta", "save_network"]
