#!/usr/bin/env bash
# Behaviour: botocore (and so boto3) takes the Region from AWS_DEFAULT_REGION and does not look at
# AWS_REGION. The SDK for JavaScript takes it from AWS_REGION and does not look at AWS_DEFAULT_REGION.
# A task or container that sets one of them works in one language and fails in the other.
# Version:   botocore 1.43.106, @aws-sdk/client-dynamodb 3.1164.0
# One would guess: all SDKs of AWS read the same variable for the Region.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check botocore==1.43.106
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1164.0

cat > ask.py <<'CODE'
import botocore.exceptions
import botocore.session

try:
    print(botocore.session.get_session().create_client("dynamodb").meta.region_name)
except botocore.exceptions.NoRegionError as failure:
    print(type(failure).__name__)
CODE
cat > ask.mjs <<'CODE'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

const region = await new DynamoDBClient().config.region().catch((failure) => failure.message);
console.log(region);
CODE

unset AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE
export AWS_CONFIG_FILE="$folder/none" AWS_SHARED_CREDENTIALS_FILE="$folder/none"
seen=''
for variable in AWS_REGION AWS_DEFAULT_REGION; do
  for program in 'python/bin/python ask.py' 'node ask.mjs'; do
    answer=$(env "$variable=eu-central-1" $program)
    printf '%-18s %-20s %s\n' "$variable" "$program" "$answer"
    seen="$seen$answer;"
  done
done
[ "$seen" = 'NoRegionError;eu-central-1;eu-central-1;Region is missing;' ]
