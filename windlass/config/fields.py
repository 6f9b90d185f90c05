"""The kinds of values that a configuration holds; how each is written is in `spelling`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from windlass.config.spelling import (
    MOST_INSTANCES,
    check_absolute,
    check_absolute_or_default,
    check_app_name,
    check_body_size,
    check_bucket_place,
    check_email,
    check_folder,
    check_host,
    check_http_url,
    check_http_url_or_default,
    check_instances,
    check_memory,
    check_name,
    check_no_nul,
    check_node_line,
    check_npm_version,
    check_port,
    check_public_key,
    check_ref,
    check_relative,
    check_repository,
    check_server_name,
    check_something,
    check_url_folder,
    check_url_path,
    check_user,
    check_user_or_default,
    check_variable,
    check_version,
)

Name = Annotated[str, AfterValidator(check_name)]
AppName = Annotated[str, AfterValidator(check_app_name)]
Port = Annotated[
    int, AfterValidator(check_port), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65535})
]
_NUMBER = {"type": "integer", "minimum": 1, "maximum": MOST_INSTANCES}
Instances = Annotated[
    int | Literal["cpus"],
    PlainValidator(check_instances),
    WithJsonSchema({"anyOf": [_NUMBER, {"const": "cpus"}]}),
]
"""How many of a process run; "cpus" is as many as a host has cores."""
HostName = Annotated[str, AfterValidator(check_host)]
AbsolutePath = Annotated[str, AfterValidator(check_absolute)]
AbsolutePathOrDefault = Annotated[str, AfterValidator(check_absolute_or_default)]
Folder = Annotated[str, AfterValidator(check_folder)]
"""A folder of the repository, "." for its top."""
RelativePath = Annotated[str, AfterValidator(check_relative)]
UrlPath = Annotated[str, AfterValidator(check_url_path)]
UrlFolder = Annotated[str, AfterValidator(check_url_folder)]
Repository = Annotated[str, AfterValidator(check_repository)]
Ref = Annotated[str, AfterValidator(check_ref)]
ServerName = Annotated[str, AfterValidator(check_server_name)]
VariableName = Annotated[str, AfterValidator(check_variable)]
Memory = Annotated[str, AfterValidator(check_memory)]
"""An amount that pm2 and systemd know, such as "512M"; "" is no limit."""
BodySize = Annotated[str, AfterValidator(check_body_size)]
Version = Annotated[str, AfterValidator(check_version)]
NodeLine = Annotated[str, AfterValidator(check_node_line)]
"""A version as far as it is given, "22"; never empty."""
NpmVersion = Annotated[str, AfterValidator(check_npm_version)]
UserName = Annotated[str, AfterValidator(check_user)]
UserNameOrDefault = Annotated[str, AfterValidator(check_user_or_default)]
PublicKey = Annotated[str, AfterValidator(check_public_key)]
HttpUrl = Annotated[str, AfterValidator(check_http_url)]
HttpUrlOrDefault = Annotated[str, AfterValidator(check_http_url_or_default)]
BucketPlace = Annotated[str, AfterValidator(check_bucket_place)]
"""A bucket and a folder in it, "s3://bucket/folder"; "" for none."""
Email = Annotated[str, AfterValidator(check_email)]
Text = Annotated[str, AfterValidator(check_something)]
Word = Annotated[str, AfterValidator(check_no_nul)]
"""An argument or a variable's value: any text."""
ShellText = Annotated[str, AfterValidator(check_no_nul), AfterValidator(str.strip)]
"""A command of the operator's own, run by bash as written; "auto" chooses, "" leaves the step out."""
Seconds = Annotated[float, Field(ge=0, le=86400)]
Timeout = Annotated[float, Field(gt=0, le=86400)]
"""Seconds, more than none."""
