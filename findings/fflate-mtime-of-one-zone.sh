#!/usr/bin/env bash
# Behaviour: a fixed `mtime` makes no reproducible archive: it is written as the local time of the machine that zips, so the
# same instant gives other bytes in another time zone. `new Date(1980, 0, 1)`, local as well, gives the same
# bytes everywhere. An instant of 1979 somewhere, such as 1980-01-01T00:00Z west of Greenwich, is refused.
# Version:   fflate 0.8.3
# One would guess: an archive of the same files with the same `mtime`, a Date, has one digest.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true }' > package.json
npm install --silent --no-audit --no-fund fflate@0.8.3
cat > zip.mjs <<'CODE'
import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';

function digest(mtime) {
  try {
    const archive = zipSync({ 'index.js': strToU8('exports.handler = 1;') }, { mtime });
    return createHash('sha256').update(archive).digest('hex').slice(0, 12);
  } catch (refusal) {
    return refusal.message;
  }
}
const digests = {
  instant: digest(new Date('2026-01-02T03:04:06Z')),
  local: digest(new Date(1980, 0, 1)),
  earliest: digest(new Date('1980-01-01T00:00:00Z')),
};
console.log(JSON.stringify(digests));
CODE
cat > compare.mjs <<'CODE'
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

const [utc, east, west] = ['UTC', 'Asia/Tokyo', 'America/Lima'].map((TZ) => {
  const printed = execFileSync(process.execPath, ['zip.mjs'], { env: { ...process.env, TZ }, encoding: 'utf8' });
  console.log(TZ, printed.trim());
  return JSON.parse(printed);
});
assert.equal(new Set([utc.instant, east.instant, west.instant]).size, 3);
assert.equal(new Set([utc.local, east.local, west.local]).size, 1);
assert.match(utc.earliest, /^[0-9a-f]{12}$/);
assert.match(west.earliest, /date not in range/);
CODE
node compare.mjs
