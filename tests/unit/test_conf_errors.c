/* conf: what is wrong with a configuration is told with its line, all at once. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/object.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "ipc/scoreboard.h"
#include "run.h"

/* A configuration and the lines that it gets; "OK" is put where nothing else is asked: one listener, one pool. */
#define OK "listen \"*:80\" { }\npool \"web\" { server \"127.0.0.1:3000\" { } }\n"

struct bad {
	const char *text;
	const char *errors; /* with a newline after each */
};

static const struct bad unknown_words[] = {
	{ OK "blance = round-robin\n", "f:3: unknown option 'blance'; did you mean 'balance'?\n" },
	{ OK "frobnicate = 1\n", "f:3: unknown option 'frobnicate'\n" },
	{ OK "include(\"x\")\n", "f:3: unknown option 'include'; a configuration is one file\n" },
	{ "weight = 3\n" OK, "f:1: unknown option 'weight'; it belongs in server { }\n" },
	{ "listen \"*:80\" {\n\n\tworkers = 3 }\npool w { server \"127.0.0.1:1\" { } }\n",
	    "f:3: unknown option 'workers' in listen; it belongs outside of all sections\n" },
	{ OK "listen \"*:81\" { balance = round-robin }\npool w { server \"127.0.0.1:1\" { mode = \"0600\" } "
	     "}\n"
	     "route { pool = w }\n",
	    "f:3: unknown option 'balance' in listen; it belongs outside of all sections or in pool { } or in app { }\n"
	    "f:4: unknown option 'mode' in server; it belongs in control { } or in listen { }\n" },
	{ "listen \"*:80\" { pol = x }\npool w { server \"127.0.0.1:1\" { wieght = 1 } }\n",
	    "f:1: unknown option 'pol' in listen; did you mean 'pool'?\n"
	    "f:2: unknown option 'wieght' in server; did you mean 'weight'?\n" },
	/* Sections are skipped whole, and what refers to them is not judged. */
	{ "pol \"web\" { server \"x\" { a = { 1, 2 } } }\nlisten \"*:80\" { pool = \"web\" }\nvai = 1\n",
	    "f:1: unknown option 'pol'; did you mean 'pool'?\nf:3: unknown option 'vai'; did you mean "
	    "'via'?\n" },
	{ "server \"127.0.0.1:3000\" { }\n" OK, "f:1: unknown option 'server'; it belongs in pool { }\n" },
	{ OK "route { app = web pool = web }\n", "f:3: unknown option 'app' in route; drover calls it 'pool'\n" },
	{ OK "app \"a\" { port = 3000 command = { a=b } }\n",
	    "f:3: unknown option 'port' in app; drover chooses the port of each instance and tells it by PORT and {port}\n"
	    "f:3: a list is written { VALUE, VALUE }, and a value with = in it between quotes\n" },
	{ OK "app \"a\" { command = \"node\" \"server.js\" }\n",
	    "f:3: the name of an option is expected here, not a string; several values are written { VALUE, VALUE }\n" },
	{ "upstream \"web\" { }\nmaxconn = 3\nssl = on\n" OK,
	    "f:1: unknown option 'upstream'; drover calls it 'pool'\n"
	    "f:2: unknown option 'maxconn'; drover calls it 'max-connections', which belongs in server { } or in app { }\n"
	    "f:3: unknown option 'ssl'; drover does no TLS yet: another program has to, in front of it\n" },
	{ OK "one two three\nfour = 4\n",
	    "f:3: unknown option 'one'\n"
	    "f:3: an option is written NAME = VALUE, a section NAME \"TITLE\" { }\n"
	    "f: nothing after line 3 was looked at\n" },
	{ "workers: 2\n" OK, "f:1: unknown option 'workers:'; did you mean 'workers'?\n"
			     "f:1: an option is written NAME = VALUE, a section NAME \"TITLE\" { }\n"
			     "f: nothing after line 1 was looked at\n" },
	{ "worker_processes 4;\n" OK, "f:1: unknown option 'worker_processes'; drover calls it 'workers'\n"
				      "f:1: an option is written NAME = VALUE, without ;\n"
				      "f:1: an option is written NAME = VALUE, a section NAME \"TITLE\" { }\n"
				      "f: nothing after line 1 was looked at\n" },
	{ OK "_title = \"x\"\n", "f:3: unknown option '_title'\n" },
	{ OK "pool|web = \"x\"\n", "f:3: unknown option 'pool|web'\n" },
};

