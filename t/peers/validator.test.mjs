// openbadges-validator 1.1.1 and `obi verify` over the same badges of 1.0 and 1.1, hosted and signed: the same verdict,
// or a difference that differences.json explains. With --docs it prints docs/verification-differences.md, made from that.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { b64, end, file, here, jws, obi, ok, otherKey, key, png, put, require, root, svg, top } from './serve.mjs'

const differences = JSON.parse(readFileSync(join(here, 'differences.json'), 'utf8'))
const docs = `# Differences to openbadges-validator

<!-- Made by \`node t/peers/validator.test.mjs --docs\` from t/peers/differences.json. Edit that. -->

\`t/peers/validator.test.mjs\` gives badges of Open Badges 1.0 and 1.1, hosted and signed, to openbadges-validator 1.1.1 (npm)
and to \`obi verify\`: good ones, and each property missing, empty, or something else. Where the verdicts differ, this is why.
Where openbadges-validator throws or never answers, it counts as invalid. Rules are those of [verification](verification.md).

| badges | openbadges-validator | OBI | why |
| --- | --- | --- | --- |
${differences.map(d => `| ${d.what} | ${d.theirs} | ${d.ours} | ${d.why} |`).join('\n')}
`
if (process.argv.includes('--docs')) { process.stdout.write(docs); process.exit(0) }

const validate = require('openbadges-validator')
// It fetches the context of 1.1, although it brings it.
const { context_iri, context_doc } = require('openbadges-validator/lib/constants').VERSIONS['1.1.0']
require('jsonld').documentLoader = (url, done) => done(null, { contextUrl: null, documentUrl: url, document: url === context_iri ? context_doc : { '@context': {} } })
let current
process.on('uncaughtException', error => current?.({ crashed: error })) // its callbacks are called twice, and it has no types
const theirs = input => new Promise(done => {
  current = done
  const timer = setTimeout(() => done({ hangs: true }), 3000)
  const finish = (error, data) => { clearTimeout(timer); done({ error, data }) }
  try { validate(input, finish) } catch (error) { finish(error) }
})

const V1 = 'https://w3id.org/openbadges/v1'
const sha256 = text => createHash('sha256').update(text).digest('hex')
const cases = []
let number = 0
// A case: documents made good, then changed. `change` gets them and may put pages, or return what is handed in.
function add(version, kind, name, change = () => {}) {
  const at = `/${++number}`, url = p => root + at + p
  const d = {
    assertion: { uid: 'u1', recipient: { type: 'email', hashed: true, salt: 's', identity: `sha256$${sha256('learner@example.orgs')}` }, badge: url('/class'),
      verify: { type: kind, url: url(kind === 'hosted' ? '/a' : '/key') }, issuedOn: '2020-01-01T00:00:00Z', expires: '2090-01-01T00:00:00Z', evidence: url('/evidence'), image: url('/p.png') },
    badge: { name: 'Knots', description: 'Ties knots', image: url('/p.png'), criteria: url('/criteria'), issuer: url('/issuer'), tags: ['sea'],
      alignment: [{ name: 'Rope', url: url('/rope'), description: 'Of rope' }] },
    issuer: { name: 'Sailors', url: url('/'), description: 'They sail', image: url('/p.png'), email: 'post@sailors.example', revocationList: url('/revoked') },
    revoked: { other: 'Not this one' }, key: key.publicKey, url, put: (p, ...more) => put(at + p, ...more), alg: 'RS256', private: key.privateKey, context: { version, kind } }
  if (version === '1.1') {
    Object.assign(d.assertion, { '@context': V1, type: 'Assertion', id: url('/a') })
    Object.assign(d.badge, { '@context': V1, type: 'BadgeClass', id: url('/class') })
    Object.assign(d.issuer, { '@context': V1, type: 'Issuer', id: url('/issuer'), publicKey: undefined })
  }
  d.put('/p.png', png, 'image/png')
  const input = change(d)
  for (const [path, what] of [['/a', d.assertion], ['/class', d.badge], ['/issuer', d.issuer], ['/revoked', d.revoked]])
    if (!d[path]) d.put(path, what)
  if (!d['/key']) d.put('/key', d.key, 'text/plain')
  cases.push({ name: `${version} ${kind}: ${name}`, input: input ?? (kind === 'signed' ? jws(d.assertion, d.alg, d.private) : url('/a')) })
}

const holders = { assertion: d => d.assertion, recipient: d => d.assertion.recipient, verify: d => d.assertion.verify, badge: d => d.badge,
  alignment: d => d.badge.alignment[0], issuer: d => d.issuer }
