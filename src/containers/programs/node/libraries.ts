import { readFileSync } from 'node:fs'

const read = (name: string) => readFileSync(new URL(`library/${name}`, import.meta.url), 'utf8')

/** The parts of Node.js that are there, in the order in which they need each other; they share one scope. */
const PARTS = [
  'host',
  'util',
  'buffer',
  'timers',
  'events',
  'process',
  'path-and-url',
  'fs',
  'http',
  'modules',
]

/** What runs first in every sandbox: the host is reached by `host` alone. */
export const bootstrap = (): string =>
  `;(function (host) {\n${PARTS.map((name) => read(`bootstrap/${name}.js`)).join('\n')}})(globalThis.__host)\n`

/** Packages that do something here; one line each but for express. */
const SMALL: Record<string, string> = {
  cors: "module.exports = () => (_req, res, next) => { res.setHeader('Access-Control-Allow-Origin', '*'); next() }\n",
  morgan:
    'module.exports = () => (req, res, next) => { const began = Date.now(); res.on(\'finish\', () => console.log(`${req.ip} - "${req.method} ${req.originalUrl} HTTP/1.1" ${res.statusCode} - ${Date.now() - began} ms`)); next() }\n',
  dotenv:
    "const fs = require('fs')\nexports.config = () => { if (fs.existsSync('.env')) for (const line of fs.readFileSync('.env', 'utf8').split('\\n')) { const m = /^\\s*([\\w.]+)\\s*=\\s*(.*?)\\s*$/.exec(line); if (m) process.env[m[1]] ??= m[2].replace(/^['\"]|['\"]$/g, '') } return {} }\n",
  uuid: "exports.v4 = () => require('crypto').randomUUID()\n",
  'body-parser':
    "const express = require('express')\nmodule.exports = { json: express.json, urlencoded: express.urlencoded, text: express.text, raw: express.raw }\n",
}

/** The code that `npm install` writes for a package: a stand-in, or an error that says there is none. */
export function readLibrary(name: string): string {
  if (name === 'express') return read('express.js')
  return (
    SMALL[name] ??
    `throw new Error('drydock: the npm package ${name} is known by name only; the simulation has no code of it')\n`
  )
}