static const struct bad bad_values[] = {
	{ OK "workers = 0\n", "f:3: workers is a number from 1 to 256 or auto, not \"0\"\n" },
	{ OK "workers = 257\n", "f:3: workers is a number from 1 to 256 or auto, not \"257\"\n" },
	{ OK "worker-timeout = 10\n", "f:3: worker-timeout is a time from 1s to 1h or 0, not \"10\"\n" },
	{ OK "worker-timeout = 999ms\n",
	    "f:3: worker-timeout is a time from 1s to 1h or 0, not \"999ms\"\n" },
	{ OK "header-size = 65k\n", "f:3: header-size is a size from 1k to 64k, not \"65k\"\n" },
	{ OK "via = maybe\n", "f:3: via is true or false, not \"maybe\"\n" },
	{ OK "forwarded = x-forward\n", "f:3: forwarded is off, x-forwarded, forwarded or both, not "
					"\"x-forward\"; did you mean \"x-forwarded\"?\n" },
	{ OK "balance = random\n", "f:3: balance is round-robin, least-connections or two-choices, not \"random\"\n" },
	{ OK "balance = consistent-hash\n",
	    "f:3: balance is about connections here, and consistent-hash needs a request: it is for pools\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { backup = 1 } balance = consistnt-hash\nhash-key = uri }\n",
	    "f:2: balance is round-robin, least-connections, two-choices or consistent-hash, not \"consistnt-hash\"; did "
	    "you mean \"consistent-hash\"?\n"
	    "f:2: backup is true or false, not \"1\"\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\nhash-key = uri\nhash-load = 150 }\n",
	    "f:3: hash-key is for balance = consistent-hash only\n"
	    "f:4: hash-load is for balance = consistent-hash only\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\nbalance = consistent-hash\nhash-key = \"header\"\nhash-load = 100 }\n",
	    "f:4: hash-key is address, path, uri, header NAME or cookie NAME, not \"header\"\n"
	    "f:5: hash-load is a number from 101 to 65535 or 0, not \"100\"\n" },
	{ OK "error-log = sdterr\n", "f:3: error-log is stderr, syslog or a path that begins with /, not "
				     "\"sdterr\"; did you mean \"stderr\"?\n" },
	{ OK "pid-file = drover.pid\n", "f:3: pid-file is a path that begins with /, not \"drover.pid\"\n" },
	{ OK "user = \"no such\"\ngroup = \"no such\"\n",
	    "f:3: user is not known: there is no user \"no such\" on this machine\n"
	    "f:4: group is not known: there is no group \"no such\" on this machine\n" },
	{ OK "trusted-proxies = {\n\t\"10.0.0.0/8\", # good\n\t\"10.0.0.0/33\",\n\t\"10.0.0.1/8\"\n}\n",
	    "f:5: trusted-proxies cannot hold \"10.0.0.0/33\": the length of the prefix is a number from 0 "
	    "to 32\n"
	    "f:6: trusted-proxies cannot hold \"10.0.0.1/8\": there are bits after the first 8; did you mean "
	    "\"10.0.0.0/8\"?\n" },
	{ OK "control \"run.sock\" {\n\tmode = \"0888\"\n\tpermission = root }\n",
	    "f:3: control \"run.sock\": the path of the socket begins with \"/\"\n"
	    "f:4: mode is an octal number from 0000 to 0777, not \"0888\"\n"
	    "f:5: permission is none, read, operate or admin, not \"root\"\n" },
	{ OK "user = rooot\ngroup = rooot\n",
	    "f:3: user is not known: there is no user \"rooot\" on this machine; did you mean \"root\"?\n"
	    "f:4: group is not known: there is no group \"rooot\" on this machine; did you mean "
	    "\"root\"?\n" },
	{ OK "control \"/x\" {\n\tread = {\n\t\troot, rooot,\n\t\t@rooot, \"@\", \"\", \"no such\" }\n"
	     "\toperate = @4294967295  admin = { root, 4294967296 }\n}\n",
	    "f:5: read cannot hold \"rooot\": there is no user \"rooot\" on this machine; did you mean "
	    "\"root\"?\n"
	    "f:6: read cannot hold \"@rooot\": there is no group \"rooot\" on this machine; did you mean "
	    "\"root\"?\n"
	    "f:6: read is a list of users, and of groups with a @ before them, by name or number, not \"@\"\n"
	    "f:6: read is a list of users, and of groups with a @ before them, by name or number, not \"\"\n"
	    "f:6: read cannot hold \"no such\": there is no user \"no such\" on this machine\n"
	    "f:7: operate cannot hold \"@4294967295\": there is no group \"4294967295\" on this machine\n"
	    "f:7: admin cannot hold \"4294967296\": there is no user \"4294967296\" on this machine\n" },
	{ OK "alert-errors = 1000001\nlisten \"*:81\" { paused = maybe }\n",
	    "f:3: alert-errors is a number from 0 to 1000000, not \"1000001\"\n"
	    "f:4: paused is true or false, not \"maybe\"\n" },
	{ "listen \"*:80\" { }\npool w {\n\tserver \"127.0.0.1:3000\" { state = drained }\n}\n",
	    "f:3: state is ready, drain or maintenance, not \"drained\"; did you mean \"drain\"?\n" },
	{ OK "listen \"8080\" { }\n", "f:3: listen \"8080\": a port alone is written \":8080\"\n" },
	{ "listen \"*:80\" { }\npool w { server \"a b:80\" { } }\n", "f:2: server \"a b:80\": \"a b\" is neither an address nor the name of a host\n" },
	{ "listen \"*:80\" { }\npool w { server \"a..b:80\" { } }\n", "f:2: server \"a..b:80\": \"a..b\" is neither an address nor the name of a host\n" },
	{ "listen \"*:80\" { }\npool w { server \"app.internal\" { } }\n", "f:2: server \"app.internal\": the port is missing: \"ADDRESS:PORT\" or \"unix:/PATH\"\n" },
	{ "listen \"*:80\" { }\npool w { server \"_http._tcp.app:80\" { } }\n", "f:2: server \"_http._tcp.app:80\": the ports of a service are in DNS: leave \":80\" out\n" },
	{ "listen \"*:80\" { }\npool w { server \"_http.app\" { } }\n", "f:2: server \"_http.app\": a service is written \"_http._tcp.example.org\"\n" },
	{ "listen \"*:80\" { }\npool w { server \"_http._tcp\" { } }\n", "f:2: server \"_http._tcp\": a service is written \"_http._tcp.example.org\"\n" },
	{ OK "resolvers = { 10.0.0.1, app, \"unix:/x\", \"[::1\", \"10.0.0.1:0\" }\n",
	    "f:3: resolvers is a list of at most 8 addresses, such as 10.0.0.2 or 127.0.0.1:5353, not \"app\"\n"
	    "f:3: resolvers is a list of at most 8 addresses, such as 10.0.0.2 or 127.0.0.1:5353, not \"unix:/x\"\n"
	    "f:3: resolvers is a list of at most 8 addresses, such as 10.0.0.2 or 127.0.0.1:5353, not \"[::1\"\n"
	    "f:3: resolvers is a list of at most 8 addresses, such as 10.0.0.2 or 127.0.0.1:5353, not \"10.0.0.1:0\"\n" },
	{ OK "resolvers = { ::1, ::1, ::1, ::1, ::1, ::1, ::1, ::1, ::1 }\n", "f:3: resolvers has at most 8 addresses\n" },
	{ OK "listen \"localhost:80\" { }\n", "f:3: listen \"localhost:80\": names cannot be listened on; "
					      "write an address, such as \"127.0.0.1:80\"\n" },
	{ OK "header-timeout = 20 seconds\nvia = maybe\n",
	    "f:3: 'seconds': a value with a space in it is written between quotes\n"
	    "f:3: header-timeout is a time from 1ms to 1d, not \"20\"\n"
	    "f:4: via is true or false, not \"maybe\"\n" },
	{ OK "workers = 0;\nvia = maybe ;\n", "f:3: an option is written NAME = VALUE, without ;\n"
					      "f:3: workers is a number from 1 to 256 or auto, not \"0\"\n"
					      "f:4: an option is written NAME = VALUE, without ;\n"
					      "f:4: via is true or false, not \"maybe\"\n" },
	{ OK "listen \"http://127.0.0.1:81\" { }\npool w { server \"127.0.0.1:3000/api\" { } }\n"
	     "route { pool = w }\n",
	    "f:3: listen \"http://127.0.0.1:81\": an address has no http:// and no path; did you mean "
	    "\"127.0.0.1:81\"?\n"
	    "f:4: server \"127.0.0.1:3000/api\": an address has no http:// and no path; did you mean "
	    "\"127.0.0.1:3000\"?\n" },
	{ OK "listen \"systemd:\" { }\n", "f:3: listen \"systemd:\": the name of the socket is missing\n" },
	{ "listen \"*:80\" { }\npool w {\n\tserver \"127.0.0.1:3000\" { weight = 0 }\n\tserver \"*:1\" { "
	  "weight = 257 }\n}\n",
	    "f:3: weight is a number from 1 to 256, not \"0\"\n"
	    "f:4: weight is a number from 1 to 256, not \"257\"\n"
	    "f:4: server \"*:1\": a server needs a host: \"127.0.0.1:1\"\n" },
	{ OK "route { host = \"a.b:80\"  pool = web }\n",
	    "f:3: host cannot hold \"a.b:80\": a host is written without its port\n" },
	{ OK "route { host = \"[::1]:80\"  pool = web }\n",
	    "f:3: host cannot hold \"[::1]:80\": a host is written without its port\n" },
	{ OK "route { host = { \"[::1]]\", \"[]\", \"[g]\" }  pool = web }\n",
	    "f:3: host is a list of names, such as example.org or *.example.org, not \"[::1]]\"\n"
	    "f:3: host is a list of names, such as example.org or *.example.org, not \"[]\"\n"
	    "f:3: host is a list of names, such as example.org or *.example.org, not \"[g]\"\n" },
	{ OK "route { host = { \"a..b\", \"a b\", \"*\" }  pool = web }\n",
	    "f:3: host is a list of names, such as example.org or *.example.org, not \"a..b\"\n"
	    "f:3: host is a list of names, such as example.org or *.example.org, not \"a b\"\n"
	    "f:3: host cannot hold \"*\": leave it out, and the route is for any host\n" },
	{ OK "route { path = \"old\"  pool = web }\n",
	    "f:3: path is a list of paths that begin with / and have no ? or #, not \"old\"\n" },
	{ OK "route { path = \"/a?b\"  pool = web }\n",
	    "f:3: path is a list of paths that begin with / and have no ? or #, not \"/a?b\"\n" },
	{ OK "via = { yes }\nretries = 11\n", "f:3: via takes one value, not a list\n"
					      "f:4: retries is a number from 0 to 10, not \"11\"\n" },
};

