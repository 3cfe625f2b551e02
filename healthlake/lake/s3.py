"""A path on S3, with the part of pathlib's surface that a lake needs.

Only text until it is asked for bytes: it can be sent to a task on another machine. Credentials, region and
endpoint are boto3's own (environment, profile, role). Refuses to write in place of something: an object gets
there by `write_bytes`, which replaces it whole, or by `upload`, which doesn't.
"""

from __future__ import annotations

import errno
import functools
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from healthlake.aws import aws_client
from healthlake.errors import UsageError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SCHEME = "s3://"

_ATTEMPTS = 5
_MOST_BYTES = 800

TAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
"""S3's answers to a conditional put of a name that is taken, or is being put by another."""
_GONE = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


@functools.cache
def s3_client() -> S3Client:
    """This process's client; it may be used by many threads."""
    client: S3Client = aws_client("s3", attempts=_ATTEMPTS, connections=32)
    return client


def kms(key: str | None) -> dict[str, Any]:
    """What asks S3 to encrypt with a key of KMS; nothing for None, where the bucket's own setting does."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key} if key else {}


def is_key(text: str) -> bool:
    """Whether S3 takes this as a part of a key: UTF-8, and not so long that a lake's prefix has no room."""
    try:
        return len(text.encode()) <= _MOST_BYTES
    except UnicodeEncodeError:
        return False


def is_absent(error: Exception) -> bool:
    """Whether an error of boto3 says that the object or the bucket isn't there."""
    response: dict[str, Any] = getattr(error, "response", {})
    return response.get("Error", {}).get("Code") in _GONE


@dataclass(frozen=True, slots=True)
class S3Head:
    """What S3 says of an object without its bytes: their number, the metadata that it was given, and the key
    of KMS that encrypts it."""

    size: int
    metadata: Mapping[str, str]
    kms_key: str | None


@dataclass(frozen=True, slots=True)
class S3Object:
    """What a listing says of an object: bytes, and the seconds since 1970 of its last change."""

    path: S3Path
    size: int
    modified: float


