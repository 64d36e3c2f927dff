"""Puts the resolver's optional accelerator into what is installed, where a compiler is."""

import subprocess
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AcceleratorHook(BuildHookInterface[Any]):
    """Called by hatchling before it makes a wheel; an editable install has it in its own folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and add the result to the wheel; without a compiler leave all as it is."""
        self._folder = tempfile.TemporaryDirectory()
        build = _load_build(Path(self.root) / "resolver" / "fast" / "build_accelerator.py")
        try:
            if version == "editable":
                build()
                return
            compiled = build(Path(self._folder.name))
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.display_warning(f"installing without the optional accelerator: {error}")
            return
        build_data["force_include"][str(compiled)] = f"resolver/fast/{compiled.name}"
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled: by now the wheel has it."""
        del version, build_data, artifact_path
        self._folder.cleanup()


def _load_build(path: Path) -> Any:
    """The function, without its package: that needs libraries which are not there while a wheel is made."""
    spec = spec_from_file_location("build_accelerator", path)
    assert spec and spec.loader, "it is a Python file"
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build