static const struct bad contradictions[] = {
	{ "", "f: there is nothing to listen on; add: listen \"*:80\" { }\n"
	      "f: there is no pool and no app; add: pool \"web\" { server \"127.0.0.1:3000\" { } }\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\n\thealth { }\n\thealth { } }\n",
	    "f:4: a pool has one health section; the first is in line 3\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\n\thealth { status = 200 intervl = 1s } }\n",
	    "f:3: unknown option 'intervl' in health; did you mean 'interval'?\n"
	    "f:3: status is for checks by http (with a path, or type = http) only\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\n"
	  "health { type = tcp path = /x }\n}",
	    "f:3: path is for checks by http (with a path, or type = http) only\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\n"
	  "health { path = \"/a b\"\nhost = \"a/b\"\nstatus = { 99, 300-200, 2000, 200-399x }\nbody = \"\"\n"
	  "header = { \"Host: x\", \"connection: x\", \"no colon\", \"A b: c\" }\ntype = http }\n}",
	    "f:3: path is a path that begins with /, of at most 1024 bytes without blanks and #, not \"/a b\"\n"
	    "f:4: host is the name of a host, with its port or without, not \"a/b\"\n"
	    "f:5: status is a list of status codes from 200 to 599 and ranges of them, such as 200-399, not \"99\"\n"
	    "f:5: status is a list of status codes from 200 to 599 and ranges of them, such as 200-399, not \"300-200\"\n"
	    "f:5: status is a list of status codes from 200 to 599 and ranges of them, such as 200-399, not \"2000\"\n"
	    "f:5: status is a list of status codes from 200 to 599 and ranges of them, such as 200-399, not \"200-399x\"\n"
	    "f:6: body is a text of 1 to 1024 bytes, not \"\"\n"
	    "f:7: header cannot hold Host: there is the option host for it\n"
	    "f:7: header cannot hold connection: the check is a request without a body\n"
	    "f:7: header is a list of header fields, such as \"Accept: text/plain\"; something here is not (it is not shown, as it may be secret)\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { }\nhealth { path = / method = HEAD body = x } }",
	    "f:3: the answer to HEAD has no body: body needs method = GET\n" },
	{ "listen \"*:80\" { }\n\npool \"web\" { }\n", "f:3: pool \"web\" has no server\n" },
	{ OK "listen \":80\" { }\n",
	    "f:3: listen \":80\": the address is listened on twice; the first is in line 1\n" },
	{ OK "listen \"127.0.0.1:80\" { }\nlisten \"[::1]:80\" { }\nlisten \"0.0.0.0:80\" { }\n",
	    "f:3: listen \"127.0.0.1:80\" overlaps with listen \"*:80\" in line 1: one is for any address\n"
	    "f:4: listen \"[::1]:80\" overlaps with listen \"*:80\" in line 1: one is for any address\n"
	    "f:5: listen \"0.0.0.0:80\" overlaps with listen \"*:80\" in line 1: one is for any address\n" },
	{ "listen \"127.0.0.1:80\" { }\nlisten \"0.0.0.0:80\" { }\n"
	  "listen \"[::1]:81\" { }\nlisten \"*:81\" { ipv6-only = true }\n"
	  "pool \"web\" { server \"127.0.0.1:3000\" { } }\n",
	    "f:2: listen \"0.0.0.0:80\" overlaps with listen \"127.0.0.1:80\" in line 1: one is for any "
	    "address\n"
	    "f:4: listen \"*:81\" overlaps with listen \"[::1]:81\" in line 3: one is for any address\n" },
	{ OK "listen \"unix:/x\" { }\nlisten \"unix:/x\" { }\nlisten \"unix:/x\" { }\n",
	    "f:4: listen \"unix:/x\": the address is listened on twice; the first is in line 3\n"
	    "f:5: listen \"unix:/x\": the address is listened on twice; the first is in line 3\n" },
	{ OK "listen \"systemd:a\" { }\nlisten \"systemd:a\" { }\n",
	    "f:4: listen \"systemd:a\": the address is listened on twice; the first is in line 3\n" },
	{ OK "listen \"unix:/x/y\" { }\nlisten \"unix:/x//y\" { }\ncontrol \"/z\" { }\ncontrol \"/./z\" { }\n",
	    "f:4: listen \"unix:/x//y\": the address is listened on twice; the first is in line 3\n"
	    "f:6: control \"/./z\" is there twice; the first is in line 5\n" },
	{ OK "listen \"unix:/x\" { }\ncontrol \"/x\" { }\ncontrol \"/x\" { }\n",
	    "f:3: listen \"unix:/x\": that is the control socket\n"
	    "f:5: control \"/x\" is there twice; the first is in line 4\n" },
	{ OK "pool \"web\" { server \"127.0.0.1:1\" { } }\n",
	    "f:3: pool \"web\" is there twice; the first is in line 2\n" },
	{ OK "workers = 1\nworkers = 2\n", "f:4: workers is given twice; the first is in line 3\n" },
	{ OK "trusted-proxies = unix\ntrusted-proxies += \"::1\"\n",
	    "f:4: trusted-proxies is given twice; the first is in line 3\n" },
	{ "listen \"*:80\" { }\npool \"web\" {\n\tserver \"127.0.0.1:1\" { }\n\tserver \"127.0.0.1:01\" { "
	  "}\n}\n",
	    "f:4: server \"127.0.0.1:01\" is twice in pool \"web\"; the first is in line 3; to send it more, "
	    "give it a "
	    "weight\n" },
	{ "listen \"*:80\" { }\npool w {\n\tserver \"app:1\" { }\n\tserver \"other:1\" { }\n\tserver \"app:1\" { }\n}\n",
	    "f:5: server \"app:1\" is twice in pool \"w\"; the first is in line 3; to send it more, "
	    "give it a weight\n" },
	{ OK "resolve-interval-min = 2m\n", "f:3: resolve-interval-min is more than resolve-interval-max\n" },
	{ OK "resolve-interval-max = 999ms\n", "f:3: resolve-interval-min is more than resolve-interval-max\n" },
	{ "listen \"*:80\" { }\npool w { server \"127.0.0.1:1\" { family = ipv4  addresses = all } }\n",
	    "f:2: family is for names of hosts and services only\n"
	    "f:2: addresses is for names of hosts and services only\n" },
	{ "listen \"*:80\" { }\npool w {\n\tserver \"localhost:1\" { }\n\tserver \"localhost:1\" { }\n"
	  "\tserver \"127.0.0.1:1\" { state = drain }\n}\n",
	    "f:4: server \"localhost:1\" is twice in pool \"w\"; the first is in line 3; to send it more, "
	    "give "
	    "it a weight\n"
	    "f:5: server \"127.0.0.1:1\" is twice in pool \"w\"; the first is in line 3; to send it more, "
	    "give "
	    "it a weight\n" },
	{ "listen \"127.0.0.1:80\" { }\npool \"web\" { server \"127.0.0.1:80\" { } }\n",
	    "f:2: server \"127.0.0.1:80\": drover itself listens there; requests would go in a circle\n" },
	{ "listen \"*:80\" {\n\tpool = wbe\n}\npool \"web\" { server \"127.0.0.1:3000\" { } }\n",
	    "f:1: there is no pool \"wbe\"; did you mean \"web\"?\n" },
	{ OK "route { pool = \"nothing\" }\n", "f:3: there is no pool \"nothing\"\n" },
	{ OK "route { path = \"/\" }\n", "f:3: route needs a pool: pool = \"NAME\"; or redirect, or respond\n" },
	{ OK "route { pool = web }\nroute { path = \"/old/\"  pool = web }\n",
	    "f:4: this route is never taken: the one in line 3 takes every request\n" },
	{ OK "pool two { server \"127.0.0.1:2\" { } }\nlisten \"*:81\" { pool = two }\n",
	    "f:1: listen \"*:80\" needs a pool: there are 2 pools, and no route to choose one\n" },
	{ OK "header-size = 4k\n", "f:3: target-size is more than header-size: 8192 and 4096 bytes\n" },
	{ OK "target-size = 17k\nvia = on\n",
	    "f:3: target-size is more than header-size: 17408 and 16384 bytes\n" },
	{ OK "listen \"127.0.0.1:81\" {\n\tsocket-mode = \"0600\"\n\tipv6-only = true\n}\n",
	    "f:4: socket-mode is for unix sockets only\nf:5: ipv6-only is for IPv6 addresses only\n" },
	{ OK "listen \"systemd:x\" { owner = 0 }\n", "f:3: owner is for unix sockets only\n" },
	{ OK "listen \"127.0.0.1:81\" { mode = tcp\n\tsend-timeout = 1s\n\tbody-limit = 3\n\ttunnel-timeout = 1s\n"
	     "\tallow = { 127.0.0.1 }\n\tdefer-accept = true }\n",
	    "f:4: send-timeout is for mode = http only\nf:5: body-limit is for mode = http only\n" },
	{ OK "listen \"unix:/x\" { mode = \"0666\" }\n", "f:3: mode is http or tcp, not \"0666\"\n" },
	{ OK "pool two { server \"127.0.0.1:2\" { } }\nroute { pool = web }\nlisten \"*:81\" { mode = tcp }\n",
	    "f:5: listen \"*:81\" needs a pool: there are 2 pools, and no route chooses for mode = tcp\n" },
	{ OK "pool \"\" { server \"127.0.0.1:1\" { } }\nroute { pool = web }\n",
	    "f:3: pool lacks its name, as in: pool \"web\" { ... }\n" },
	{ OK "pool \"0123456789012345678901234567890123456789012345678901234567890123\" { server "
	     "\"127.0.0.1:1\" { } }\n"
	     "route { pool = web }\n",
	    "f:3: the name of a pool has at most 63 bytes\n" },
};

