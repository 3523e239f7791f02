"""The pipeline's parameters as the SageMaker SDK wants them: what may differ from one run to the next.

What they are stands in contract.pipeline. A parameter without a default must be given at every start. The service
refuses unknown names and hands every value to the jobs as the type named there, so number parameters need `as_string`
wherever a job takes strings.

There is no parameter for managed spot training. CreateTrainingJob refuses `MaxWaitTimeInSeconds` unless spot is on
("It is only supported when EnableManagedSpotTraining is set to true") and demands it when spot is on, and no
expression of a pipeline definition can leave a field out (aws/sagemaker-python-sdk#4140). Spot is therefore chosen
when the pipeline is deployed: see `deploy.render_definition`.
"""

from __future__ import annotations

from typing import Any

from contract.pipeline import PARAMETERS, Parameter
from pipeline_builder.sdk import ParameterFloat, ParameterInteger, ParameterString


def _sdk_parameter(name: str, parameter: Parameter) -> Any:
    default = parameter.default
    match parameter.kind:
        case "Integer":
            return ParameterInteger(name, default_value=None if default is None else int(default))
        case "Float":
            return ParameterFloat(name, default_value=None if default is None else float(default))
    choices = None if parameter.is_images_own else list(parameter.choices) or None
    return ParameterString(name, default_value=default, enum_values=choices)


ALL = {name: _sdk_parameter(name, parameter) for name, parameter in PARAMETERS.items()}


def given(name: str) -> Any:
    """The parameter of this name, whose value a start gives. Raises KeyError."""
    return ALL[name]


def as_string(parameter: Any) -> Any:
    """The parameter for a job that takes strings only: the SDK emits a number bare, and the service refuses it
    (aws/sagemaker-python-sdk#4867)."""
    return parameter if isinstance(parameter, ParameterString) else parameter.to_string()
