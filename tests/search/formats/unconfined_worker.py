"""The hostile converter with its confinement off."""

from tests.search.formats.hostile_worker import main

if __name__ == "__main__":
    main(confined=False)
