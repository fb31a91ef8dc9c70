import type { Answer } from '../domain/answer.ts'

/** An answer as it is kept: its fields as a JSON list, a line end, and the body as it is. */
export function packAnswer(answer: Answer): string {
  const { status, body, code, outcome, retryAfterSeconds, upstreamRequestId } = answer
  const fields = [status, code, outcome, retryAfterSeconds, upstreamRequestId]
  while (fields.at(-1) === undefined) fields.pop()
  return `${JSON.stringify(fields)}\n${body}`
}

export function unpackAnswer(packed: string): Answer {
  const end = packed.indexOf('\n')
  const [status, code, outcome, retryAfterSeconds, upstreamRequestId] = JSON.parse(packed.slice(0, end))
  return {
    status,
    body: packed.slice(end + 1),
    ...(code != null && { code }),
    ...(outcome != null && { outcome }),
    ...(retryAfterSeconds != null && { retryAfterSeconds }),
    ...(upstreamRequestId != null && { upstreamRequestId }),
  }
}
