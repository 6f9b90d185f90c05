"""Whether the certificate that the config names is there."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.config.model import Config
from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Certificate:
    """`expires` is in openssl's words, "" where there is none."""

    expires: str = ""


def question(config: Config) -> Question[Certificate]:
    """Needs root: others may not enter certbot's folders."""
    file = quote(config.nginx.certificate or "/nowhere")
    return Question(
        "certificate", Command(f"openssl x509 -enddate -noout -in {file} 2>/dev/null || true"), parse
    )


def parse(answer: Answer) -> Certificate:
    return Certificate(answer.out.strip().removeprefix("notAfter="))
