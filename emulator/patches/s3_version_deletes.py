"""Deleting versions asks for `s3:DeleteObjectVersion`, for the first of them too.

AWS: "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference): `DeleteObjectVersion` removes
a specific version of an object. "DeleteObjects" (Amazon S3 API Reference): each entry of a request is authorized by itself,
one with a version id as the deletion of a version.

MiniStack does that for the second entry on, and takes the first for `s3:DeleteObject`, whatever it names.
"""

from __future__ import annotations

from ministack.core import iam_actions


def apply() -> None:
    extract = iam_actions.extract_iam_action
    names = extract.__code__.co_varnames[: extract.__code__.co_argcount]
    assert names == ("service", "method", "path", "headers", "body", "query_params"), names
    assert callable(iam_actions._s3_batch_delete_targets)

    def extract_with_version(service, method, path, headers, body, query_params):
        action = extract(service, method, path, headers, body, query_params)
        if action != "s3:DeleteObject" or method != "POST":
            return action
        bucket = next(iter(part for part in path.split("/") if part), "")
        targets = iam_actions._s3_batch_delete_targets(bucket, body)
        return "s3:DeleteObjectVersion" if targets and targets[0][1] else action

    iam_actions.extract_iam_action = extract_with_version
