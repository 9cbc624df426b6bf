// What the readers in Node have in common: frames, the line that stands for a
// request or a response, the comparison. As a program, the servers behind drover and nginx that
// answer with that line: servers.js plain|sink PATH.
'use strict';
const fs = require('fs');
const http = require('http');

const skipped = new Set(['host', 'connection', 'te', 'transfer-encoding', 'upgrade', 'x-forwarded-for', 'x-forwarded-proto',
  'x-forwarded-host', 'forwarded', 'max-forwards']);
const skippedInResponses = new Set(['connection', 'transfer-encoding', 'content-length', 'via']);
const table = new Uint32Array(256).map((_, i) => {
  for (let bit = 0; bit < 8; bit++)
    i = i & 1 ? i >>> 1 ^ 0xedb88320 : i >>> 1;
  return i;
});

function crcAdd(crc, bytes) {
  crc = ~crc;
  for (let i = 0; i < bytes.length; i++)
    crc = crc >>> 8 ^ table[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}

const hex = (number) => number.toString(16).padStart(8, '0');

// The frames of a file that cases wrote.
function* frames(path) {
  const data = fs.readFileSync(path);
  let at = 0;
  while (at < data.length) {
    const [kind, flags, streamRequests, raw, stream, expected] = [0, 4, 8, 12, 16, 20].map((i) => data.readUInt32LE(at + i));
    at += 24;
    const text = data.latin1Slice(at + raw + stream, at + raw + stream + expected);
    yield { kind, flags, streamRequests, raw: data.subarray(at, at + raw), stream: data.subarray(at + raw, at + raw + stream),
      lines: text.split('\n').slice(0, -1) };
    at += raw + stream + expected;
  }
}

// BODY-LENGTH BODY-CRC FIELDS FIELDS-CRC; fields: name, value, name, ...
function contentOf(fields, body, without) {
  let crc = 0, count = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i].toLowerCase();
    if (without.has(name))
      continue;
    const value = fields[i + 1].replace(/^[ \t]+|[ \t]+$/g, '');
    crc = crcAdd(crc, Buffer.from(`${name.slice(0, 256)}:${value}\n`, 'latin1'));
    count++;
  }
  return `${body.length} ${hex(crcAdd(0, body))} ${count} ${hex(crc)}`;
}

// METHOD TARGET HOST, and that
function requestLine(method, target, fields, body) {
  let host = '';
  for (let i = 0; i < fields.length; i += 2)
    if (fields[i].toLowerCase() === 'host')
      host += fields[i + 1].replace(/^[ \t]+|[ \t]+$/g, '');
  return `${method} ${target} ${host} ${contentOf(fields, body, skipped)}`;
}

// STATUS, and that
const responseLine = (status, fields, body) => `${status} ${contentOf(fields, body, skippedInResponses)}`;

// Counts what is the same, refused by the reader, and different, by class.
function report() {
  const counts = {}, shown = [], refusals = {};
  const compare = (frame, expected, seen) => {
    const row = counts[frame.kind] = counts[frame.kind] || [0, 0, 0];
    const same = seen.lines.length <= expected.length && seen.lines.every((line, i) => line === expected[i]);
    const verdict = !same ? 2 : seen.lines.length === expected.length && !seen.refused ? 0 : 1;
    row[seen.error || verdict !== 1 ? verdict : 2]++;
    if (verdict === 1 && seen.error) {
      refusals[seen.error] = refusals[seen.error] || { count: 0, example: frame.stream.toString('latin1', 0, 300) };
      refusals[seen.error].count++;
    } else if (verdict !== 0 && shown.length < 20) {
      shown.push({ raw: frame.raw.toString('latin1', 0, 2000),
        stream: frame.stream.toString('latin1', 0, 2000), expected, seen });
    }
  };
  return { compare, print: () => console.log(JSON.stringify({ counts, refusals, different: shown })) };
}

// A server that answers each request with the line that stands for it.
function server(path, sink) {
  const options = { maxHeaderSize: 1 << 20, insecureHTTPParser: false, keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 };
  http.createServer(options, (request, response) => {
    const body = [];
    request.on('data', (data) => body.push(data));
    request.on('end', () => {
      const all = Buffer.concat(body), named = request.headers;
      const line = sink ? requestLine(named['x-method'], named['x-target'], ['host', named['x-host'] || ''], all) :
        requestLine(request.method, request.url, request.rawHeaders, all);
      response.writeHead(200, { 'X-Read': line, 'Content-Length': 0 });
      response.end();
    });
  }).listen(path, () => console.log('ready'));
}

module.exports = { frames, requestLine, responseLine, report };
if (require.main === module)
  server(process.argv[3], process.argv[2] === 'sink');
