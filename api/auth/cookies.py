"""The cookies of a browser: which name, for whom, how long. Over TLS they are bound to this very host by their name."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

SESSION = "harbour"
DEVICE = "harbour-device"
PROVIDER_TRIP = "harbour-oidc"


@dataclass(frozen=True)
class Cookies:
    """Sets and reads cookies. `secure` is False for a newcomer's plain HTTP on her own machine alone.

    The prefix `__Host-` makes a browser refuse the cookie unless it is Secure, for the whole host, and set by this host.
    """

    secure: bool

    def name_of(self, cookie: str) -> str:
        """Return the name under which a cookie travels."""
        return f"__Host-{cookie}" if self.secure else cookie

    def read(self, request: Request, cookie: str) -> str | None:
        """Return what a browser sent, or None."""
        return request.cookies.get(self.name_of(cookie)) or None

    def send(
        self, response: Response, cookie: str, value: str, *, samesite: str = "Strict", max_age: int | None = None
    ) -> None:
        """Set a cookie that no script reads; without `max_age`, seconds, it goes when the browser closes."""
        response.set_cookie(
            self.name_of(cookie),
            value,
            max_age=max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=samesite,
        )

    def forget(self, response: Response, cookie: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(self.name_of(cookie), path="/", secure=self.secure, httponly=True, samesite="Strict")
