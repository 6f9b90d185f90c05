"""Copies of backups in S3 or a store that speaks its protocol: the operator's keys, the server's upload."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Any

from windlass.errors import UsageError


@dataclass(frozen=True)
class Store:
    """A bucket, the folder in it, and the address of its server; "" is Amazon's."""

    bucket: str
    folder: str
    endpoint: str

    def place(self, key: str) -> str:
        """Where the copy of that key is, as s3://…"""
        return f"s3://{self.bucket}/{self._whole(key)}"

    def upload_url(self, key: str, seconds: float) -> str:
        """An address that takes this one file by PUT, for so many seconds; whoever has it needs no key.

        Only where nothing is yet: If-None-Match is signed with it, and so has to be sent.

        The keys are found as Amazon's own tools find them: in the environment, in ~/.aws. Nothing is asked of the
        store. Raises UsageError without boto3 or keys.
        """
        try:
            import boto3  # noqa: PLC0415 - an extra, and slow to load
            from botocore.config import Config  # noqa: PLC0415
            from botocore.exceptions import BotoCoreError  # noqa: PLC0415
        except ImportError:
            raise UsageError(
                "[backups] copy_to needs boto3; nothing was touched", hint="pip install 'windlass[s3]'"
            ) from None
        settings: dict[str, Any] = {
            "signature_version": "s3v4",
            "request_checksum_calculation": "when_required",
        }
        if self.endpoint:
            settings["s3"] = {"addressing_style": "path"}
        try:
            client = boto3.Session().client(
                "s3", endpoint_url=self.endpoint or None, config=Config(**settings)
            )
            params = {"Bucket": self.bucket, "Key": self._whole(key), "IfNoneMatch": "*"}
            return str(client.generate_presigned_url("put_object", Params=params, ExpiresIn=round(seconds)))
        except (BotoCoreError, ValueError) as error:
            raise UsageError(
                f"no address to copy to can be signed: {error}; nothing was touched",
                hint="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, where fab is typed",
            ) from None

    def _whole(self, key: str) -> str:
        return "/".join(filter(None, [self.folder, f"{key}.dump"]))


def key_for(app: str, host: str, name: str) -> str:
    """A key that no copy has yet: the backup's name is the server's word, which may be that of an older one."""
    parts = [re.sub(r"[^\w.@-]+|^\.+", "_", part, flags=re.ASCII) for part in (app, host, name)]
    return "/".join(parts) + f"-{secrets.token_hex(6)}"


def store(copy_to: str, endpoint: str) -> Store | None:
    """The store of `s3://bucket/folder` as the configuration has it, None for ""."""
    bucket, _, folder = copy_to.removeprefix("s3://").partition("/")
    return Store(bucket, folder.strip("/"), endpoint) if bucket else None
