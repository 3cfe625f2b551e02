"""Puts one file under its name in a lake: whole or not at all, and never in place of another unless that is
asked for.

On S3 the condition is S3's own (`If-None-Match`), so that it holds among machines too; every part carries a
SHA-256 that S3 verifies, and the object keeps that of the whole in its metadata.
"""

from __future__ import annotations

import filecmp
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from healthlake.lake.paths import LakePath
from healthlake.lake.s3 import TAKEN, S3Path, kms, os_error, s3_client

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef, CopySourceTypeDef

_PART = ".part"
_BLOCK = 4 * 1024 * 1024

PART_BYTES = 32 * 1024 * 1024
"""A file above this is sent in parts of it; S3 takes 10,000 of them."""

_MOST_PARTS = 10_000
_DIGEST = "sha256"

Progress = Callable[[int], None]
"""Gets bytes as they are done."""


def holds(target: LakePath, source: Path) -> bool:
    """Whether the file at `target` has the content of `source`."""
    if not isinstance(target, S3Path):
        return filecmp.cmp(source, target, shallow=False)
    head = target.head()
    if head is None or head.size != source.stat().st_size:
        return False
    return (head.metadata.get(_DIGEST) or _digest(_blocks_of(target))) == _digest(_blocks_of(source))


def place(
    source: Path, target: LakePath, *, replace: bool, kms_key: str | None = None, progress: Progress
) -> int:
    """Copies `source` to `target`; its bytes. `FileExistsError` where S3 has an object of that name by now
    and `replace` isn't asked for. `kms_key` encrypts it on S3; without one the bucket's own setting does."""
    if isinstance(target, S3Path):
        return _upload(source, target, replace, kms_key, progress)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}{_PART}")
    with source.open("rb") as reader, part.open("wb") as writer:
        shutil.copyfileobj(reader, writer, _BLOCK)
        writer.flush()
        os.fsync(writer.fileno())
    part.rename(target)
    size = source.stat().st_size
    progress(size)
    return size


def copy(source: LakePath, target: LakePath) -> None:
    """Copies a file inside a lake, with what it is known by."""
    if isinstance(source, S3Path) and isinstance(target, S3Path):
        # Managed: in parts, by S3 itself, where it is large. A copy doesn't take the key over by itself.
        head = source.head()
        copied: CopySourceTypeDef = {"Bucket": source.bucket, "Key": source.key}
        s3_client().copy(copied, target.bucket, target.key, ExtraArgs=kms(head.kms_key if head else None))
    elif isinstance(source, Path) and isinstance(target, Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _upload(source: Path, target: S3Path, replace: bool, kms_key: str | None, progress: Progress) -> int:
    from botocore.exceptions import ClientError

    size = source.stat().st_size
    asked: dict[str, Any] = {
        "Bucket": target.bucket,
        "Key": target.key,
        "Metadata": {_DIGEST: _digest(_blocks_of(source))},
        "ChecksumAlgorithm": "SHA256",
    }
    asked |= kms(kms_key)
    condition: dict[str, Any] = {} if replace else {"IfNoneMatch": "*"}
    try:
        if size > PART_BYTES:
            _send_parts(source, size, asked, condition, progress)
        else:
            with source.open("rb") as content:
                s3_client().put_object(**asked, **condition, Body=content)
            progress(size)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in TAKEN:
            raise FileExistsError from None
        raise os_error(error) from None
    return size


def _send_parts(
    source: Path, size: int, asked: dict[str, Any], condition: dict[str, Any], progress: Progress
) -> None:
    client, place = s3_client(), {"Bucket": asked["Bucket"], "Key": asked["Key"]}
    part_bytes = max(PART_BYTES, -(-size // _MOST_PARTS))
    upload = client.create_multipart_upload(**asked)["UploadId"]
    try:
        parts: list[CompletedPartTypeDef] = []
        with source.open("rb") as content:
            while block := content.read(part_bytes):
                number = len(parts) + 1
                sent = client.upload_part(
                    **place, UploadId=upload, PartNumber=number, Body=block, ChecksumAlgorithm="SHA256"
                )
                parts.append(
                    {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": sent["ChecksumSHA256"]}
                )
                progress(len(block))
        client.complete_multipart_upload(
            **place, **condition, UploadId=upload, MultipartUpload={"Parts": parts}
        )
    except BaseException:
        # What is left of an upload costs, and nobody sees it.
        client.abort_multipart_upload(**place, UploadId=upload)
        raise


def _digest(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def _blocks_of(path: LakePath) -> Iterator[bytes]:
    with path.open() if isinstance(path, S3Path) else path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
