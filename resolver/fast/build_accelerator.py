"""``python -m resolver.fast.build_accelerator``: compile the optional C loop into this package's own folder.

Nothing needs it; where there is no compiler, or no right to write, it says so and the exit code is 1.
"""

import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

SOURCE = Path(__file__).with_name("_accelerator.c")


def build(folder: Path = SOURCE.parent) -> Path:
    """Compile into ``folder``; the file. Raises OSError or CalledProcessError, whose output says why not."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    target = folder / f"_accelerator{suffix}"
    # Beside the target and then renamed: a running server may have the old one loaded.
    fresh = folder / f"_accelerator.new{suffix}"
    include = sysconfig.get_path("include")
    compiler = shlex.split(sysconfig.get_config_var("CC") or "cc")[0]
    options = ["-O2", "-fPIC", "-shared", "-Wall", "-Wextra", f"-I{include}"]
    subprocess.run(
        [compiler, *options, str(SOURCE), "-o", str(fresh)], check=True, capture_output=True, text=True
    )
    fresh.rename(target)
    return target


def main() -> int:
    """Build and tell; the exit code."""
    try:
        sys.stdout.write(f"built {build()}\n")
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"the accelerator cannot be built, and is not needed: {error.stderr.strip()}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"the accelerator cannot be built, and is not needed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
