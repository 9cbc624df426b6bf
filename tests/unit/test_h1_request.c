/* http/h1: which request heads are good, and that it does not matter how they are cut. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "h1_compare.h"
#include "run.h"

/* A request line and a Host, for what is not about them. */
#define GET "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define HEAD(text) (text), sizeof(text) - 1 /* may hold NUL bytes */

static const struct h1_limits limits = { .head = 1024, .target = 200, .fields = 20 };

struct verdict {
	const char *bytes;
	size_t length;
	unsigned status; /* 0: a good request */
};

static const struct verdict lines[] = {
	{ HEAD("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.0\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.9\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("!#$%&'*+-.^_`|~09 / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a\r\n\r\n"), 501 },
	{ HEAD(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("\tGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("G\0T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("G\xc3\xa4T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET\r\n\r\n"), 400 },
	{ HEAD("GET \r\n\r\n"), 400 },
	{ HEAD("GET /\r\n\r\n"), 400 },
	{ HEAD("GET / \r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1x\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.10\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/11.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1,1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.x\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/x.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / http/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTPS/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP 1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / ICY/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/0.9\r\nHost: a\r\n\r\n"), 505 },
	{ HEAD("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505 },
	{ HEAD("GET / HTTP/9.9\r\nHost: a\r\n\r\n"), 505 },
	{ HEAD("GET / HTTP/2.0\nHost: a\r\n\r\n"), 400 },
	{ HEAD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505 },
	{ HEAD("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400 },
	{ HEAD("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
};

static const struct verdict targets[] = {
	{ HEAD("GET /a/b?c=d&e=%20;f HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET //evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET /\"<>[]^`{|}\\~ HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET /# HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET ?a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("CONNECT [::1]:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT :80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT u@a:80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT a:80/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("CONNECT http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET HTTP://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET https://a:443/b?c HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET http://[2001:db8::1]:8080 HTTP/1.1\r\nHost: [2001:DB8::1]:8080\r\n\r\n"), 0 },
	{ HEAD("GET http://[2001:db8::1]:8080 HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n"), 400 },
	{ HEAD("GET http://[2001:db8::80]/ HTTP/1.1\r\nHost: [2001:db8::80]:80\r\n\r\n"), 0 },
	{ HEAD("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://b/ HTTP/1.0\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n"), 0 },
	{ HEAD("GET http://a:0080/ HTTP/1.1\r\nHost: A:\r\n\r\n"), 0 },
	{ HEAD("GET http://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n"), 400 },
	{ HEAD("GET https://a/ HTTP/1.1\r\nHost: a:443\r\n\r\n"), 0 },
	{ HEAD("GET https://a/ HTTP/1.1\r\nHost: a:80\r\n\r\n"), 400 },
	{ HEAD("GET http://a/ HTTP/1.1\r\nHost: ab\r\n\r\n"), 400 },
	{ HEAD("GET http://a8/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards:\r\n\r\n"), 400 },
	{ HEAD("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1\r\n\r\n"), 400 },
	{ HEAD("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1, 1\r\n\r\n"), 400 },
	{ HEAD("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n"), 400 },
	{ HEAD("GET http://b/ HTTP/1.1\r\n\r\n"), 400 },
	{ HEAD("GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
	{ HEAD("GET http://b/ HTTP/1.0\r\n\r\n"), 0 },
	{ HEAD("GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http:// HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://a\\b/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET http://a/@ HTTP/1.1\r\nHost: a\r\n\r\n"), 0 },
	{ HEAD("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET httpx://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET ws://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400 },
};

static const struct verdict hosts[] = {
	{ HEAD("GET / HTTP/1.1\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.0\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a\r\nhOSt: b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.0\r\nHost: a/\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a_b-c.9~!$&'()*+,;=\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a%2Fb\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a%2\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a%2z\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:000080\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: :80\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a#b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a\"b\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: a\x80\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: http://a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [::ffff:192.0.2.1]:80\r\n\r\n"), 0 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: []\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [a.b]\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [1:2:3:4:5:6:7:8:9]\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: [11111111111111111111111111111111111111111111111::]\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"), 400 },
};

static const struct verdict fields[] = {
	{ HEAD(GET "A: b\r\n\r\n"), 0 },
	{ HEAD(GET "A:b\r\n\r\n"), 0 },
	{ HEAD(GET "A:\r\n\r\n"), 0 },
	{ HEAD(GET "A: \t \r\n\r\n"), 0 },
	{ HEAD(GET "A: b \t\r\n\r\n"), 0 },
	{ HEAD(GET "A: b\tc d\t e\r\n\r\n"), 0 },
	{ HEAD(GET "A: \x80\xff\r\n\r\n"), 0 },
	{ HEAD(GET "A: 12345678901234567890123456789012345678901234\r\n\r\n"), 0 },
	{ HEAD(GET "X_a.b: c\r\n\r\n"), 0 },
	{ HEAD(GET "!#$%&'*+-.^_`|~09: c\r\n\r\n"), 0 },
	{ HEAD(GET "A : b\r\n\r\n"), 400 },
	{ HEAD(GET "A\t: b\r\n\r\n"), 400 },
	{ HEAD(GET "A b: c\r\n\r\n"), 400 },
	{ HEAD(GET ": b\r\n\r\n"), 400 },
	{ HEAD(GET "A\r\n\r\n"), 400 },
	{ HEAD(GET "A@: b\r\n\r\n"), 400 },
	{ HEAD(GET "A\0: b\r\n\r\n"), 400 },
	{ HEAD(GET "\xc3\xa4: b\r\n\r\n"), 400 },
	{ HEAD(GET "A(b): c\r\n\r\n"), 400 },
	{ HEAD(GET "A\x7f: b\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\r\n c\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\r\n\tc\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400 },
	{ HEAD("GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\nC: d\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\r\n\n"), 400 },
	{ HEAD(GET "A: b\n\r\n"), 400 },
	{ HEAD(GET "\n"), 400 },
	{ HEAD(GET "A: b\rC: d\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\r\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\r\n\r\r\n"), 400 },
	{ HEAD(GET "A: \0\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\0c\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\x01\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\x1f\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\x0b\r\n\r\n"), 400 },
	{ HEAD(GET "A: b\x7f\r\n\r\n"), 400 },
	{ HEAD(GET "A: 1234567890123456789012345\x7f"
		   "9012345678901234567890\r\n\r\n"),
	    400 },
	{ HEAD(GET "A: 1234567890123456789012345678901\x1f"
		   "345678901234567890\r\n\r\n"),
	    400 },
	{ HEAD(GET "A: 123456789012345678901234567890\0"
		   "2345678901234567890\r\n\r\n"),
	    400 },
};

static const struct verdict framings[] = {
	{ HEAD(POST "Content-Length: 0\r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length:5\r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length: 5 \r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length: 05\r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length: 9223372036854775807\r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length: 9223372036854775808\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 18446744073709551621\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 00000000000000000005\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length:\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: +5\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: -5\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5 5\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5, 5\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5,\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 0x5\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5a\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5.0\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5;\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: \"5\"\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: \xb2\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400 },
	{ HEAD(POST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"), 400 },
	{ HEAD(POST "Content_Length: 5\r\n\r\n"), 0 },
	{ HEAD(POST "Transfer-Encoding: chunked\r\n\r\n"), 0 },
	{ HEAD(POST "Transfer-Encoding:\tCHUNKED\t\r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"), 400 },
	{ HEAD("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ HEAD("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n"), 0 },
	{ HEAD(POST "Transfer-Encoding: gzip\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: identity\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: xchunked\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: chunkedx\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: x\r\n\r\n"), 501 },
	{ HEAD(POST "Transfer-Encoding: chunked, gzip\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding:\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: ,chunked\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked,\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked;q=1\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: \"chunked\"\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chun ked\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: chunked\x80\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding: \x0b"
		    "chunked\r\n\r\n"),
	    400 },
	{ HEAD(POST "Transfer-Encoding : chunked\r\n\r\n"), 400 },
	{ HEAD(POST "Transfer-Encoding\r\n : chunked\r\n\r\n"), 400 },
};

static const struct verdict others[] = {
	{ HEAD(POST "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n"), 0 },
	{ HEAD(POST "Content-Length: 5\r\nExpect: 100-continue, x\r\n\r\n"), 417 },
	{ HEAD(POST "Content-Length: 5\r\nExpect: y 100-continue\r\n\r\n"), 417 },
	{ HEAD(POST "Content-Length: 5\r\nExpect:\r\n\r\n"), 417 },
	{ HEAD(POST "Content-Length: 5\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), 417 },
	{ HEAD("POST / HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"), 0 },
	{ HEAD(GET "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1,2,3,4,5,6\r\n\r\n"),
	    0 },
	{ HEAD(GET "Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1,2,3,4,5,6,7\r\n\r\n"),
	    400 },
	{ HEAD(GET "Connection: ,, ,\t,\r\n\r\n"), 0 },
};

static struct h1_request request, again;

static enum h1_result
parse(const char *bytes, size_t length, const struct h1_limits *with)
{
	struct h1_scan scan = { 0 };

	memset(&request, 0xa5, sizeof request);
	return h1_request_parse(&request, &scan, bytes, length, with);
}

static void
verdicts_check(const struct verdict *verdict, size_t count)
{
	for (; count != 0; count--, verdict++) {
		enum h1_result result = parse(verdict->bytes, verdict->length, &limits);
		unsigned status = result == H1_ERROR ? request.status : 0;

		ck_assert_msg(result != H1_MORE, "not whole: %s", verdict->bytes);
		ck_assert_msg(status == verdict->status, "%u (%s) instead of %u: %s", status,
		    status != 0 ? request.reason : "good", verdict->status, verdict->bytes);
		if (result == H1_DONE)
			ck_assert_msg(h1_request_fault(&request) == NULL, "%s: %s",
			    h1_request_fault(&request), verdict->bytes);
	}
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

START_TEST(each_request_is_accepted_or_refused)
{
	verdicts_check(lines, COUNT(lines));
	verdicts_check(targets, COUNT(targets));
	verdicts_check(hosts, COUNT(hosts));
	verdicts_check(fields, COUNT(fields));
	verdicts_check(framings, COUNT(framings));
	verdicts_check(others, COUNT(others));
}
END_TEST

/* However the bytes are cut, the result is that of the whole. */
static void
cuts_check(const char *bytes, size_t length, const struct h1_limits *with)
{
	struct h1_scan scan = { 0 };
	enum h1_result whole = h1_request_parse(&request, &scan, bytes, length, with);
	size_t cut, start;

	for (cut = 0; cut < length; cut++) {
		enum h1_result result = h1_request_parse_cut(&again, bytes, length, cut, with, &start);

		ck_assert_msg(result == whole, "%d, not %d when cut at %zu: %.*s", (int)result, (int)whole,
		    cut, (int)length, bytes);
		if (result == H1_ERROR)
			ck_assert_msg(
			    again.status == request.status && strcmp(again.reason, request.reason) == 0,
			    "%u %s, not %u %s when cut at %zu: %.*s", again.status, again.reason,
			    request.status, request.reason, cut, (int)length, bytes);
		if (result == H1_DONE)
			ck_assert_msg(h1_request_same(&again, &request) && start == scan.start,
			    "another result when cut at %zu: %.*s", cut, (int)length, bytes);
	}
	h1_parse_cut_free();
}

static void
verdicts_cut(const struct verdict *verdict, size_t count)
{
	for (; count != 0; count--, verdict++)
		cuts_check(verdict->bytes, verdict->length, &limits);
}

START_TEST(cuts_change_nothing)
{
	verdicts_cut(lines, COUNT(lines));
	verdicts_cut(targets, COUNT(targets));
	verdicts_cut(hosts, COUNT(hosts));
	verdicts_cut(fields, COUNT(fields));
	verdicts_cut(framings, COUNT(framings));
	verdicts_cut(others, COUNT(others));
}
END_TEST

/* The same where the limits are what ends it: each limit in turn around a request's own size. */
START_TEST(cuts_change_nothing_at_the_limits)
{
	static const char good[] = "\r\nGET /abcdef HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\nGET";
	static const char *const bad[] = {
		"GET /abcdefghijklmnopqrstuvwxyz\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /abcdefghijklmnopqrstuvwxyz HTTP/1.1 and more behind it\r\nHost: a\r\n\r\n",
		"GET /abc\x01 and so on, and so on, and so on\r\n\r\n",
		"GET /abcdefghijklmnopqrstuvwxyz\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nB: c\rd\r\nE : f\r\n\r\n",
	};
	struct h1_limits with;
	size_t i;

	for (with.fields = 1; with.fields < 5; with.fields += 2)
		for (with.target = 1; with.target < 40; with.target += 6)
			for (with.head = 1; with.head < 60; with.head++) {
				cuts_check(good, sizeof good - 1, &with);
				for (i = 0; i < COUNT(bad); i++)
					cuts_check(bad[i], strlen(bad[i]), &with);
			}
}
END_TEST

/* A head that is not whole is not judged as whole, nor a good one as bad. */
START_TEST(a_part_of_a_good_head_is_not_judged)
{
	static const char good[] = "\r\nPOST /a HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nX: y\r\n\r\n";
	size_t length;

	for (length = 0; length < sizeof good - 1; length++)
		ck_assert_msg(parse(good, length, &limits) == H1_MORE, "at %zu", length);
	ck_assert_int_eq(parse(good, length, &limits), H1_DONE);
}
END_TEST

/* What can be refused before the head is whole. */
START_TEST(what_cannot_become_good_is_refused_early)
{
	static const struct verdict early[] = {
		{ HEAD("\x16"), 400 },
		{ HEAD("\x80"), 400 },
		{ HEAD("{"), 400 },
		{ HEAD("\n"), 400 },
		{ HEAD("\rG"), 400 },
		{ HEAD("GET\r"), 400 },
		{ HEAD("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"), 501 },
		{ HEAD("PRI * HTTP/2.0\r\n"), 505 },
		{ HEAD("GET / HTTP/1.2.3\r\n"), 400 },
		{ HEAD(GET "A : b\r\n"), 400 },
		{ HEAD(GET "A: b\n"), 400 },
		{ HEAD(GET " b\r\n"), 400 },
	};
	const struct verdict *verdict;

	for (verdict = early; verdict < early + COUNT(early); verdict++) {
		ck_assert_msg(
		    parse(verdict->bytes, verdict->length, &limits) == H1_ERROR, "%s", verdict->bytes);
		ck_assert_uint_eq(request.status, verdict->status);
	}
}
END_TEST

/* What makes the cost of a head that comes byte by byte linear. */
START_TEST(no_byte_is_looked_at_twice)
{
	struct h1_scan scan = { 0 };
	static const char bytes[] = GET "A: b\r\nC";

	ck_assert_int_eq(h1_request_parse(&request, &scan, bytes, 20, &limits), H1_MORE);
	ck_assert_uint_eq(scan.seen, 20);
	ck_assert_uint_eq(scan.line, 16);
	ck_assert_int_eq(h1_request_parse(&request, &scan, bytes, sizeof bytes - 1, &limits), H1_MORE);
	ck_assert_uint_eq(scan.seen, sizeof bytes - 1);
	ck_assert_uint_eq(scan.line, sizeof bytes - 2);
	ck_assert_uint_eq(scan.fields, 2);
}
END_TEST

START_TEST(limits_are_exact)
{
	static const char bytes[] = "GET /abc HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n";
	struct h1_limits with = { .head = sizeof bytes - 1, .target = 4, .fields = 2 };

	ck_assert_int_eq(parse(bytes, sizeof bytes - 1, &with), H1_DONE);
	with.target = 3;
	ck_assert_int_eq(parse(bytes, sizeof bytes - 1, &with), H1_ERROR);
	ck_assert_uint_eq(request.status, 414);
	with.target = 4;
	with.fields = 1;
	ck_assert_int_eq(parse(bytes, sizeof bytes - 1, &with), H1_ERROR);
	ck_assert_uint_eq(request.status, 431);
	with.fields = 2;
	with.head--;
	ck_assert_int_eq(parse(bytes, sizeof bytes - 1, &with), H1_ERROR);
	ck_assert_uint_eq(request.status, 431);
	ck_assert_int_eq(parse(bytes, with.head - 1, &with), H1_MORE);
	ck_assert_int_eq(parse(bytes, with.head, &with), H1_ERROR);
	ck_assert_uint_eq(request.status, 431);
}
END_TEST

START_TEST(a_target_without_end_is_refused)
{
	char bytes[300];

	memset(bytes, 'a', sizeof bytes);
	memcpy(bytes, "GET /", 5);
	ck_assert_int_eq(parse(bytes, 200, &limits), H1_MORE);
	ck_assert_int_eq(parse(bytes, sizeof bytes, &limits), H1_ERROR);
	ck_assert_uint_eq(request.status, 414);
}
END_TEST

START_TEST(there_may_be_256_fields)
{
	static const struct h1_limits most = { .head = 65536, .target = 200, .fields = H1_FIELDS_MAX };
	char bytes[8192];
	size_t length = (size_t)snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\n");
	unsigned i;

	for (i = 1; i < H1_FIELDS_MAX - 1; i++)
		length += (size_t)snprintf(bytes + length, sizeof bytes - length, "F%u: %u\r\n", i, i);
	length += (size_t)snprintf(bytes + length, sizeof bytes - length, "Content-Length: 7\r\n\r\n");
	ck_assert_int_eq(parse(bytes, length, &most), H1_DONE);
	ck_assert_uint_eq(request.field_count, H1_FIELDS_MAX);
	ck_assert_uint_eq(request.content_length, 7);
	ck_assert_ptr_null(h1_request_fault(&request));
	snprintf(bytes + length - 2, sizeof bytes - length + 2, "One: more\r\n\r\n");
	ck_assert_int_eq(parse(bytes, length + 11, &most), H1_ERROR);
	ck_assert_uint_eq(request.status, 431);
}
END_TEST

/* Damaged requests: never a crash, a result outside of the head, or one that depends on the cuts. */
START_TEST(damage_does_no_harm)
{
	static const char seed[] = "POST http://a.example/b?c HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n"
				   "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nX: y\r\n\r\n";
	static const char bytes[] = "\r\n\t :,;\0\x7f\x80/aA0-";
	unsigned i, j, state = 1;
	char text[sizeof seed];

	for (i = 0; i < 400; i++) {
		memcpy(text, seed, sizeof seed);
		for (j = 0; j < 1 + i % 3; j++) {
			state = state * 1103515245 + 12345;
			text[(state >> 8) % (sizeof seed - 1)] = bytes[(state >> 20) % (sizeof bytes - 1)];
		}
		if (parse(text, sizeof seed - 1, &limits) == H1_DONE)
			ck_assert_ptr_null(h1_request_fault(&request));
		cuts_check(text, sizeof seed - 1, &limits);
	}
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("h1_request");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_request_is_accepted_or_refused);
	tcase_add_test(tests, cuts_change_nothing);
	tcase_add_test(tests, cuts_change_nothing_at_the_limits);
	tcase_add_test(tests, a_part_of_a_good_head_is_not_judged);
	tcase_add_test(tests, what_cannot_become_good_is_refused_early);
	tcase_add_test(tests, no_byte_is_looked_at_twice);
	tcase_add_test(tests, limits_are_exact);
	tcase_add_test(tests, a_target_without_end_is_refused);
	tcase_add_test(tests, there_may_be_256_fields);
	tcase_add_test(tests, damage_does_no_harm);
	return run_case(tests);
}
