// Writes src/domain/numbering-plans.json: the numbering plans of libphonenumber-js without their formats, which are
// for showing numbers to people and half of the size. Run after a new version of the package; with `check` it only
// tells whether the file is up to date. Usage: node scripts/numbering-plans.js [check]
import { readFileSync, writeFileSync } from 'node:fs'

const source = new URL('../node_modules/libphonenumber-js/metadata.min.json', import.meta.url)
const target = new URL('../src/domain/numbering-plans.json', import.meta.url)

/** The place of the formats in the list that a plan is; 0 stands for none. */
const FORMATS = 4

const plans = JSON.parse(readFileSync(source, 'utf8'))
for (const plan of [...Object.values(plans.countries), ...Object.values(plans.nonGeographic)]) {
  plan[FORMATS] = 0
}
const text = `${JSON.stringify(plans)}\n`

if (process.argv[2] !== 'check') writeFileSync(target, text)
else if (readFileSync(target, 'utf8') !== text) {
  process.stderr.write(
    'src/domain/numbering-plans.json is out of date: run node scripts/numbering-plans.js\n',
  )
  process.exitCode = 1
}