static const struct bad bad_syntax[] = {
	{ "workers 4\n", "f:1: an option is written NAME = VALUE; there is no = after workers\n" },
	{ "# one\n/* two\n three */ workers = # four\n = 4\n",
	    "f:3: workers has no value\nf: nothing after line 3 was looked at\n" },
	{ "workers =\n", "f:1: workers has no value\n" },
	{ "workers = retries = 3\n", "f:1: the name of an option is expected here, not =\n"
				     "f:1: workers is a number from 1 to 256 or auto, not \"retries\"\n" },
	{ "workers = {\n",
	    "f:1: workers takes one value, not a list\nf:1: the { that is opened here is not closed\n" },
	{ OK "}\n", "f:3: there is no { that this } closes\n" },
	{ OK "{ }\n", "f:3: the name of an option is expected here, not {\n" },
	{ OK "= 4\n", "f:3: the name of an option is expected here, not =\n" },
	{ OK "\"workers\" = 4\n", "f:3: the name of an option is expected here, not a string\n" },
	{ "listen = \"*:80\"\n", "f:1: a section is written with { }, as in: listen \"*:80\" { }\n" },
	{ "listen \"*:80\"\npool \"web\" { }\n",
	    "f:1: a section is written with { }, as in: listen \"*:80\" { }\n"
	    "f: nothing after line 1 was looked at\n" },
	{ "route\n", "f:1: a section is written with { }, as in: route { }\n" },
	{ "listen { }\npool \"web\" { server \"127.0.0.1:3000\" { } }\nroute \"x\" { pool = web }\n",
	    "f:1: listen lacks its address, as in: listen \"*:80\" { ... }\n"
	    "f:3: route has no title: route { ... }\n" },
	{ "listen \"*:80\" {\n\npool \"web\" {\n",
	    "f:3: an option is written NAME = VALUE; there is no = after pool, or no } before it\n" },
	{ "pool \"web\" {\n\n\tserver \"x\" {\n\n",
	    "f:3: the { of this server is not closed\n"
	    "f:3: server \"x\": the port is missing: \"ADDRESS:PORT\" or \"unix:/PATH\"\n" },
	{ "trusted-proxies = { \"::1\" \"::2\" }\n", "f:1: a list is written { VALUE, VALUE }\n" },
	{ "trusted-proxies = { , }\n", "f:1: a list is written { VALUE, VALUE }\n" },
	{ "trusted-proxies = {\n { } }\n", "f:2: a list is written { VALUE, VALUE }\n" },
	{ "trusted-proxies = {\n\n", "f:1: the { that is opened here is not closed\n" },
	{ OK "via += yes\n", "f:3: via takes one value, not a list\n" },
	{ "listen \"*:80 { }\npool \"web\" { }\n",
	    "f:1: the string that begins here has no end in this line\n"
	    "f: nothing after line 1 was looked at\n" },
	{ "pid-file = '/x\\'\n", "f:1: the string that begins here has no end in this line\n" },
	{ "\n/* never\nclosed\n", "f:2: the comment that begins here has no end\n" },
	{ "listen *:80 { }\n", "f:1: a value with * in it is written between quotes\n" },
	{ "pid-file = /a+b\n", "f:1: a value with + in it is written between quotes\n" },
	{ "pid-file = \"/${HOME}\"\n",
	    "f:1: variables are not expanded; for the characters, write \"\\${\"\n" },
	{ "pid-file = ${HOME}\n", "f:1: variables are not expanded; for the characters, write \"\\${\"\n" },
	{ "pid-file = \"/\\x00a\"\n", "f:1: in a string, \\ stands before one of \"\\$ only; for a backslash, write \\\\\n" },
	{ "pid-file = '/\\\"'\n", "f:1: in a string, \\ stands before one of '\\ only; for a backslash, write \\\\\n" },
	{ "\n\n\x01\n", "f:3: this is not UTF-8 text: there is a byte 0x01\n" },
	{ "# \xc3\xa9\npid-file = \"/\xe9\"\n", "f:2: this is not UTF-8 text: there is a byte 0xe9\n" },
	{ "via = on\r\n\rvia = on\n", "f:2: this is not UTF-8 text: there is a byte 0x0d\n" },
	/* What was found before the syntax broke is told as well, with the values of what was begun. */
	{ "vai = 1\nworkers = 1\nworkers = 2\nretries 3\n",
	    "f:1: unknown option 'vai'; did you mean 'via'?\n"
	    "f:3: workers is given twice; the first is in line 2\n"
	    "f:4: an option is written NAME = VALUE; there is no = after retries\n" },
	{ "workers = many\nlisten \"*:80\" {\n\tbacklog = 0\n\tpool =\n}\n\nvia = maybe\n",
	    "f:1: workers is a number from 1 to 256 or auto, not \"many\"\n"
	    "f:3: backlog is a number from 1 to 65535, not \"0\"\n"
	    "f:4: pool has no value\n"
	    "f: nothing after line 4 was looked at\n" },
	/* What could still follow is not missed. */
	{ "target-size = 20k\nroute {\n\tpath = \"old\"\n\tpool\n}\nheader-size = 32k\n",
	    "f:3: path is a list of paths that begin with / and have no ? or #, not \"old\"\n"
	    "f:4: an option is written NAME = VALUE; there is no = after pool, or no } before it\n"
	    "f: nothing after line 4 was looked at\n" },
};

