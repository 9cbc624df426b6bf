/* worker/route: which pool gets a request. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/object.h"
#include "worker/route.h"
#include "run.h"

static char app[] = "app.example.org", localhost[] = "localhost", any_name[] = "*.example.org",
	    loopback[] = "[::1]";
static char api_folder[] = "/api/", v2[] = "/v2", slash[] = "/";
static char *exact[] = { app, localhost };
static char *wildcard[] = { any_name };
static char *ipv6[] = { loopback };
static char *api[] = { api_folder, v2 };
static char *root[] = { slash };

/* The pool's number is the route's place. */
static struct conf_route routes[] = {
	{ .hosts = exact, .host_count = 2, .paths = api, .path_count = 2, .pool = 0 },
	{ .hosts = exact, .host_count = 2, .pool = 1 },
	{ .hosts = wildcard, .host_count = 1, .pool = 2 },
	{ .hosts = ipv6, .host_count = 1, .pool = 3 },
	{ .paths = api, .path_count = 2, .pool = 4 },
	{ .paths = root, .path_count = 1, .pool = 5 },
};

static struct conf conf = { .routes = routes, .route_count = ARRAY_LENGTH(routes) };
static struct pool pools[7];
static struct route there[ARRAY_LENGTH(routes)], fixed_route = { .pool = &pools[6] };
static struct worker worker = { .conf = &conf, .pools = pools, .routes = there };
static struct policy by_routes, fixed = { .route = &fixed_route };

/* The number of the pool that the request gets; -1: none. */
static int
route(const struct policy *policy, const char *head)
{
	static const struct h1_limits limits = { .head = 1000, .target = 1000, .fields = 10 };
	static struct h1_request request;
	struct h1_scan scan = { 0 };
	const struct route *found;

	ck_assert_msg(h1_request_parse(&request, &scan, head, strlen(head), &limits) == H1_DONE, "%s", head);
	found = route_find(&worker, policy, &request);
	if (found == NULL)
		return -1;
	return found == &fixed_route ? 6 : routes[found - there].pool;
}

static int
route_of(const char *host, const char *target)
{
	char head[300];

	snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", target, host);
	return route(&by_routes, head);
}

/* Whether the path is one of another route's in disguise. */
static bool
dodges(const char *target)
{
	static const struct h1_limits limits = { .head = 1000, .target = 1000, .fields = 10 };
	static struct h1_request request;
	struct h1_scan scan = { 0 };
	char head[300];

	snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", target);
	ck_assert_msg(h1_request_parse(&request, &scan, head, strlen(head), &limits) == H1_DONE, "%s", head);
	return route_is_dodged(&worker, &by_routes, &request, route_find(&worker, &by_routes, &request));
}

START_TEST(no_guarded_route_is_dodged)
{
	static const char *const ways[] = { "/%61pi/", "//api/", "/./api/", "/x/../api/", "/x/%2e%2e/api/", "/%2Fapi/",
		"/../api/x", "/api%2fx", "/api/../x", "/api/%2e%2e", "/api/..", "/%76%32" };
	static const char *const plain[] = { "/", "/api/", "/api/%61", "/api/x/../y", "/api//", "/x//y", "/.well-known/x",
		"/x/..", "/%", "/%2", "/x/.", "/x/%2e", "/apis/../x" };
	size_t i;

	ck_assert(!dodges(ways[0])); /* nothing is guarded */
	worker.guarded = true;
	for (i = 0; i < ARRAY_LENGTH(ways); i++)
		ck_assert_msg(dodges(ways[i]), "%s", ways[i]);
	for (i = 0; i < ARRAY_LENGTH(plain); i++)
		ck_assert_msg(!dodges(plain[i]), "%s", plain[i]);
	worker.guarded = false;
}
END_TEST

START_TEST(names_fit_exactly_and_in_any_case)
{
	ck_assert_int_eq(route_of("localhost", "/"), 1);
	ck_assert_int_eq(route_of("LocalHost", "/"), 1);
	ck_assert_int_eq(route_of("app.example.org", "/"), 1);
	ck_assert_int_eq(route_of("localhos", "/"), 5);
	ck_assert_int_eq(route_of("localhostt", "/"), 5);
	ck_assert_int_eq(route_of("xlocalhost", "/"), 5);
}
END_TEST

