import { describe, expect, it } from 'vitest'
import { placeOf, readLine, siblings } from '#site/lab/files/schema/yaml-place.ts'

const MANIFEST = `apiVersion: v1
kind: Service
---
apiVersion: apps/v1
kind: Deployment # the usual
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: nginx
        ports:
          - containerPort: 80
            name: http
        env:
        - name: A
          value: "1"
      volumes: []
`.split('\n')
const at = (text: string) => MANIFEST.findIndex((line) => line.includes(text))

describe('where a line of a manifest is', () => {
  it.each([
    ['name: web', ['metadata', 'name']],
    ['containers:', ['spec', 'template', 'spec', 'containers']],
    ['image: nginx', ['spec', 'template', 'spec', 'containers', '[]', 'image']],
    ['- name: web', ['spec', 'template', 'spec', 'containers', '[]', 'name']],
    ['containerPort', ['spec', 'template', 'spec', 'containers', '[]', 'ports', '[]', 'containerPort']],
    ['name: http', ['spec', 'template', 'spec', 'containers', '[]', 'ports', '[]', 'name']],
    ['value: "1"', ['spec', 'template', 'spec', 'containers', '[]', 'env', '[]', 'value']],
    ['volumes', ['spec', 'template', 'spec', 'volumes']],
  ])('%s', (text, path) => {
    expect(placeOf(MANIFEST, at(text)).path).toEqual(path)
  })

  it('is in a document of its own, with its kind', () => {
    expect(placeOf(MANIFEST, 1)).toMatchObject({ apiVersion: 'v1', kind: 'Service', from: 0, to: 1 })
    expect(placeOf(MANIFEST, at('image'))).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
  })

  it('is known for a field that is only begun', () => {
    const lines = ['apiVersion: apps/v1', 'kind: Deployment', 'spec:', '  repl']
    expect(placeOf(lines, 3, 2).path).toEqual(['spec', ''])
    expect(placeOf([...lines, ''], 4, 0).path).toEqual([''])
  })

  it('tells which fields stand beside it', () => {
    expect([...siblings(MANIFEST, at('image'), 8)].sort()).toEqual(['env', 'name', 'ports'])
    expect([...siblings(MANIFEST, at('name: http'), 12)]).toEqual(['containerPort'])
  })

  it('is none for comments and empty lines', () => {
    expect(readLine('  # note')).toBeUndefined()
    expect(readLine('   ')).toBeUndefined()
    expect(readLine('  - - a: 1')).toMatchObject({ dashes: [2, 4], column: 6, key: 'a', value: '1' })
  })
})