@dataclass(frozen=True, slots=True, order=True)
class S3Path:
    """An object, or what lies below a prefix. `key` is as S3 has it: nothing in it is normalised."""

    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> S3Path:
        """`s3://bucket/key`; `UsageError` where there is no bucket."""
        bucket, _, key = text.removeprefix(SCHEME).partition("/")
        if not text.startswith(SCHEME) or not bucket:
            raise UsageError(f"reading the path {text}: expected s3://BUCKET or s3://BUCKET/PREFIX.")
        return cls(bucket, key.rstrip("/"))

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}" if self.key else f"{SCHEME}{self.bucket}"

    def __truediv__(self, below: object) -> S3Path:
        return S3Path(self.bucket, f"{self.key}/{below}" if self.key else str(below))

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> S3Path:
        return S3Path(self.bucket, self.key.rpartition("/")[0])

    @property
    def prefix(self) -> str:
        """What the keys of all that lies below begin with."""
        return f"{self.key}/" if self.key else ""

    def as_uri(self) -> str:
        return str(self)

    def exists(self) -> bool:
        """Whether there is an object of this very key."""
        return self.head() is not None

    def is_dir(self) -> bool:
        """Whether anything lies below."""
        found = s3_client().list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1)
        return bool(found.get("KeyCount"))

    def size(self) -> int:
        """Bytes of the object; `FileNotFoundError` where there is none."""
        head = self.head()
        if head is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such object on S3")
        return head.size

    def folders(self) -> Iterator[S3Path]:
        """What looks like folders just below, in the order of their names."""
        pages = s3_client().get_paginator("list_objects_v2").paginate
        for page in pages(Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"):
            for each in page.get("CommonPrefixes", ()):
                yield S3Path(self.bucket, each["Prefix"].rstrip("/"))

    def walk(self) -> Iterator[S3Object]:
        """All objects below in the order of their keys, page by page; those that consoles make to stand for
        a folder left out."""
        pages = s3_client().get_paginator("list_objects_v2").paginate
        for page in pages(Bucket=self.bucket, Prefix=self.prefix):
            for each in page.get("Contents", ()):
                if not each["Key"].endswith("/"):
                    path = S3Path(self.bucket, each["Key"])
                    yield S3Object(path, each["Size"], each["LastModified"].timestamp())

    def open(self) -> BinaryIO:
        """The object's bytes from any position, read as they are asked for."""
        return cast("BinaryIO", S3Reader(self))

    def read_bytes(self) -> bytes:
        return s3_client().get_object(Bucket=self.bucket, Key=self.key)["Body"].read()

    def write_bytes(
        self, content: bytes, content_type: str = "application/octet-stream", kms_key: str | None = None
    ) -> None:
        """Makes the object anew, or in place of the one that is there."""
        s3_client().put_object(
            Bucket=self.bucket,
            Key=self.key,
            Body=content,
            ContentType=content_type,
            ChecksumAlgorithm="SHA256",
            **kms(kms_key),
        )

    def claim(self) -> bool:
        """Makes an empty object where there is none; False where somebody, on whatever machine, was first."""
        from botocore.exceptions import ClientError

        try:
            s3_client().put_object(Bucket=self.bucket, Key=self.key, Body=b"", IfNoneMatch="*")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in TAKEN:
                return False
            raise
        return True

    def unlink(self, missing_ok: bool = False) -> None:
        """Removes the object. S3 doesn't say whether there was one: `missing_ok` is for pathlib's sake."""
        s3_client().delete_object(Bucket=self.bucket, Key=self.key)

    def head(self) -> S3Head | None:
        """What is known of the object; None where there is none."""
        from botocore.exceptions import ClientError

        try:
            found = s3_client().head_object(Bucket=self.bucket, Key=self.key)
        except ClientError as error:
            if is_absent(error):
                return None
            raise os_error(error) from None
        return S3Head(found["ContentLength"], found["Metadata"], found.get("SSEKMSKeyId"))


class S3Reader(io.RawIOBase):
    """An object as a stream. One request serves reads that follow on each other; a connection that breaks is
    opened again where it was, on the same version of the object. Raises `OSError`, whose text names
    nothing."""

    def __init__(self, path: S3Path) -> None:
        self._path = path
        self._size: int | None = None
        self._etag: str | None = None
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END and self._size is None:
            self._size = self._path.size()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size or 0}[whence]
        target = max(0, base + offset)
        if target != self._position:
            self._drop()
        self._position = target
        return target

    def readinto(self, buffer: Any) -> int:
        content = self._read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, size: int) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        for _ in range(_ATTEMPTS):
            if not size or (self._size is not None and self._position >= self._size):
                return b""
            try:
                content: bytes = self._opened().read(size)
            except ClientError as error:
                raise os_error(error) from None
            except BotoCoreError:
                self._drop()
                continue
            if content:
                self._position += len(content)
                return content
            self._drop()
        raise OSError("a file on S3 can't be read to its end")

    def _opened(self) -> Any:
        if self._body is None:
            asked: dict[str, Any] = {"Bucket": self._path.bucket, "Key": self._path.key}
            if self._position:
                asked["Range"] = f"bytes={self._position}-"
            if self._etag:
                # What was begun of one version is not gone on with of another.
                asked["IfMatch"] = self._etag
            found = s3_client().get_object(**asked)
            self._etag, self._body = found["ETag"], found["Body"]
            self._size = self._position + found["ContentLength"]
        return self._body

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def os_error(error: Exception) -> OSError:
    """An error of boto3 as the operating system's own, without its words: they hold the key."""
    response: dict[str, Any] = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code"))
    if code == "NoSuchBucket":
        return FileNotFoundError(errno.ENOENT, "there is no such bucket on S3")
    if code in _GONE:
        return FileNotFoundError(errno.ENOENT, "there is no such object on S3")
    if code in ("403", "AccessDenied"):
        return PermissionError(errno.EACCES, "S3 denies access: permission denied")
    if code in ("412", "PreconditionFailed", "416", "InvalidRange"):
        return OSError(errno.EIO, "an object on S3 has changed")
    return OSError(errno.EIO, f"S3 answered {code}")
