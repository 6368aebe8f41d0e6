#!/usr/bin/env bash
# Behaviour: one valid file, two readings. For PyYAML (YAML 1.1) the key `on` is the boolean true, `NO` is
# false, `014` is 12 and `12:30:45` is 45045. For the npm package yaml (YAML 1.2) they are texts and
# 14.
# Version:   yaml 2.9.1 (npm) and PyYAML 6.0.3 (pip)
# One would guess: two mature parsers of YAML read the same of a file without any tags.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund yaml@2.9.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyyaml==6.0.3
printf 'on: push\ncountry: NO\nmode: 014\nat: 12:30:45\n' > workflow.yaml
cat > ask.mjs <<'CODE'
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const PYTHON = 'import sys, yaml; print(repr(yaml.safe_load(open("workflow.yaml"))))';
const npm = parse(readFileSync('workflow.yaml', 'utf8'));
const pip = execFileSync('venv/bin/python', ['-c', PYTHON], { encoding: 'utf8' }).trim();
console.log('yaml:  ', npm);
console.log('PyYAML:', pip);
assert.deepEqual(npm, { on: 'push', country: 'NO', mode: 14, at: '12:30:45' });
assert.equal(pip, "{True: 'push', 'country': False, 'mode': 12, 'at': 45045}");
CODE
node ask.mjs
