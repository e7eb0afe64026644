import { expect, it } from 'vitest'
import { decodeManagers, isReset } from '#kubernetes/apiserver/apply/decode-managers.ts'
import { shared } from '#kubernetes/apiserver/apply/shared-sets.ts'

// Models apimachinery/pkg/util/managedfields/internal/managedfields.go (DecodeManagedFields), read 2026-11.

const entry = {
  manager: 'kubectl',
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': { '.': {}, 'k:{"name":"a"}': {}, 'v:1': null, 'i:0': {} } },
}

it('reads who owns what, and leaves out kinds of elements that it does not know', () => {
  const [read] = decodeManagers([{ ...entry, fieldsV1: { ...entry.fieldsV1, 'x:new': {} } }])!
  expect(read).toEqual({
    ...entry,
    fieldsV1: { 'f:spec': { '.': {}, 'k:{"name":"a"}': {}, 'v:1': {}, 'i:0': {} } },
  })
  expect(decodeManagers([{ ...entry, fieldsV1: undefined }])).toMatchObject([{ fieldsV1: {} }])
})

it.each([
  ['no list', 'x'],
  ['an empty entry among others', [entry, {}]],
  ['nothing', [null]],
  ['an operation that there is not', [{ ...entry, operation: 'Create' }]],
  ['no version', [{ ...entry, apiVersion: '' }]],
  ['another type of fields', [{ ...entry, fieldsType: 'FieldsV2' }]],
  ['a text for the fields', [{ ...entry, fieldsV1: 'f:a' }]],
  ['a text for a field', [{ ...entry, fieldsV1: { 'f:a': 'b' } }]],
  ['a list for a field', [{ ...entry, fieldsV1: { 'f:a': [] } }]],
  ['a key that is none', [{ ...entry, fieldsV1: { spec: {} } }]],
  ['a key of a list element that is no JSON', [{ ...entry, fieldsV1: { 'k:{': {} } }]],
])('cannot read %s', (_, managers) => {
  expect(decodeManagers(managers as never)).toBeUndefined()
})

it('knows the empty entry that takes all owners away', () => {
  expect(isReset([{}])).toBe(true)
  expect(isReset([])).toBe(false)
  expect(isReset([{}, {}])).toBe(false)
})

it('shares sets that are alike, sorted, and no others', () => {
  const one = shared({ 'f:b': {}, 'f:a': { 'f:c': {} } })
  expect(shared({ 'f:a': { 'f:c': {} }, 'f:b': {} })).toBe(one)
  expect(Object.keys(one)).toEqual(['f:a', 'f:b'])
  expect(shared({ 'f:a': { 'f:d': {} }, 'f:b': {} })).not.toBe(one)
  // More sets than are remembered: each is still what it was asked for.
  for (let n = 0; n < 10_000; n++) expect(shared({ [`f:${n}`]: {} })).toEqual({ [`f:${n}`]: {} })
  expect(shared({ 'f:a': { 'f:c': {} }, 'f:b': {} })).toEqual(one)
})
