"""Run the API double alone: ``python -m tests.doubles.kube --port 8001 --write-kubeconfig /path/config``."""

import argparse
import signal
import threading
from pathlib import Path

import yaml

from tests.doubles.kube import KubeApi, many_ingresses
from tests.doubles.kube.kinds import INGRESS


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.kube", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 chooses a free one")
    parser.add_argument("--write-kubeconfig", type=Path, metavar="FILE", help="write a kubeconfig for it")
    parser.add_argument("--token", help="a bearer token to ask for (also written to the kubeconfig)")
    parser.add_argument("--load", type=Path, metavar="FILE", help="YAML file with Ingresses to begin with")
    parser.add_argument("--ingresses", type=int, default=0, metavar="N", help="preload N made-up Ingresses")
    options = parser.parse_args()
    with KubeApi(port=options.port) as api:
        user = {}
        if options.token:
            api.tokens = {options.token: "tester"}
            user = {"token": options.token}
        api.load(many_ingresses(options.ingresses))
        if options.load:
            api.load(
                item for item in yaml.safe_load_all(options.load.read_text()) if item["kind"] == INGRESS.kind
            )
        if options.write_kubeconfig:
            api.write_kubeconfig(options.write_kubeconfig, user=user)
        print(api.url, flush=True)
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        ended.wait()


if __name__ == "__main__":
    main()
