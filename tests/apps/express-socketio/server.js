// Express and socket.io on one port. A client's polls, and its websocket when it changes over,
// have to reach the process that it has begun with.
const express = require('express');
const { Server } = require('socket.io');

const app = express();
app.use((request, response, next) => {
  response.set('X-Pid', String(process.pid)).set('X-Instance', process.env.DROVER_INSTANCE || '');
  next();
});
app.use(express.text({ type: () => true, limit: '1mb' }));
app.get('/', (request, response) => response.type('text').send('hello\n'));
app.get('/pid', (request, response) => response.type('text').send(`${process.pid}\n`));
app.get('/env', (request, response) => response.json(process.env));
app.get('/slow', (request, response) => setTimeout(() => response.type('text').send('hello\n'), request.query.ms));
app.post('/post', (request, response) => response.type('text').send(`${request.body.length || 0} bytes\n`));
app.all('/crash', () => process.exit(3));

// A passed socket, a unix socket or a port.
function place() {
  if (process.env.LISTEN_PID === String(process.pid)) return { fd: 3 };
  if (process.argv[2]) return { path: process.argv[2] };
  return { port: Number(process.env.PORT), host: process.env.HOST };
}

const server = app.listen(place(), () => console.log('listening'));
const io = new Server(server);
io.on('connection', (socket) => {
  let said = 0;
  socket.on('say', (text, answer) => { said += 1; answer({ text, said, pid: process.pid }); });
});