static void
expect_errors(struct conf *conf, struct conf_errors *errors, const char *text, const char *expected)
{
	char all[8192] = "";
	size_t i, used = 0;

	for (i = 0; i < errors->count; i++)
		used += (size_t)snprintf(all + used, sizeof all - used, "%s\n", errors->lines[i]);
	ck_assert_msg(strcmp(all, expected) == 0, "for:\n%s\nexpected:\n%s\nis:\n%s", text, expected, all);
	ck_assert_ptr_null(conf);
	conf_errors_free(errors);
}

static void
expect_all(const struct bad *table, size_t count)
{
	struct conf_errors errors;
	size_t i;

	for (i = 0; i < count; i++) {
		struct conf *conf = conf_load_text(table[i].text, "f", &errors);

		expect_errors(conf, &errors, table[i].text, table[i].errors);
	}
}

START_TEST(unknown_words_are_told_with_what_was_meant)
{
	expect_all(unknown_words, ARRAY_LENGTH(unknown_words));
}
END_TEST

START_TEST(bad_values_are_told_with_what_is_allowed)
{
	expect_all(bad_values, ARRAY_LENGTH(bad_values));
}
END_TEST

START_TEST(contradictions_are_told_with_both_places)
{
	expect_all(contradictions, ARRAY_LENGTH(contradictions));
}
END_TEST

