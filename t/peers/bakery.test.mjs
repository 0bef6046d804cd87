// What OBI bakes, npm's openbadges-bakery reads, and the other way round: pictures of both kinds, and what can be in them.
import { end, file, jws, obi, ok, png, put, require, root, svg } from './serve.mjs'

// bitwriter, which it writes chunks with, makes itself a Buffer in a way that no later Node lets it: the parts of it that
// are used, over a real one.
require.cache[require.resolve('bitwriter')] = Object.assign(new (require('module'))('bitwriter'), { loaded: true, exports: size => {
  const buffer = Buffer.alloc(size)
  let at = 0
  const writers = {
    write32: n => { at = buffer.writeUInt32BE(n, at); return buffer },
    // A text ends with a zero where there is room for one; the width of a number is the least it needs.
    write: data => {
      if (typeof data === 'number') at = buffer.writeUInt8(data, at)
      else at = Math.min(at + Buffer.from(data).copy(buffer, at) + 1, size)
      return buffer
    },
  }
  return Object.assign(buffer, writers, { attach: to => Object.assign(to, Object.fromEntries(Object.entries(writers).map(([name, fn]) => [name, (...x) => { fn(...x); return to }]))) })
} })
require('util').isArray = Array.isArray
const bakery = require('openbadges-bakery')
const call = (fn, ...args) => new Promise(done => fn(...args, (error, value) => done({ error, value })))

const hosted = { uid: '1', recipient: { type: 'email', hashed: false, identity: 'learner@example.org' }, badge: `${root}/class`,
  verify: { type: 'hosted', url: `${root}/a?x=1&y=2` }, issuedOn: '2020-01-01', evidence: 'https://e.example/?a="b"\'c<d>&amp;ü🏅' }
const v2 = { '@context': 'https://w3id.org/openbadges/v2', id: `${root}/v2`, type: 'Assertion', name: 'Ärger' }
const signed = { ...hosted, verify: { type: 'signed', url: `${root}/key` } }
put('/a?x=1&y=2', hosted)
put('/v2', v2)

// What is baked, how OBI is given it, how the bakery is, and what the bakery's debake makes of it.
const kinds = [
  { name: 'JSON of 1.0', text: JSON.stringify(hosted), theirs: { assertion: hosted }, means: hosted },
  { name: 'JSON of 2.0', text: JSON.stringify(v2), theirs: { assertion: v2, url: v2.id }, means: v2 },
  { name: 'an address', text: hosted.verify.url, theirs: { url: hosted.verify.url }, means: hosted },
  { name: 'a signed badge', text: jws(signed), theirs: { signature: jws(signed) }, means: signed },
]
const pictures = [
  { name: 'PNG', file: 'p.png', bytes: png },
  { name: 'SVG', file: 'p.svg', bytes: Buffer.from(svg) },
  { name: 'a long SVG', file: 'l.svg', bytes: Buffer.from(`<?xml version="1.0"?>\n${svg.replace('<rect', `<title>${'t'.repeat(500)}</title><svg/><rect`)}`) },
]
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)
// openbadges-bakery waits for 256 bytes before it says what a file is: it gets more behind the end.
const padded = bytes => Buffer.concat([bytes, Buffer.alloc(300, bytes[0] === 0x89 ? 0 : ' ')])

for (const picture of pictures)
  for (const kind of kinds) {
    const where = `${kind.name} in ${picture.name}`
    const path = file(picture.file, picture.bytes)
    // `obi bake` verifies an address before it bakes one; out of a file it is baked as it is.
    const ours = await obi('bake', '--assertion', file('assertion', kind.text), path)
    if (ours.code !== 0) { ok(false, `${where}: baked by OBI`, ours.err); continue }
    const read = await call(bakery.extract, padded(ours.out))
    ok(read.value === kind.text, `${where}: what OBI baked, openbadges-bakery extracts`, read.error ?? read.value)
    const meant = await call(bakery.debake, padded(ours.out))
    ok(same(meant.value, kind.means), `${where}: and it means the same to it`, meant.error ?? JSON.stringify(meant.value))

    // Into a PNG it would write an address rather than the assertion.
    const given = picture.name === 'PNG' && kind.theirs.assertion ? { assertion: kind.theirs.assertion } : kind.theirs
    const theirs = await call(bakery.bake, { ...given, image: padded(picture.bytes) })
    if (theirs.error) { ok(false, `${where}: baked by openbadges-bakery`, theirs.error); continue }
    const baked = Buffer.from(theirs.value)
    const back = await obi('unbake', file('theirs', baked))
    ok(back.out.toString().trimEnd() === kind.text, `${where}: what openbadges-bakery baked, OBI extracts`, back.err + back.out)
    // Over each other's work: the old badge is gone.
    const over = await obi('bake', '--assertion', file('assertion', kind.text), file(picture.file, baked))
    const one = await call(bakery.extract, padded(over.out))
    const found = over.out.toString('latin1').split(picture.name === 'PNG' ? 'openbadges\0' : '<openbadges:assertion').length - 1
    ok(one.value === kind.text && found === 1, `${where}: baked over openbadges-bakery's, it is the only one`, `${found} ${over.err}`)
  }

// It writes into CDATA whatever there is, and reads one section only: where an assertion ends it, ours is the one that holds.
const ends = { ...hosted, evidence: 'https://e.example/?]]>' }
const theirs = await call(bakery.bake, { assertion: ends, image: padded(Buffer.from(svg)) })
ok((await obi('unbake', file('theirs', Buffer.from(theirs.value)))).out.toString().trimEnd() !== JSON.stringify(ends), 'an assertion that ends its CDATA is torn in theirs')
const ours = await obi('bake', '--assertion', file('assertion', JSON.stringify(ends)), file('p.svg', svg))
ok((await obi('unbake', file('ours', ours.out))).out.toString().trimEnd() === JSON.stringify(ends), 'and is whole in ours')
const none = await call(bakery.extract, padded(png))
ok(none.error?.code === 'IMAGE_UNBAKED' && (await obi('unbake', file('none.png', png))).code === 1, 'a picture without a badge is one to both')
end()
