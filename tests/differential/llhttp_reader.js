// Reads the streams of a file of frames with Node's parser, llhttp, strict, and
// prints what it makes of them other than drover: README.
'use strict';
const { HTTPParser, methods, allMethods } = require('_http_common');
const { frames, requestLine, report } = require('./servers.js');

const names = allMethods || methods;

// The requests in the stream, as lines; `error` when it was refused.
function read(stream) {
  const parser = new HTTPParser();
  const lines = [];
  let request, body;
  const fields = (list) => { for (const text of list) request.fields.push(text); };

  parser.initialize(HTTPParser.REQUEST, {}, 1 << 24, 0);
  parser[HTTPParser.kOnHeaders | 0] = (list, url) => {
    if (request.headed)
      return; // trailers
    fields(list);
    request.url += url;
  };
  parser[HTTPParser.kOnMessageBegin | 0] = () => {
    request = { fields: [], url: '', headed: false };
    body = [];
  };
  parser[HTTPParser.kOnHeadersComplete | 0] = (major, minor, list, method, url) => {
    fields(list || []);
    request.url += url || '';
    request.method = names[method];
    request.headed = true;
    return 0;
  };
  parser[HTTPParser.kOnBody | 0] = (buffer) => { body.push(Buffer.from(buffer)); };
  parser[HTTPParser.kOnMessageComplete | 0] = () => {
    lines.push(requestLine(request.method, request.url, request.fields, Buffer.concat(body)));
  };
  const used = parser.execute(stream, 0, stream.length);
  const error = used instanceof Error ? used.code : used < stream.length ? 'stopped' : '';
  parser.close();
  return { lines, error };
}

const differences = report();
for (const frame of frames(process.argv[2]))
  if (frame.stream.length > 0)
    differences.compare(frame, frame.lines.slice(0, frame.streamRequests), read(frame.stream));
differences.print();
