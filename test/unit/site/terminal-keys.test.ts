import { describe, expect, it } from 'vitest'
import { keyAction } from '#site/lab/terminal/keys.ts'
import { cleanPaste, isSeveralLines } from '#site/lab/terminal/paste.ts'

const key = (code: string, ...held: ('ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey')[]) => ({
  code,
  ctrlKey: held.includes('ctrlKey'),
  shiftKey: held.includes('shiftKey'),
  altKey: held.includes('altKey'),
  metaKey: held.includes('metaKey'),
})

describe('the terminal’s own keys', () => {
  it('copies, pastes and finds with Ctrl+Shift, as desktop terminals do', () => {
    expect(keyAction(key('KeyC', 'ctrlKey', 'shiftKey'))).toBe('copy')
    expect(keyAction(key('KeyV', 'ctrlKey', 'shiftKey'))).toBe('paste')
    expect(keyAction(key('KeyF', 'ctrlKey', 'shiftKey'))).toBe('find')
  })

  it('leaves Ctrl+C, Tab and Escape to the shell', () => {
    expect(keyAction(key('KeyC', 'ctrlKey'))).toBeUndefined()
    expect(keyAction(key('Tab'))).toBeUndefined()
    expect(keyAction(key('Escape'))).toBeUndefined()
  })

  it('has a way out of the keyboard trap', () => {
    expect(keyAction(key('F6'))).toBe('leave')
  })
})

describe('pasted text', () => {
  it('loses what could end bracketed paste or drive the terminal', () => {
    expect(cleanPaste('ls\u001b[201~\nrm -rf x\u009b1m\u0007')).toBe('ls[201~\nrm -rf x1m')
  })

  it('keeps tabs, and makes every line end the same', () => {
    expect(cleanPaste('a\tb\r\nc\rd')).toBe('a\tb\nc\nd')
  })

  it('is shown first when a line break in it would run something', () => {
    expect(isSeveralLines('ls')).toBe(false)
    expect(isSeveralLines('ls\n')).toBe(true)
  })
})
