// nodemailer with its pool of connections, and nunjucks, which reads the same templates as Jinja2.
//
//     node nodemailer_pool.mjs FOLDER HOST PORT CONNECTIONS SOURCE
//
// FOLDER holds people.csv and the templates, compiled once; a message is rendered by way of
// Markdown or as HTML. A connection of the pool carries any
// number of messages (by default it is renewed after a hundred), and so many messages are under
// way that none of them waits for the next to be rendered.

import fs from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'

// The packages stand in the folder that this is run in, not beside this file.
const require = createRequire(path.join(process.cwd(), 'package.json'))
const nodemailer = require('nodemailer')
const nunjucks = require('nunjucks')

const [folder, host, port, connections, source] = process.argv.slice(2)
const at = (name) => path.join(folder, name)
const compiled = (name, autoescape) =>
  nunjucks.compile(fs.readFileSync(at(name), 'utf8'), new nunjucks.Environment(null, { autoescape }))

const subject = compiled('subject.txt.j2', false)
const ready = source === 'html'
const text = compiled(ready ? 'letter.txt.j2' : 'letter.md.j2', false)
const page = compiled(ready ? 'letter.html.j2' : 'page.html.j2', ready)
const markdown = ready ? null : require('markdown-it')({ linkify: false })
const written = (row) => {
  const words = text.render(row)
  return { text: words, html: page.render(ready ? row : { body: markdown.render(words) }) }
}

const pool = nodemailer.createTransport({
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  host,
  port: Number(port),
  secure: false,
  ignoreTLS: true
})

// No value of this audience holds a comma, a quote or a line end.
const [heads, ...lines] = fs.readFileSync(at('people.csv'), 'utf8').trimEnd().split('\n').map((line) => line.split(','))
let next = 0

async function carry () {
  while (next < lines.length) {
    const cells = lines[next++]
    const row = Object.fromEntries(heads.map((head, place) => [head, cells[place]]))
    await pool.sendMail({
      from: { name: 'Programme Chairs', address: 'chairs@example.org' },
      to: { name: row.name, address: row.address },
      subject: subject.render(row),
      ...written(row),
      textEncoding: 'base64' // quoted-printable, its choice for these words, is larger and slower
    })
  }
}

await Promise.all(Array.from({ length: 4 * Number(connections) }, carry))
pool.close()
