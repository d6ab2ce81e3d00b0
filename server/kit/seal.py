"""Secrets of others that we must be able to say again (passwords of mail accounts): sealed with a key of our own."""

import base64


def seal(secret: bytes, text: str) -> str:
    return _box(secret).encrypt(text.encode()).decode() if text else ""


def unseal(secret: bytes, sealed: str) -> str:
    """Empty when it was sealed with another SECRET_KEY: the account then has to be typed again."""
    from cryptography.fernet import InvalidToken

    try:
        return _box(secret).decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        return ""


def _box(secret: bytes):  # type: ignore[no-untyped-def]
    from cryptography.fernet import Fernet  # not at the start: OpenSSL is a tenth of it
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    key = HKDF(SHA256(), 32, salt=None, info=b"tertulia sealed secrets").derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))
