// Reads the streams of a file of frames with Node's parser, llhttp, strict, and
// prints what it makes of them other than drover: llhttp_reader.js [--responses]
// FRAMES. See README.
'use strict';
const { HTTPParser, methods, allMethods } = require('_http_common');
const { frames, requestLine, responseLine, report } = require('./servers.js');

const HEAD = 8; // a flag of frames
const names = allMethods || methods;
const ofResponses = process.argv[2] === '--responses';

// The messages in the stream, as lines; `error` when it was refused.
function read(stream, head) {
  const parser = new HTTPParser();
  const lines = [];
  let message, body;
  const fields = (list) => { for (const text of list) message.fields.push(text); };

  parser.initialize(ofResponses ? HTTPParser.RESPONSE : HTTPParser.REQUEST, {}, 1 << 24, 0);
  parser[HTTPParser.kOnHeaders | 0] = (list, url) => {
    if (message.headed)
      return; // trailers
    fields(list);
    message.url += url;
  };
  parser[HTTPParser.kOnMessageBegin | 0] = () => {
    message = { fields: [], url: '', headed: false };
    body = [];
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, list, method, url, status) => {
    fields(list || []);
    message.url += url || '';
    message.method = names[method];
    message.status = status;
    message.headed = true;
    if (!head || status < 200)
      return 0;
    head = false;
    return 1; // no body
  };
  parser[HTTPParser.kOnBody | 0] = (buffer) => { body.push(Buffer.from(buffer)); };
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    const all = Buffer.concat(body);
    lines.push(ofResponses ? responseLine(message.status, message.fields, all) :
      requestLine(message.method, message.url, message.fields, all));
  };
  const used = parser.execute(stream, 0, stream.length);
  let error = used instanceof Error ? used.code : used < stream.length ? 'stopped' : '';
  if (ofResponses && !error) {
    const end = parser.finish();
    error = end instanceof Error ? end.code : '';
  }
  parser.close();
  return { lines, error };
}

const differences = report();
for (const frame of frames(process.argv[ofResponses ? 3 : 2]))
  if (frame.stream.length > 0)
    differences.compare(frame, frame.lines.slice(0, frame.streamRequests),
      read(frame.stream, ofResponses && (frame.flags & HEAD) !== 0));
differences.print();
