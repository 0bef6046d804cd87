// What the tests with other implementations share: a web of documents, keys, and the tool.
import { spawn } from 'node:child_process'
import { createHmac, createSign, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const require = createRequire(import.meta.url)
export const here = dirname(fileURLToPath(import.meta.url))
export const top = join(here, '../..')
export const dir = mkdtempSync(join(tmpdir(), 'obi-peers.'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))

// One pixel.
export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==', 'base64')
export const svg = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'

// Answers whatever was put under a path: {status, type, body}; a path that hangs up has status 0.
export const pages = new Map()
const server = createServer((req, res) => {
  const page = pages.get(req.url)
  if (page?.status === 0) return req.socket.destroy()
  if (!page) return res.writeHead(404, { 'Content-Type': 'text/plain' }).end('no')
  res.writeHead(page.status, { 'Content-Type': page.type, ...page.headers }).end(page.body)
})
await new Promise(done => server.listen(0, '127.0.0.1', done))
server.unref()
export const port = server.address().port
export const root = `http://127.0.0.1:${port}`
export const put = (path, body, type = 'application/json', status = 200, headers = {}) =>
  pages.set(path, { status, type, body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body), headers })

export function file(name, bytes) {
  const path = join(dir, name)
  writeFileSync(path, bytes)
  return path
}
// Runs the tool, while the server here answers it.
export function obi(verb, ...args) {
  return new Promise((done, fail) => {
    const child = spawn(join(top, 'build/dev/obi'), [verb, '--allow-net', `127.0.0.1/32:${port}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const out = [], err = []
    child.stdout.on('data', x => out.push(x))
    child.stderr.on('data', x => err.push(x))
    child.on('error', fail)
    child.on('close', code => done({ code, out: Buffer.concat(out), err: Buffer.concat(err).toString() }))
  })
}

const pair = (bits = 2048) => generateKeyPairSync('rsa', { modulusLength: bits, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
export const key = pair(), otherKey = pair()
export const b64 = x => Buffer.from(x).toString('base64url')
const digest = { RS256: 'RSA-SHA256', RS384: 'RSA-SHA384', RS512: 'RSA-SHA512' }
export function jws(payload, alg = 'RS256', privateKey = key.privateKey) {
  const text = `${b64(JSON.stringify({ alg }))}.${b64(typeof payload === 'string' ? payload : JSON.stringify(payload))}`
  const up = alg.toUpperCase()
  const signature = up === 'NONE' ? '' : up.startsWith('HS') ? createHmac('sha256', key.publicKey).update(text).digest('base64url')
    : createSign(digest[up]).update(text).sign(privateKey, 'base64url')
  return `${text}.${signature}`
}

let count = 0, failed = 0
export function ok(holds, name, why = '') {
  console.log(`${holds ? 'ok' : 'not ok'} ${++count} - ${name}`)
  if (!holds) { failed++; for (const line of String(why).split('\n')) console.log(`# ${line}`) }
}
export function end() {
  console.log(`1..${count}`)
  process.exit(failed ? 1 : 0)
}
