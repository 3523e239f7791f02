from operations.cli import main

main(prog_name="python -m operations")
