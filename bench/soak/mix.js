// What the clients of the soak ask for, and which answers they take as final.

export const tenants = ['alpha', 'beta', 'gamma', 'delta']
/** Two accounts of two tenants, with a number each. */
export const accountOf = (tenant) => (tenant === 'alpha' || tenant === 'beta' ? 'north' : 'south')
export const numberOf = (tenant) => (accountOf(tenant) === 'north' ? '106540352242922' : '106540352242923')
export const keyOf = (tenant) => `kgw_soak_${tenant}`

const pick = (list) => list[Math.floor(Math.random() * list.length)]

/** Recipients whose fault goes away after the digit's number of tries; nothing is sent before (docs/sandbox.md). */
const passing = [
  '00001',
  '00002',
  '00003',
  '50000',
  '50001',
  '50200',
  '50201',
  '50202',
  '50300',
  '50301',
  '50400',
]
/** Recipients whose message is sent, though the first answer does not say so. */
const hidden = [
  ...[
    '00010',
    '00011',
    '00012',
    '00013',
    '00014',
    '00015',
    '20001',
    '20002',
    '20003',
    '20004',
    '20005',
    '20006',
  ],
  ...['20007', '20200', '50009', '50209', '50409'],
]
/** Recipients that are refused for good. */
const refused = ['+999040000', '+999040001', '+999040002', '+999042201', '+9991131047']
/** Each holds up a whole account for a while, so they come by the clock. */
const holdingUp = ['42900', '42901', '42902', '40100']
const HELD_UP_EVERY_MS = 20_000

const faulty = () => {
  const chance = Math.random()
  if (chance < 0.45) return `+9990${pick(passing)}${pick(['1', '2', '3', '4'])}`
  if (chance < 0.9) return `+9990${pick(hidden)}`
  return pick(refused)
}

/** So many of the latest sends are repeated, and read. */
const RECENT = 2000
const READABLE = 500

const invalidBodies = [
  '{"messaging_product":',
  '[]',
  '{"type":"text"}',
  JSON.stringify({ messaging_product: 'whatsapp', to: '12', type: 'text', text: { body: 'x' } }),
  JSON.stringify({ messaging_product: 'whatsapp', to: '+14155550123', type: 'sticker' }),
  JSON.stringify({ messaging_product: 'whatsapp', to: '+14155550123', type: 'text', text: { body: '' } }),
]

const textTo = (to, words) =>
  JSON.stringify({ messaging_product: 'whatsapp', to, type: 'text', text: { body: words } })

const ordinary = () => `+1415555${String(Math.floor(Math.random() * 10_000)).padStart(4, '0')}`

/** Draws one request after another. `faultShare`: of the keyed sends. */
export function createMix({ faultShare }) {
  const run = Math.random().toString(36).slice(2)
  let count = 0
  let heldUpAt = performance.now()
  /** Keyed sends that a duplicate may be made of. */
  let recent = []
  /** Ids of messages that can be read. */
  let readable = []

  const recipient = () => {
    if (faultShare > 0 && performance.now() - heldUpAt > HELD_UP_EVERY_MS) {
      heldUpAt = performance.now()
      return `+9990${pick(holdingUp)}1`
    }
    return Math.random() < faultShare ? faulty() : ordinary()
  }
  const post = (kind, more) => {
    const tenant = pick(tenants)
    const path = `/v1/${numberOf(tenant)}/messages`
    return { kind, method: 'POST', tenant, path, bearer: keyOf(tenant), ...more }
  }
  const get = (kind, path, tenant = pick(tenants)) => ({
    kind,
    method: 'GET',
    path,
    bearer: keyOf(tenant),
    tenant,
  })

  const keyedSend = () => {
    const body = textTo(recipient(), `Message ${run}-${count}`)
    const asked = post('keyed send', { key: `${run}-${count}`, body })
    if (recent.length < RECENT) recent.push(asked)
    else recent[count % RECENT] = asked
    return asked
  }
  const duplicate = () => (recent.length === 0 ? keyedSend() : { ...pick(recent), kind: 'duplicate' })
  const sendWithoutKey = () =>
    post('send without a key', { body: textTo(ordinary(), `Message ${run}-${count}`) })
  const receipt = () =>
    post('receipt', {
      body: JSON.stringify({ status: 'read', message_id: `wamid.soak${run}${count}` }),
      ...(Math.random() < 0.5 && { key: `${run}-${count}` }),
    })
  const read = () => {
    const one = pick(readable)
    if (one !== undefined && Math.random() < 0.95) return get('read', `${one.path}/${one.id}`, one.tenant)
    const tenant = pick(tenants)
    return get('read', `/v1/${numberOf(tenant)}/messages?limit=1`, tenant)
  }
  const ownLimits = () => get('own limits', '/v1/me')
  const invalid = () => post('invalid body', { body: pick(invalidBodies), expect: 400 })
  const badKey = () =>
    post('bad key', { bearer: `kgw_nobody_${count}`, body: textTo(ordinary(), 'x'), expect: 401 })

  /** Each with the sum of its share and those before it. */
  const makers = [
    [0.46, keyedSend],
    [0.62, duplicate],
    [0.72, sendWithoutKey],
    [0.82, receipt],
    [0.92, read],
    [0.95, ownLimits],
    [0.98, invalid],
    [1, badKey],
  ]

  return {
    next() {
      count += 1
      const chance = Math.random()
      return (makers.find(([upTo]) => chance < upTo)?.[1] ?? keyedSend)()
    },
    /** A message was sent under `id`: it can be read from now on. */
    sent(asked, id) {
      if (readable.length < READABLE) readable.push({ path: asked.path, tenant: asked.tenant, id })
      else readable[count % READABLE] = { path: asked.path, tenant: asked.tenant, id }
    },
    /** The upstream has forgotten everything. */
    forget() {
      recent = []
      readable = []
    },
  }
}