START_TEST(syntax_errors_end_the_reading)
{
	expect_all(bad_syntax, ARRAY_LENGTH(bad_syntax));
}
END_TEST

START_TEST(all_kinds_are_told_at_once)
{
	static const char text[] = "listen \"*:80\" { backlog = 0 }\nworkres = 3\npool \"a\" { }\n"
				   "route { pool = \"b\" }\nroute { pool = \"a\" }\n";
	struct conf_errors errors;
	struct conf *conf = conf_load_text(text, "f", &errors);

	expect_errors(conf, &errors, text,
	    "f:1: backlog is a number from 1 to 65535, not \"0\"\n"
	    "f:2: unknown option 'workres'; did you mean 'workers'?\n"
	    "f:3: pool \"a\" has no server\n"
	    "f:4: there is no pool \"b\"\n"
	    "f:5: this route is never taken: the one in line 4 takes every request\n");
}
END_TEST

START_TEST(errors_are_limited_in_number)
{
	char text[8192];
	struct conf_errors errors;
	size_t used = 0;
	unsigned i;

	for (i = 0; i < 200; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "nothing-%u = 1\n", i);
	ck_assert_ptr_null(conf_load_text(text, "f", &errors));
	ck_assert_uint_eq(errors.count, 100);
	conf_errors_free(&errors);
}
END_TEST

