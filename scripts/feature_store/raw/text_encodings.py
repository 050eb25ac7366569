"""Text files in other encodings than UTF-8: checking, decoding, and advice in errors."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from feature_store.errors import declaration_error, near_names

if TYPE_CHECKING:  # files.py imports sources.py, which imports this module
    from feature_store.raw.files import SourceFile

UTF_8 = "utf-8"
_COMMON = ("utf-8", "utf-16", "latin-1", "windows-1252", "iso-8859-15", "cp437", "shift_jis")
#: Python's codecs that are not encodings of text files.
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs")
_CHUNK = 1 << 20
#: A byte that the encoding does not have becomes this code point plus the byte.
_MARK = 0xDC00
#: The name of the error handler that does so.
_MARKS = "feature_store_marks"


def _marks(error: UnicodeError) -> tuple[str, int]:
    """Return lone surrogates for bytes that cannot be decoded, so that their row is malformed."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return "".join(chr(_MARK + byte) for byte in wrong), error.end


codecs.register_error(_MARKS, _marks)


def check_encoding(name: object, where: str) -> str:
    """Return an encoding's name if Python knows it."""
    try:
        codec = codecs.lookup(str(name))
        if isinstance(name, str) and codec.name.replace("-", "_") not in _NO_CHARSETS:
            "a,\n".encode(name).decode(name)  # codecs that do not encode texts fail here
            return UTF_8 if codec.name in (UTF_8, "utf-8-sig") else name
    except (LookupError, ValueError, TypeError):
        pass
    raise declaration_error(
        f"{where} is {name!r}",
        f"a text encoding that Python knows, for instance {', '.join(_COMMON)}; "
        f"{near_names(str(name), _COMMON)}",
    )


@contextmanager
def decoded(file: SourceFile, encoding: str) -> Iterator[SourceFile]:
    """Yield the file, or a copy of it in UTF-8 that is removed after the block.

    Bytes that the encoding does not have are not UTF-8 in the copy either: their rows are
    malformed.
    """
    if encoding == UTF_8 or file.format == "parquet":
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "utf8"
        decoder = codecs.getincrementaldecoder(encoding)(_MARKS)
        with file.open() as stream, open(copy, "wb") as target:
            while chunk := stream.read(_CHUNK):
                target.write(decoder.decode(chunk).encode(UTF_8, "surrogatepass"))
            target.write(decoder.decode(b"", final=True).encode(UTF_8, "surrogatepass"))
        yield replace(file, path=copy, gzipped=False, encoding=encoding)


def not_in_encoding(lines: list[bytes], encoding: str) -> str | None:
    """Return the error of a text that is not in the encoding, and its first wrong byte, or None."""
    reason = f"the text is not {encoding.upper() if encoding == UTF_8 else encoding}"
    for raw in lines:
        try:
            raw.decode(UTF_8)
        except UnicodeDecodeError as error:
            if encoding == UTF_8:
                return f"{reason} (byte {error.start + 1} is 0x{raw[error.start]:02X})"
            text = raw[error.start : error.start + 3].decode(UTF_8, "surrogatepass")
            before = raw[: error.start].decode(UTF_8)
            if len("a".encode(encoding)) > 1:
                return reason
            byte = len(before.encode(encoding)) + 1
            return f"{reason} (byte {byte} is 0x{(ord(text[0]) - _MARK) & 0xFF:02X})"
    return None


def encoding_advice(file: SourceFile, where: str) -> str:
    """Return the line of YAML that may make a file readable."""
    with file.open() as stream:
        sample = stream.read(_CHUNK)
    guess = "windows-1252"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guess = "utf-16"
    elif b"\0" in sample:
        guess = "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"
    else:
        try:
            sample.decode(guess)
        except UnicodeDecodeError:
            guess = "latin-1"
    if file.encoding != UTF_8:
        return f"correct the file, or the encoding {file.encoding} in config.meta.load of {where}"
    return (
        f"add the line 'encoding: {guess}', or what the file was written in, to config.meta.load "
        f"of {where}"
    )
