// Sends the bytes of each frame over a connection of its own, to nginx or to
// drover, with servers.js or h11_reader.py behind it, whose answers tell what they
// have read: through.js PATH FRAMES stream|raw FIELDS CONNECTIONS
'use strict';
const net = require('net');
const { frames, report } = require('./servers.js');

const [path, file, what, fields, connections] = process.argv.slice(2);
const SILENCE = 20000; // milliseconds without an answer: the server takes it for the beginning of more
const SILENT = 999;
const differences = report();
const queue = frames(file);

// What each answer says: its X-Read, or its status when it has none.
function* answers(text) {
  for (let at = 0, end; (end = text.indexOf('\r\n\r\n', at)) >= 0;) {
    const head = text.slice(at, end + 2);
    const status = +head.slice(9, 12), length = /\r\ncontent-length: *(\d+)\r\n/i.exec(head);
    const read = /\r\nx-read: ([^\r]*)\r\n/i.exec(head);
    at = end + 4 + (length && status >= 200 ? +length[1] : 0);
    yield { read: read && read[1], status };
  }
}

// What of a line is compared: nginx does not tell of fields.
const cut = (line) => fields === 'fields' ? line : line.split(' ').slice(0, 5).join(' ');

function compare(frame, received) {
  const raw = what === 'raw', seen = { lines: [], error: '', refused: false };
  let expected = (raw ? frame.lines : frame.lines.slice(0, frame.streamRequests)).map(cut);
  for (const answer of answers(received)) {
    if (answer.read)
      seen.lines.push(cut(answer.read));
    else if (answer.status === SILENT)
      seen.lines.push('silence');
    else if (answer.status >= 400)
      seen.error = `status ${answer.status}`;
    if (answer.status >= 400 && raw && seen.lines.length < expected.length) {
      seen.lines.push(expected[seen.lines.length]); // the server refused it: through drover, others may follow
      seen.refused = true;
    }
  }
  if (frame.flags & 2 && seen.lines.length < expected.length)
    expected = expected.slice(0, seen.lines.length); // behind an answer of drover's own there may be more or not
  differences.compare(frame, expected, seen);
}

function next(done) {
  const { value: frame, done: over } = queue.next();
  if (over)
    return done();
  const bytes = what === 'raw' ? frame.raw : frame.stream;
  if (bytes.length === 0)
    return setImmediate(next, done);
  const socket = net.connect({ path, allowHalfOpen: true });
  const received = [];
  let ended = false;
  const finish = (silent) => {
    if (ended)
      return;
    ended = true;
    if (silent)
      received.push(Buffer.from(`HTTP/1.1 ${SILENT} silence\r\n\r\n`));
    compare(frame, Buffer.concat(received).latin1Slice());
    socket.destroy();
    next(done);
  };
  socket.setTimeout(SILENCE, () => finish(true));
  socket.on('data', (data) => received.push(data));
  socket.on('end', () => finish(false));
  socket.on('error', () => finish(false));
  socket.end(bytes);
}

let running = +connections;
for (let i = 0; i < +connections; i++)
  next(() => { if (--running === 0) differences.print(); });
