"""The one rule of the orchestration.

Whatever happens (a drop has settled, a run has ended, the schedule, the sweep, a person) calls `reconcile(dataset)`.
It looks at what is there and does at most one thing:

    facts      what a look knows of a dataset, as values
    gather     finds them out; the dearer ones only where the decision needs them
    decide     the table: from facts and a request to a plan. Pure: no service, no clock, no log
    plans      what a look can come to
    act        the way in; carries a plan out
    telling    what a dataset's people are told where no run starts
    labels     what they are told of sub-folders: they are the classes, they are not, or they cannot be
    looks      what a look is asked for, and what became of it
    claims     from a claim to a running execution: start it, take it over, give it back
    start      StartPipelineExecution: the frozen request, its token, what its errors mean
    advice     what somebody is told who only asks: the settings as a form, an estimate; nothing is changed by it
    end        what the end of a run means, whoever noticed it

A run begins with its snapshot, a claim, StartPipelineExecution, the record of the execution and the notice "started".
Two calls at once, a call that dies anywhere, and a call that comes twice all end in one run per snapshot: the claim is
one conditional transaction, and the start has a token that is a function of the claim.
"""

from workshop.reconcile.act import Reconciler

__all__ = ["Reconciler"]
