"""The description of the application that the contract's files are generated from."""


def describe_application() -> str:
    """The contract, the AsyncAPI document and the OpenAPI document, as JSON.

    Raises TaskError with the file and line when the application cannot be imported.
    """
    # Here and not above: it imports the engine, which `poe dev` does in another process only.
    from duplex_dev.contract.application import described

    return described()
