/** The gateway's own code, as the entry points compose it. */

export { parseMessage } from '../src/domain/message.ts'
export { send } from '../src/pipeline/send.ts'
export { stackUpstream } from '../src/upstream/stack.ts'
export { createUpstreamState } from '../src/upstream/state.ts'
