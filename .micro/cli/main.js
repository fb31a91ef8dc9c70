#!/usr/bin/env node
import { text } from 'node:stream/consumers';
import { run } from './run.js';
// Not `process.exit`: output that is still in a pipe would be lost.
process.exitCode = await run(process.argv.slice(2), {
    out: (chunk) => process.stdout.write(chunk),
    err: (chunk) => process.stderr.write(chunk),
    env: process.env,
    now: Date.now,
    stdin: () => text(process.stdin),
});