START_TEST(sections_are_limited_in_number)
{
	char *text;
	size_t length, i;
	FILE *to = open_memstream(&text, &length);
	struct conf_errors errors;

	for (i = 0; i <= CONF_LISTENERS_MAX; i++)
		fprintf(to, "listen \"127.0.0.1:%zu\" { }\n", i + 1);
	fclose(to);
	expect_errors(conf_load_text(text, "f", &errors), &errors, "",
	    "f:257: there are more than 256 listen sections\n");
	free(text);
}
END_TEST

START_TEST(long_values_are_refused)
{
	char text[6000] = "pid-file = \"/";
	struct conf_errors errors;

	memset(text + strlen(text), 'x', 5000);
	memcpy(text + 5013, "\"\n", 3);
	expect_errors(
	    conf_load_text(text, "f", &errors), &errors, "", "f:1: a value has at most 4096 bytes\n");
}
END_TEST

START_TEST(names_of_servers_are_limited_in_length)
{
	char text[600], expected[600];
	struct conf_errors errors;

	snprintf(text, sizeof text, "listen \"*:80\" { }\npool \"web\" {\n\tserver \"%0126d:1\" { }\n}\n", 0);
	snprintf(expected, sizeof expected,
	    "f:3: server \"%0100d\": the address of a server has at most 127 bytes; this one has 128\n", 0);
	expect_errors(conf_load_text(text, "f", &errors), &errors, "", expected);
	snprintf(text, sizeof text,
	    "listen \"*:80\" { }\npool \"web\" {\n\tserver \"127.0.0.1:%0117d\" { }\n}\n", 1);
	conf_free(conf_load_text(text, "f", &errors));
	ck_assert_uint_eq(errors.count, 0);
	ck_assert_uint_eq(CONF_SERVER_NAME_MAX + 1, SCOREBOARD_NAME);
}
END_TEST