const properties = {
  assertion: ['uid', 'recipient', 'badge', 'verify', 'issuedOn', 'expires', 'evidence', 'image'], recipient: ['type', 'identity', 'hashed', 'salt'],
  verify: ['type', 'url'], badge: ['name', 'description', 'image', 'criteria', 'issuer', 'tags', 'alignment'], alignment: ['name', 'url', 'description'],
  issuer: ['name', 'url', 'description', 'image', 'email', 'revocationList'] }
const linked = { assertion: ['@context', 'type', 'id'], badge: ['@context', 'type', 'id'], issuer: ['@context', 'type', 'id'] }
const values = { missing: undefined, null: null, 'a number': 7, 'an empty text': '', 'a text': 'text', 'true': true, 'an object': { a: 1 }, 'a list of a number': [7], 'a path': '/x' }

for (const version of ['1.0', '1.1'])
  for (const kind of ['hosted', 'signed']) {
    const one = (name, change) => add(version, kind, name, change)
    one('good')
    for (const table of version === '1.1' ? [properties, linked] : [properties])
      for (const [holder, names] of Object.entries(table))
        for (const name of names)
          for (const [what, value] of Object.entries(values))
            one(`${holder}.${name} is ${what}`, d => { if (value === undefined) delete holders[holder](d)[name]; else holders[holder](d)[name] = value })
    const now = Math.floor(Date.now() / 1000)
    for (const date of ['2020-01-01', '2020-01-01T12:00', '2020-01-01T12:00:00+02:00', 1400000000, '1400000000', '2013-02', 'yesterday', '2020-13-01', 99, now + 86400 * 400])
      one(`issuedOn is ${typeof date === 'number' && date > 1.5e9 ? 'next year' : JSON.stringify(date)}`, d => { d.assertion.issuedOn = date })
    for (const date of ['2019-01-01', 1300000000, '2021-01-01', '2090-01-01', 3000000000]) one(`expires is ${JSON.stringify(date)}`, d => { d.assertion.expires = date })
    for (const [name, recipient] of Object.entries({
      'in clear': { type: 'email', hashed: false, identity: 'learner@example.org' }, 'in clear, said hashed': { type: 'email', hashed: true, identity: 'learner@example.org' },
      'a hash, said none': { type: 'email', hashed: false, identity: `sha256$${'a'.repeat(64)}` }, 'md5': { type: 'email', hashed: true, identity: `md5$${'a'.repeat(32)}` },
      'sha1': { type: 'email', hashed: true, identity: `sha1$${'a'.repeat(40)}` }, 'sha512': { type: 'email', hashed: true, identity: `sha512$${'a'.repeat(128)}` },
      'a short hash': { type: 'email', hashed: true, identity: 'sha256$abcdef' }, 'an unknown hash': { type: 'email', hashed: true, identity: 'rot13$abcdef' },
      'no address': { type: 'email', hashed: false, identity: 'somebody' }, 'an id': { type: 'id', hashed: false, identity: 'https://me.example/' } }))
      one(`recipient is ${name}`, d => { d.assertion.recipient = recipient })
    const documents = kind === 'hosted' ? { assertion: '/a', badge: '/class', issuer: '/issuer' } : { badge: '/class', issuer: '/issuer', key: '/key', revocationList: '/revoked' }
    for (const [name, path] of Object.entries(documents)) {
      for (const status of [204, 301, 404, 410, 429, 500]) one(`${name} answers ${status}`, d => { d[path] = 1; d.put(path, 'no', 'text/plain', status) })
      one(`${name} answers 500 with the right document`, d => { d[path] = 1; d.put(path, d[{ '/a': 'assertion', '/class': 'badge', '/issuer': 'issuer', '/key': 'key', '/revoked': 'revoked' }[path]], 'application/json', 500) })
      one(`${name} hangs up`, d => { d[path] = 1; d.put(path, '', '', 0) })
      one(`${name} is HTML`, d => { d[path] = 1; d.put(path, '<html/>', 'text/html') })
      one(`${name} is a list`, d => { d[path] = 1; d.put(path, [1]) })
      if (name !== 'key') one(`${name} comes as text/plain`, d => { d[path] = 1; d.put(path, d[{ '/a': 'assertion', '/class': 'badge', '/issuer': 'issuer', '/revoked': 'revoked' }[path]], 'text/plain') })
    }
    for (const [holder, of] of [['assertion', d => d.assertion], ['badge', d => d.badge], ['issuer', d => d.issuer]]) {
      const picture = (name, bytes, type, status) => one(`${holder}.image ${name}`, d => { d.put('/q', bytes, type, status); of(d).image = d.url('/q') })
      picture('is SVG', svg, 'image/svg+xml')
      picture('is PNG with a charset', png, 'image/png; charset=utf-8')
      picture('is PNG, said to be HTML', png, 'text/html')
      picture('is JPEG', Buffer.from('ffd8ffe000104a464946', 'hex'), 'image/jpeg')
      picture('is text, said to be PNG', 'text', 'image/png')
      picture('is not there', 'no', 'image/png', 404)
      picture('is out of order', 'no', 'image/png', 500)
      one(`${holder}.image is a data URI`, d => { of(d).image = `data:image/png;base64,${png.toString('base64')}` })
      one(`${holder}.image is a data URI of text`, d => { of(d).image = 'data:text/plain,a' })
    }
    for (const [name, tags] of [['one text', 'sea'], ['none', []]]) one(`tags is ${name}`, d => { d.badge.tags = tags })
    one('alignment is one object', d => { d.badge.alignment = d.badge.alignment[0] })
    one('an issuer on another host', d => { d.assertion.badge = d.url('/class').replace('127.0.0.1', '127.0.0.2') })
    one('unknown properties', d => { d.assertion.x = d.badge.x = d.issuer.x = { y: 1 } })
    if (kind === 'hosted') {
      one('revoked: true', d => { d.assertion.revoked = true })
      one('verify.url names another copy', d => { d.put('/b', { ...d.assertion, uid: 'another' }); d.assertion.verify.url = d.url('/b') })
      one('verify.type is signed', d => { d.assertion.verify.type = 'signed' })
      one('its JSON is handed in', d => JSON.stringify(d.assertion))
      one('changed JSON is handed in', d => JSON.stringify({ ...d.assertion, uid: 'changed' }))
    } else {
      for (const alg of ['RS384', 'RS512', 'none', 'HS256', 'rs256']) one(`alg is ${alg}`, d => alg === 'rs256' ? jws(d.assertion).replace(/^[^.]+/, b64('{"alg":"rs256"}')) : void (d.alg = alg))
      one('alg is rs256, so signed', d => {
        const text = `${b64('{"alg":"rs256"}')}.${b64(JSON.stringify(d.assertion))}`
        return `${text}.${require('node:crypto').createSign('RSA-SHA256').update(text).sign(key.privateKey, 'base64url')}`
      })
      one('signed with another key', d => { d.private = otherKey.privateKey })
      one('the payload is changed', d => { const [h, , s] = jws(d.assertion).split('.'); return `${h}.${b64(JSON.stringify({ ...d.assertion, uid: 'changed' }))}.${s}` })
      one('the signature is cut', d => jws(d.assertion).slice(0, -8))
      one('the signature is empty', d => jws(d.assertion).replace(/[^.]+$/, ''))
      one('the payload is no JSON', () => jws('text'))
      one('the key is no PEM', d => { d.key = 'text' })
      one('revoked by uid', d => { d.revoked = { u1: 'Cheated' } })
      one('revoked by uid without a reason', d => { d.revoked = { u1: true } })
      one('listed as not revoked', d => { d.revoked = { u1: false } })
      one('verify.type is hosted', d => { d.assertion.verify.type = 'hosted' })
      
    }
  }

