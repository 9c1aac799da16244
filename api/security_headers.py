"""Headers of every answer: nothing is kept, framed, guessed at, or told to another site."""

from __future__ import annotations

from flask import Flask, Response

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-Robots-Tag": "noindex, nofollow",
}

TRANSPORT_SECURITY = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Two years, of production alone: a newcomer's machine speaks plain HTTP to itself."""


def register_security_headers(app: Flask, *, over_tls: bool) -> None:
    """Put the headers on every answer of the application, whatever it is."""
    headers = {**SECURITY_HEADERS, **(TRANSPORT_SECURITY if over_tls else {})}

    def add(response: Response) -> Response:
        response.headers.update(headers)
        return response

    app.after_request(add)