static void
expect_file_error(const char *file, const char *sentence)
{
	struct conf_errors errors;
	char expected[256];

	snprintf(expected, sizeof expected, "%s: %s\n", file, sentence);
	expect_errors(conf_load(file, &errors), &errors, file, expected);
}

START_TEST(files_that_cannot_be_read_are_told)
{
	char file[] = "/tmp/test_conf.XXXXXX";
	int fd = mkstemp(file);

	expect_file_error("/nonexistent/drover.conf", "cannot open the file: No such file or directory");
	expect_file_error("/", "this is a directory, not a file");
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (8 << 20) + 1), 0);
	expect_file_error(file, "the file is larger than 8 MiB");
	if (geteuid() != 0) {
		ck_assert_int_eq(fchmod(fd, 0), 0);
		expect_file_error(file, "cannot open the file: Permission denied");
	}
	close(fd);
	unlink(file);
}
END_TEST

/* To open a pipe waits for its writer; the harness would end this test. */
START_TEST(what_is_no_file_is_not_opened)
{
	char folder[] = "/tmp/test_conf.XXXXXX", path[64];
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_ptr_nonnull(mkdtemp(folder));
	expect_file_error("/dev/zero", "this is a device, not a file");
	snprintf(path, sizeof path, "%s/pipe", folder);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect_file_error(path, "this is a pipe, not a file");
	unlink(path);
	snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", folder);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	expect_file_error(un.sun_path, "this is a socket, not a file");
	close(fd);
	unlink(un.sun_path);
	rmdir(folder);
}
END_TEST

START_TEST(a_zero_byte_in_a_file_is_told)
{
	char file[] = "/tmp/test_conf.XXXXXX", expected[256];
	struct conf_errors errors;
	int fd = mkstemp(file);

	ck_assert_int_eq(write(fd, "via = on\nvia\0= on\n", 18), 18);
	close(fd);
	snprintf(expected, sizeof expected, "%s:2: this is not UTF-8 text: there is a byte 0x00\n", file);
	expect_errors(conf_load(file, &errors), &errors, file, expected);
	unlink(file);
}
END_TEST

static void
expect_argument_errors(const char *listener, const char *first, const char *second, const char *expected)
{
	const char *listeners[] = { listener }, *servers[] = { first, second };
	struct conf_errors errors;
	const struct conf_arguments given = { .listeners = listeners, .listener_count = listener != NULL,
		.servers = servers, .server_count = (size_t)(first != NULL) + (second != NULL), .control = "/run/control" };

	expect_errors(conf_from_arguments(&given, &errors), &errors, listener != NULL ? listener : "", expected);
}

START_TEST(arguments_are_named_in_errors)
{
	expect_argument_errors(
	    "8080", "127.0.0.1:1", NULL, "-l 8080: listen \"8080\": a port alone is written \":8080\"\n");
	expect_argument_errors(":80", "3000", "http://localhost:3000",
	    "-b 3000: server \"3000\": a server needs a host: \"127.0.0.1:3000\"\n"
	    "-b http://localhost:3000: server \"http://localhost:3000\": an address has no http:// and no "
	    "path; did you mean \"localhost:3000\"?\n");
	expect_argument_errors(
	    "", "127.0.0.1:1", NULL, "-l : listen lacks its address, as in: listen \"*:80\" { ... }\n");
	expect_argument_errors(NULL, NULL, NULL,
	    "an address to listen on is needed: -l :8080\n"
	    "a server is needed: -b 127.0.0.1:3000; or a command: -- node server.js\n");
	expect_argument_errors(":80", "127.0.0.1:1", "127.0.0.1:1",
	    "-b 127.0.0.1:1: server \"127.0.0.1:1\" is twice in pool \"default\"; the first is in -b "
	    "127.0.0.1:1; to "
	    "send it more, give it a weight\n");
	expect_argument_errors(":80\" { } #", "127.0.0.1:1", NULL,
	    "-l :80\" { } #: listen \":80\" { } #\": the port is a number from 0 to 65535\n");
	expect_argument_errors(":80", "127.0.0.1:1", "${x}:1\n",
	    "-b ${x}:1\n: server \"${x}:1\t\": the port is a number from 1 to 65535\n");
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("conf_errors");

	tcase_add_test(tests, unknown_words_are_told_with_what_was_meant);
	tcase_add_test(tests, bad_values_are_told_with_what_is_allowed);
	tcase_add_test(tests, contradictions_are_told_with_both_places);
	tcase_add_test(tests, syntax_errors_end_the_reading);
	tcase_add_test(tests, all_kinds_are_told_at_once);
	tcase_add_test(tests, errors_are_limited_in_number);
	tcase_add_test(tests, sections_are_limited_in_number);
	tcase_add_test(tests, long_values_are_refused);
	tcase_add_test(tests, names_of_servers_are_limited_in_length);
	tcase_add_test(tests, files_that_cannot_be_read_are_told);
	tcase_add_test(tests, what_is_no_file_is_not_opened);
	tcase_add_test(tests, a_zero_byte_in_a_file_is_told);
	tcase_add_test(tests, arguments_are_named_in_errors);
	return run_case(tests);
}