START_TEST(port_and_root_dot_do_not_count)
{
	ck_assert_int_eq(route_of("localhost:80", "/"), 1);
	ck_assert_int_eq(route_of("localhost:", "/"), 1);
	ck_assert_int_eq(route_of("localhost.", "/"), 1);
	ck_assert_int_eq(route_of("localhost.:8080", "/"), 1);
	ck_assert_int_eq(route_of("[::1]", "/"), 3);
	ck_assert_int_eq(route_of("[::1]:8080", "/"), 3);
	ck_assert_int_eq(route_of("[::2]:8080", "/"), 5);
	ck_assert_int_eq(route_of("8080", "/"), 5);
}
END_TEST

START_TEST(a_wildcard_fits_any_name_under_it)
{
	ck_assert_int_eq(route_of("www.example.org", "/"), 2);
	ck_assert_int_eq(route_of("a.b.Example.Org:1", "/"), 2);
	ck_assert_int_eq(route_of("example.org", "/"), 5);
	ck_assert_int_eq(route_of("wwwexample.org", "/"), 5);
	ck_assert_int_eq(route_of("www.example.org.evil", "/"), 5);
}
END_TEST

START_TEST(the_first_route_whose_host_and_path_fit_has_it)
{
	ck_assert_int_eq(route_of("localhost", "/api/x?y"), 0);
	ck_assert_int_eq(route_of("localhost", "/v2"), 0);
	ck_assert_int_eq(route_of("localhost", "/api"), 1);
	ck_assert_int_eq(route_of("localhost", "/API/"), 1);
	ck_assert_int_eq(route_of("other", "/api/"), 4);
	ck_assert_int_eq(route_of("other", "/x/api/"), 5);
	ck_assert_int_eq(route_of("www.example.org", "/api/"), 2);
}
END_TEST

START_TEST(an_absolute_target_is_for_its_host)
{
	ck_assert_int_eq(route_of("localhost", "http://localhost/api/"), 0);
	ck_assert_int_eq(route_of("other:80", "http://other:80/v2"), 4);
	ck_assert_int_eq(route_of("other", "http://other"), 5); /* "/" is meant */
}
END_TEST

START_TEST(without_a_host_only_paths_decide)
{
	ck_assert_int_eq(route(&by_routes, "GET /api/ HTTP/1.0\r\n\r\n"), 4);
	ck_assert_int_eq(route(&by_routes, "GET / HTTP/1.0\r\n\r\n"), 5);
}
END_TEST

START_TEST(there_may_be_no_route)
{
	ck_assert_int_eq(route(&by_routes, "OPTIONS * HTTP/1.1\r\nHost: other\r\n\r\n"), -1);
	ck_assert_int_eq(route(&by_routes, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"), 1);
	conf.route_count = 0;
	ck_assert_int_eq(route_of("localhost", "/"), -1);
	conf.route_count = ARRAY_LENGTH(routes);
}
END_TEST

START_TEST(a_listener_with_a_pool_needs_no_route)
{
	ck_assert_int_eq(route(&fixed, "GET /api/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), 6);
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("route");

	tcase_add_test(tests, no_guarded_route_is_dodged);
	tcase_add_test(tests, names_fit_exactly_and_in_any_case);
	tcase_add_test(tests, port_and_root_dot_do_not_count);
	tcase_add_test(tests, a_wildcard_fits_any_name_under_it);
	tcase_add_test(tests, the_first_route_whose_host_and_path_fit_has_it);
	tcase_add_test(tests, an_absolute_target_is_for_its_host);
	tcase_add_test(tests, without_a_host_only_paths_decide);
	tcase_add_test(tests, there_may_be_no_route);
	tcase_add_test(tests, a_listener_with_a_pool_needs_no_route);
	return run_case(tests);
}
