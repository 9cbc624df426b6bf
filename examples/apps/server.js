// A Node app that listens where it is told: PORT, and HOST.
const http = require("http");

const server = http.createServer((request, response) => {
	response.end(`Node, process ${process.pid}\n`);
});

server.listen(process.env.PORT, process.env.HOST);
