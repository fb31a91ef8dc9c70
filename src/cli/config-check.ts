import { parseArgs } from 'node:util'
import { formatFaults } from '../config/faults.ts'
import { decodeGatewaySecret } from '../config/gateway-secret.ts'
import { type Config, loadConfig } from '../config.ts'
import { nodeContext } from '../node/config-source.ts'
import { configPath, readConfigFile } from './config-file.ts'
import { type Io, usageError } from './io.ts'

/**
 * `config check [path]`: loads the config as `serve` would, secrets included, and prints every fault, or a summary.
 * `GATEWAY_SECRET` is checked when it is set.
 */
export async function configCheck(args: string[], io: Io): Promise<number> {
  const { positionals } = parseArgs({ args, options: {}, allowPositionals: true })
  if (positionals.length > 1) throw usageError('takes one path')
  const path = configPath(positionals[0], io.env)
  if (path === undefined) throw usageError('give a path, or set GATEWAY_CONFIG')

  const loaded = loadConfig(await readConfigFile(path), nodeContext(io.env))
  const written = io.env.GATEWAY_SECRET
  const secret = decodeGatewaySecret(written)
  const faults = [...(loaded.ok ? [] : loaded.faults), ...(secret.ok || !written ? [] : [secret.fault])]
  if (!loaded.ok || faults.length > 0) {
    io.err(formatFaults(faults))
    return 1
  }
  io.out(summarise(path, loaded.config))
  if (!written) io.err('GATEWAY_SECRET is not set; the gateway will not start without it.\n')
  return 0
}

function summarise(path: string, { upstream, ledger, accounts, tenants, credentials }: Config): string {
  const counts = [
    count(accounts.size, 'account'),
    count(tenants.size, 'tenant'),
    count(credentials.size, 'key'),
  ].join(', ')
  return `${path} is fine: ${counts}; upstream ${upstream.baseUrl}; ledger ${ledger.kind}\n`
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
