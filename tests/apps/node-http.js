// Node's http, as most apps are: it knows PORT, and nothing of signals.
const http = require('http');

const pages = {
  '/': (query, body, done) => done('hello\n'),
  '/pid': (query, body, done) => done(`${process.pid}\n`),
  '/env': (query, body, done) => done(JSON.stringify(process.env)),
  '/slow': (query, body, done) => setTimeout(() => done('hello\n'), query.get('ms')),
  '/post': (query, body, done) => done(`${body} bytes\n`),
};

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const page = pages[url.pathname];
  let bytes = 0;
  response.setHeader('X-Pid', process.pid);
  response.setHeader('X-Instance', process.env.DROVER_INSTANCE || '');
  request.on('data', (data) => { bytes += data.length; });
  request.on('end', () => {
    if (!page) {
      response.statusCode = 404;
      response.end('there is no such page\n');
    } else {
      page(url.searchParams, bytes, (text) => response.end(text));
    }
  });
});

// A socket that was passed, the path of a unix socket, or a port.
function place() {
  if (process.env.LISTEN_PID === String(process.pid)) return { fd: 3 };
  if (process.argv[2]) return { path: process.argv[2] };
  return { port: Number(process.env.PORT), host: process.env.HOST };
}

server.listen(place(), () => console.log('listening'));

module.exports = pages;
