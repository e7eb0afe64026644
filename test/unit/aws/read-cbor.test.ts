import { cbor, tag } from '@smithy/core/cbor'
import { expect, it, vi } from 'vitest'
import { CborError, readCbor } from '#aws/wire/read-cbor.ts'

const hex = (text: string) => readCbor(Buffer.from(text, 'hex'))

it('reads what the SDK writes', () => {
  const value = { a: [1, -7, 70_000, 2 ** 40, 1.5, true, null], b: { c: 'é', d: '' } }
  expect(readCbor(cbor.serialize(value))).toEqual(value)
  expect(readCbor(cbor.serialize({ time: tag({ tag: 1, value: 1.25 }), bytes: Buffer.from('x') }))).toEqual({
    time: 1.25,
    bytes: 'eA==',
  })
})

// Examples of https://www.rfc-editor.org/rfc/rfc8949#appendix-A
it.each([
  ['f93c00', 1],
  ['f97bff', 65_504],
  ['f90001', 2 ** -24],
  ['f9c400', -4],
  ['f9fc00', Number.NEGATIVE_INFINITY],
  ['fa47c35000', 100_000],
  ['1bffffffffffffffff', 2 ** 64],
  ['3903e7', -1000],
  ['5f42010243030405ff', Buffer.from([1, 2, 3, 4, 5]).toString('base64')],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf6346756ef563416d7421ff', { Fun: true, Amt: -2 }],
])('reads %s', (text, value) => {
  expect(hex(text)).toEqual(value)
})

it.each([
  '',
  'ff',
  '9f',
  '81',
  '81ff',
  'a101',
  'a16161',
  '5bffffffffffffffff',
  'fc',
  '1c',
  '0000',
  '81'.repeat(500),
])('refuses %s, and prints nothing', (text) => {
  const printed = vi.spyOn(console, 'warn')
  expect(() => hex(text)).toThrow(CborError)
  expect(printed).not.toHaveBeenCalled()
  printed.mockRestore()
})

it('keeps keys that are names of prototypes to themselves', () => {
  const value = readCbor(cbor.serialize(JSON.parse('{"__proto__": {"a": 1}}')))
  expect(Object.keys(value as object)).toEqual(['__proto__'])
})