const asked = cases.map((c, i) => c.input.startsWith(root) ? c.input : file(`in${i}`, c.input))
const lines = (await obi('verify', '--json', ...asked)).out.toString().trim().split('\n')
ok(lines.length === cases.length, `obi verify answers all ${cases.length} badges`, `${lines.length} answers`)
const used = new Map(), unexplained = []
let agreed = 0, good = 0
for (const [i, c] of cases.entries()) {
  let answer = await theirs(c.input)
  // A callback of the badge before may have thrown late.
  if (answer.crashed || answer.hangs) answer = await theirs(c.input)
  const report = JSON.parse(lines[i] || '{}').report ?? {}
  const ours = report.outcome ?? 'nothing'
  const verdict = answer.crashed || answer.hangs || answer.error ? 'invalid' : 'valid'
  // What could not be checked is not valid, and they know no third.
  if ((verdict === 'valid') === (ours === 'valid')) { agreed++; good += ours === 'valid'; continue }
  const why = differences.find(d => new RegExp(d.cases).test(c.name) && d.theirs === verdict && d.ours === ours)
  if (why) used.set(why, (used.get(why) ?? 0) + 1)
  else unexplained.push(`${c.name}: they say ${verdict}, we say ${ours} | ${JSON.stringify(answer.error?.code ?? answer.error?.message ?? answer.crashed?.message ?? '')} | ${(report.messages ?? []).filter(m => m.messageLevel === 'ERROR').map(m => m.key + ' ' + (m.prop_name ?? '')).join(', ')}`)
}
ok(unexplained.length === 0, `of ${cases.length} verdicts ${agreed} agree (${good} valid) and the others are explained`, unexplained.join('\n'))
const idle = differences.filter(d => !used.has(d))
ok(idle.length === 0, 'each explanation is of a difference that there is', idle.map(d => d.cases).join('\n'))
ok(readFileSync(join(top, 'docs/verification-differences.md'), 'utf8') === docs, 'docs/verification-differences.md is what differences.json says')
end()
