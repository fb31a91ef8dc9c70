import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config.ts'
import { contextWith } from './fixture.ts'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

describe('the files at the root of the repository', () => {
  test('gateway.schema.json is what the schema gives', () => {
    const hint = 'regenerate it: npm run --silent cli -- config schema > gateway.schema.json'
    expect(read('gateway.schema.json'), hint).toBe(configJsonSchema())
  })

  test('gateway.config.example.json loads when its token is there', () => {
    const loaded = loadConfig(read('gateway.config.example.json'), contextWith({ KIRIM_TOKEN_ACME: 'abc' }))
    expect(loaded).toMatchObject({ ok: true })
  })
})

describe('the JSON Schema', () => {
  test('refuses unknown keys and asks only for what has no default', () => {
    const schema = JSON.parse(configJsonSchema())
    expect(schema).toMatchObject({
      additionalProperties: false,
      required: ['upstream', 'accounts', 'tenants'],
    })
    expect(schema.properties.upstream.required).toEqual(['baseUrl'])
    expect(schema.properties.accounts.additionalProperties.required).toEqual(['token'])
    expect(schema.properties.tenants.additionalProperties.required).toEqual([
      'account',
      'phoneNumberIds',
      'keys',
    ])
  })
})
