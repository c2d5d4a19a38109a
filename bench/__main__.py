"""`python -m bench <verb>`."""

from bench.cli import main

if __name__ == "__main__":
    main()
