"""``kubectl kustomize`` in small: the words that our manifests use, and an error for any other.

So the manifests are tested where no kubectl is, or one that is too old; where a good one is, the same tests
run on what it makes, and both must be equal.
"""

import copy
import hashlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

_CLUSTER_SCOPED = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
_WORDS = {"apiVersion", "kind", "namespace", "resources", "configMapGenerator", "images", "patches"}


def kubectl() -> str | None:
    """A kubectl whose kustomize knows ``patches`` with targets (1.21 or newer); None if there is none."""
    path = shutil.which("kubectl")
    if path is None:
        return None
    said = subprocess.run([path, "version", "--client"], capture_output=True, text=True, check=False).stdout
    return path if "Kustomize Version" in said else None


def build(folder: Path) -> list[Object]:
    """The objects that ``kubectl kustomize`` makes of a folder."""
    path = kubectl()
    assert path is not None, "ask kubectl() first"
    made = subprocess.run([path, "kustomize", str(folder)], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(made.stdout))


def render(folder: Path) -> list[Object]:
    """The objects that a folder's kustomization means, in no particular order, names of ConfigMaps hashed."""
    objects = _assemble(folder)
    hashed = {
        item["metadata"]["name"]: f"{item['metadata']['name']}-{_digest(item)}"
        for item in objects
        if item["kind"] == "ConfigMap"
    }
    for item in objects:
        if item["kind"] == "ConfigMap":
            item["metadata"]["name"] = hashed[item["metadata"]["name"]]
        if item["kind"] == "Deployment":
            for volume in item["spec"]["template"]["spec"].get("volumes", ()):
                if "configMap" in volume:
                    volume["configMap"]["name"] = hashed[volume["configMap"]["name"]]
    return objects


def _assemble(folder: Path) -> list[Object]:
    text = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = text.keys() - _WORDS
    assert not unknown, f"{folder}: teach {__name__} what {sorted(unknown)} means"
    objects: list[Object] = []
    for name in text["resources"]:
        path = folder / name
        objects += _assemble(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    for entry in text.get("configMapGenerator", ()):
        objects = _with_config_map(objects, entry, folder)
    for entry in text.get("patches", ()):
        objects = _patched(objects, entry, folder)
    for item in objects:
        if item["kind"] not in _CLUSTER_SCOPED:
            item["metadata"]["namespace"] = text["namespace"]
        for image in text.get("images", ()) if item["kind"] == "Deployment" else ():
            _set_image(item, image)
    return objects


def _with_config_map(objects: list[Object], entry: Object, folder: Path) -> list[Object]:
    rest = [
        item for item in objects if (item["kind"], item["metadata"]["name"]) != ("ConfigMap", entry["name"])
    ]
    replaces = entry.get("behavior") == "replace"
    assert replaces == (len(rest) < len(objects)), f"{folder}: what is there to replace?"
    data = {name: (folder / name).read_text() for name in entry["files"]}
    return [
        *rest,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": entry["name"]}, "data": data},
    ]


def _patched(objects: list[Object], entry: Object, folder: Path) -> list[Object]:
    patch = yaml.safe_load((folder / entry["path"]).read_text())
    if isinstance(patch, dict):
        assert patch["$patch"] == "delete", f"{entry['path']}: teach {__name__} to merge"
        target = (patch["kind"], patch["metadata"]["name"])
        rest = [item for item in objects if (item["kind"], item["metadata"]["name"]) != target]
        assert len(rest) < len(objects), f"{entry['path']}: there is no {target}"
        return rest
    target = (entry["target"]["kind"], entry["target"]["name"])
    (item,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == target]
    for operation in patch:
        assert operation["op"] == "remove", f"{entry['path']}: teach {__name__} {operation['op']}"
        *way, last = operation["path"].strip("/").split("/")
        place: Any = item
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        del place[int(last) if isinstance(place, list) else last]
    return objects


def _set_image(item: Object, image: Object) -> None:
    for container in item["spec"]["template"]["spec"]["containers"]:
        name, _, tag = container["image"].partition(":")
        if name == image["name"]:
            container["image"] = f"{image.get('newName', name)}:{image.get('newTag', tag)}"


def _digest(item: Object) -> str:
    return hashlib.sha256(repr(sorted(item["data"].items())).encode()).hexdigest()[:10]


def without_hashes(objects: list[Object]) -> list[Object]:
    """The objects in one order, the hashes in the names of ConfigMaps masked."""
    plain = [_masked(copy.deepcopy(item)) for item in objects]
    return sorted(plain, key=lambda item: (item["kind"], item["metadata"]["name"]))


def _masked(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _masked(value) for key, value in item.items()}
    if isinstance(item, list):
        return [_masked(value) for value in item]
    return re.sub(r"^dnssync-[a-z0-9]{10}$", "dnssync-HASH", item) if isinstance(item, str) else item
