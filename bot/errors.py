"""Errors as merchants and clients meet them: one JSON shape, one sentence in their language, one status."""

from __future__ import annotations


class Problem(Exception):
    """An error of the HTTP face. `code` is for programs, `message` for people, `status` is the HTTP status."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status

    def body(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message, "status": self.status}
