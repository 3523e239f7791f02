"""How large everything can get: sizes as functions of a workload, the limits that they meet, and the disks they need.

    networks     numbers and bytes of the networks, by the trainer's preset and the resolution
    artefacts    the largest size of everything that a run writes, sends or keeps
    limits       each of these beside its limit, and where that comes from
    volumes      the disks of the three jobs: how large they must be, and which machines bring their own

Sizes are upper bounds in bytes. The functions know the formulas of other rooms (the model's layers, how sheets are made
up, what the page shows) by numbers of their own; tests/capacity compares each with the real thing.
"""
