"""Where recipient files lie until their rows are messages: a folder, or an S3-compatible bucket. Always sealed."""

import re
from pathlib import Path
from typing import Any, Protocol

from api.config import Settings
from api.keyring import KeyRing

_KEY = re.compile(r"[a-z-]+/[0-9a-f-]{36}")


class ObjectNotFoundError(Exception):
    """Nothing lies under that key: it was never written, or its retention is over."""


class ObjectStore(Protocol):
    """Keys are `<kind>/<uuid>`."""

    def put(self, key: str, content: bytes) -> None: ...

    def get(self, key: str) -> bytes:
        """Raises `ObjectNotFoundError`."""
        ...

    def delete(self, key: str) -> None:
        """Nothing happens when there is nothing."""
        ...


class SealedStore:
    """Encrypts on the way in, decrypts on the way out (purpose `object.<kind>`)."""

    def __init__(self, store: ObjectStore, keyring: KeyRing) -> None:
        self._store = store
        self._keyring = keyring

    def put(self, key: str, content: bytes) -> None:
        self._store.put(_checked(key), self._keyring.seal(_purpose(key), content))

    def get(self, key: str) -> bytes:
        return self._keyring.open(_purpose(key), self._store.get(_checked(key)))

    def delete(self, key: str) -> None:
        self._store.delete(_checked(key))


class FolderStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.replace(path)

    def get(self, key: str) -> bytes:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            raise ObjectNotFoundError(key) from None

    def delete(self, key: str) -> None:
        (self._folder / key).unlink(missing_ok=True)


class S3Store:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.s3_bucket or ""
        self._client: Any = None

    @property
    def client(self) -> Any:
        if self._client is None:
            import boto3  # half a second and 30 MB: only for those who use it
            from botocore.config import Config

            secret = self._settings.s3_secret_access_key
            self._client = boto3.client(
                "s3",
                endpoint_url=self._settings.s3_endpoint_url,
                region_name=self._settings.s3_region,
                aws_access_key_id=self._settings.s3_access_key_id,
                aws_secret_access_key=secret.get_secret_value() if secret else None,
                # Several S3-compatible stores refuse the checksums that newer clients add by default.
                config=Config(
                    request_checksum_calculation="when_required", response_checksum_validation="when_required"
                ),
            )
        return self._client

    def put(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def get(self, key: str) -> bytes:
        try:
            content: bytes = self.client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            raise ObjectNotFoundError(key) from None
        return content

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self._bucket, Key=key)


def open_object_store(settings: Settings, keyring: KeyRing) -> ObjectStore:
    if settings.s3_bucket:
        return SealedStore(S3Store(settings), keyring)
    return SealedStore(FolderStore(Path(settings.object_store_dir or ".data/objects")), keyring)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key!r}")
    return key


def _purpose(key: str) -> str:
    return f"object.{key.partition('/')[0]}"
