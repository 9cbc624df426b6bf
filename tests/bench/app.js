// A Node app for apps.py: 13 bytes to everybody. `node app.js WHERE [N]`: on a port or the path of
// a unix socket; N: so many workers of Node's own cluster module.
const cluster = require("node:cluster");
const http = require("node:http");

const where = process.argv[2] || process.env.PORT;
const workers = Number(process.argv[3] || 0);

if (workers > 0 && cluster.isPrimary) {
	for (let i = 0; i < workers; i++)
		cluster.fork();
} else {
	const server = http.createServer((request, response) => {
		response.setHeader("Content-Type", "text/plain");
		response.end("Hello, world\n");
	});
	server.listen(/^\d+$/.test(where) ? { port: Number(where), host: "127.0.0.1" } : { path: where });
}
