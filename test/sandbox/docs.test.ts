import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Act, faults } from '../../src/sandbox/faults.ts'
import { codeFamilies } from '../../src/sandbox/magic-number.ts'
import { demoPhoneNumberIds, demoToken } from '../../src/sandbox/organisation.ts'

const docs = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8')

const row = (number: string, does: string, act: Act) =>
  `| \`${number}\` | ${act.kind === 'accept' ? 'yes' : 'no'} | ${does} |`

it('the documentation lists exactly the magic numbers there are', () => {
  const documented = docs.split('\n').filter((line) => line.startsWith('| `+999'))
  expect(documented).toEqual([
    ...faults.map(({ number, does, act }) => row(number, does, act)),
    ...codeFamilies.map(({ prefix, does, act }) => row(`${prefix}CCCCCC`, does, act(131047))),
  ])
})

it('the documentation names the demo token and numbers', () => {
  for (const text of [demoToken, ...demoPhoneNumberIds]) expect(docs).toContain(text)
})

it('the documentation tells by the number whether the message is sent', () => {
  for (const { number, act } of faults) {
    const [, status = '', variant] = /^\+9990(\d{3})(\d\d)$/.exec(number) ?? []
    const sent = status.startsWith('2') || Number(variant) >= 9
    expect([number, act.kind === 'accept']).toEqual([number, sent])
  }
})
