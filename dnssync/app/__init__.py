"""What the commands do, put together from concrete parts: the only place that knows all of them."""

from dnssync.app.demo import demo
from dnssync.app.explaining import explain
from dnssync.app.review import apply_plan, endpoints, make_plan, records
from dnssync.app.running import run

__all__ = ["apply_plan", "demo", "endpoints", "explain", "make_plan", "records", "run"]
