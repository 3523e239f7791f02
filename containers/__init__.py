"""The three jobs of a run (prepare, train, infer) as programs that speak SageMaker's container contract."""
