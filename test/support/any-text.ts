import * as fc from 'fast-check'

const codeUnit = fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xffff }))

/** Any text that a JavaScript string can hold; control characters and lone surrogates are frequent. */
export const anyText = fc.string({ unit: codeUnit.map((unit) => String.fromCharCode(unit)) })
