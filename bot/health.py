"""Whether the service lives, and whether it can answer: for balancers and for `doctor`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest


@dataclass(frozen=True, slots=True)
class Check:
    """One part's state; the service answers as long as every `needed` one is well."""

    name: str
    well: bool
    detail: str = ""
    needed: bool = True


def health_routes(checks: Callable[[], list[Check]], registry: CollectorRegistry) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz")
    def alive() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    def ready(response: Response) -> dict[str, object]:
        found = checks()
        well = all(check.well for check in found if check.needed)
        response.status_code = 200 if well else 503
        parts = {check.name: {"well": check.well, "detail": check.detail} for check in found}
        return {"status": "ready" if well else "not ready", "parts": parts}

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router
