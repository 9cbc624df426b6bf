/* conf/users, conf/password: files of users as htpasswd writes them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/password.h"
#include "conf/users.h"
#include "run.h"

#define BCRYPT "$2y$05$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VOC"
#define SHA256 "$5$K8OOeiC6fQf.QJUb$nv2Z/nT3BGWsPdEcSfrjJnq4PUYjHcp0gv71R.08Vl0"
#define SHA512 "$6$fqp/.c61x78wQ.fQ$ng.fXf.zgqiY9bCq9PDxJmE0VSNz493radNb/RAzU0D.lNUdBIByGqtCxXdz0gReHW8eX8ciCAdG5GL3xSEHq/"
#define SHA512_TAIL "ng.fXf.zgqiY9bCq9PDxJmE0VSNz493radNb/RAzU0D.lNUdBIByGqtCxXdz0gReHW8eX8ciCAdG5GL3xSEHq/"
#define YESCRYPT "$y$j9T$VYFtnMXNamlgN33kZaEJB.$dHCc7NYj2jkzHvQ9h7u1z/SqnL5PAm8oPMM.dEnKz7C"
#define YESCRYPT_TAIL "$VYFtnMXNamlgN33kZaEJB.$dHCc7NYj2jkzHvQ9h7u1z/SqnL5PAm8oPMM.dEnKz7C"
#define MD5 "$1$j6fddOg0$3OQuAgveN7332SGgZ2GSG0"

static struct conf_users *
load(const char *text)
{
	struct conf_errors errors;
	struct conf_users *users = conf_users_load_text(text, strlen(text), "f", &errors);

	ck_assert_msg(users != NULL, "%s", errors.count > 0 ? errors.lines[0] : "no error");
	ck_assert_uint_eq(errors.count, 0);
	return users;
}

static const char *
find(const struct conf_users *users, const char *name)
{
	return conf_users_find(users, name, strlen(name));
}

START_TEST(users_are_found_by_name)
{
	struct conf_users *users = load("# staff\n\nann:" BCRYPT "\nbob:" SHA256 ":a comment\r\nj\xc3\xb6rg x:" SHA512
					"\ncyd:" YESCRYPT "\ndan:" MD5);

	ck_assert_uint_eq(conf_users_count(users), 5);
	ck_assert_str_eq(find(users, "ann"), BCRYPT);
	ck_assert_str_eq(find(users, "bob"), SHA256);
	ck_assert_str_eq(find(users, "j\xc3\xb6rg x"), SHA512);
	ck_assert_str_eq(find(users, "cyd"), YESCRYPT);
	ck_assert_str_eq(find(users, "dan"), MD5);
	ck_assert_ptr_null(find(users, "an"));
	ck_assert_ptr_null(find(users, "annn"));
	ck_assert_ptr_null(find(users, "Ann"));
	ck_assert_ptr_null(find(users, ""));
	ck_assert_ptr_null(find(users, "# staff"));
	free(users);
}
END_TEST

/* So that a name that is not there costs as much as one that is. */
START_TEST(a_decoy_is_the_hash_of_somebody)
{
	struct conf_users *users = load("ann:" BCRYPT "\n"), *nobody = load("# none yet\n");
	uint64_t seed;

	for (seed = 0; seed < 100; seed++)
		ck_assert_str_eq(conf_users_decoy(users, seed * 0x9e3779b97f4a7c15), BCRYPT);
	ck_assert_ptr_null(conf_users_decoy(nobody, 1));
	ck_assert_ptr_null(find(nobody, "ann"));
	free(nobody);
	free(users);
}
END_TEST

START_TEST(many_users)
{
	size_t room = CONF_USERS_MAX * 64 + 64, length = 0, i;
	char *text = malloc(room), name[16];
	struct conf_errors errors;
	struct conf_users *users, *copy;

	for (i = 0; i < CONF_USERS_MAX; i++)
		length += (size_t)snprintf(text + length, room - length, "u%zu:" MD5 "\n", i);
	users = load(text);
	ck_assert_uint_eq(conf_users_count(users), CONF_USERS_MAX);
	/* it is the same elsewhere */
	ck_assert(conf_users_are_whole(users, conf_users_size(users)));
	ck_assert(!conf_users_are_whole(users, conf_users_size(users) - 1));
	copy = malloc(conf_users_size(users));
	memcpy(copy, users, conf_users_size(users));
	free(users);
	for (i = 0; i < CONF_USERS_MAX; i++) {
		snprintf(name, sizeof name, "u%zu", i);
		ck_assert_str_eq(find(copy, name), MD5);
	}
	ck_assert_ptr_null(find(copy, "u2000"));
	free(copy);
	snprintf(text + length, room - length, "x:" MD5 "\n");
	ck_assert_ptr_null(conf_users_load_text(text, strlen(text), "f", &errors));
	ck_assert_str_eq(errors.lines[0], "f:2001: there are more than 2000 users");
	conf_errors_free(&errors);
	free(text);
}
END_TEST

/* All that is wrong is told, by line. */
START_TEST(what_is_wrong_is_told_by_line)
{
	static const char text[] = "ann\n:" MD5 "\nbob:\ncyd:$apr1$a$b\nd\x01n:" MD5 "\neve:{SHA}x\nfay:secret\n"
				   "gil:$9$x$y\nh\xff:" MD5 "\nida:$6$salt$short\n";
	static const char *const lines[] = {
		"f:1: a line is NAME:HASH, as htpasswd writes it",
		"f:2: the name of the user is missing",
		"f:3: the hash of bob is none of crypt(5): a plain text, or the old DES; make it anew with `openssl passwd -6` "
		"or `htpasswd -B`",
		"f:4: the hash of cyd is of apr1, which libcrypt does not know; make it anew with `openssl passwd -6` or "
		"`htpasswd -B`",
		"f:5: the name of the user is not UTF-8 text",
		"f:6: the hash of eve is of SHA-1, which is too weak; make it anew with `openssl passwd -6` or `htpasswd -B`",
		"f:7: the hash of fay is none of crypt(5): a plain text, or the old DES; make it anew with `openssl passwd -6` "
		"or `htpasswd -B`",
		"f:8: the hash of gil is of a method that is not known here; make it anew with `openssl passwd -6` or `htpasswd "
		"-B`",
		"f:9: the name of the user is not UTF-8 text",
		"f:10: the hash of ida is not whole, for one of sha512crypt",
	};
	struct conf_errors errors;
	size_t i;

	ck_assert_ptr_null(conf_users_load_text(text, sizeof text - 1, "f", &errors));
	ck_assert_uint_eq(errors.count, sizeof lines / sizeof *lines);
	for (i = 0; i < errors.count; i++)
		ck_assert_str_eq(errors.lines[i], lines[i]);
	conf_errors_free(&errors);
}
END_TEST

START_TEST(a_name_is_there_once)
{
	static const char text[] = "ann:" MD5 "\nbob:" MD5 "\nann:" BCRYPT "\n";
	struct conf_errors errors;

	ck_assert_ptr_null(conf_users_load_text(text, sizeof text - 1, "f", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.lines[0], "f:3: user ann is there twice; the first is in line 1");
	conf_errors_free(&errors);
}
END_TEST

START_TEST(a_file_that_cannot_be_read)
{
	struct conf_errors errors;

	ck_assert_ptr_null(conf_users_load("/nonexistent/users", &errors));
	ck_assert_uint_eq(errors.count, 1);
	ck_assert_str_eq(errors.lines[0], "/nonexistent/users: cannot open the file: No such file or directory");
	conf_errors_free(&errors);
	ck_assert_ptr_null(conf_users_load("/dev/null", &errors));
	ck_assert_str_eq(errors.lines[0], "/dev/null: this is a device, not a file");
	conf_errors_free(&errors);
}
END_TEST

struct row {
	const char *hash;
	bool good;
};

static const struct row rows[] = {
	{ BCRYPT, true },
	{ "$2a$14$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VOC", true },
	{ "$2b$15$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VOC", false }, /* seconds */
	{ "$2y$03$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VOC", false },
	{ "$2y$5$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VOC", false },
	{ "$2x$05$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VOC", false },
	{ "$2y$05$dbJjpMePF0CVkhXKLXZEVuhM8udb8Dy3EJ/LtEQTZRxEAgma.7VO", false },
	{ "$2y$05$", false },
	{ "$2y$", false },
	{ SHA256, true },
	{ SHA512, true },
	{ "$6$rounds=1000000$fqp/.c61x78wQ.fQ$" SHA512_TAIL, true },
	{ "$6$rounds=1000001$fqp/.c61x78wQ.fQ$" SHA512_TAIL, false },
	{ "$6$rounds=99999999999999999999999$fqp/.c61x78wQ.fQ$" SHA512_TAIL, false },
	{ "$6$rounds=-1$fqp/.c61x78wQ.fQ$" SHA512_TAIL, false },
	{ "$6$rounds=5000" SHA512_TAIL, false },
	{ "$6$" SHA512_TAIL, false },
	{ "$6$fqp/.c61x78wQ.fQ$" SHA512_TAIL "x", false },
	{ "$6$fqp/.c61x78wQ.fQ$*" SHA512_TAIL, false },
	{ YESCRYPT, true },
	{ "$gy$j9T" YESCRYPT_TAIL, true },
	{ "$y$jCT" YESCRYPT_TAIL, true },
	{ "$y$jFT" YESCRYPT_TAIL, false }, /* a gigabyte */
	{ "$y$j75" YESCRYPT_TAIL, true },
	{ "$y$k9T" YESCRYPT_TAIL, false },
	{ "$y$j9T.." YESCRYPT_TAIL, false },
	{ "$y$", false },
	{ MD5, true },
	{ "$1$", false },
	{ "$", false },
	{ "", false },
	{ "rqXexS6ZhobKA", false },
};

START_TEST(hashes)
{
	struct error err = { .text = "" };

	ck_assert_msg(password_hash_check(rows[_i].hash, &err) == (rows[_i].good ? 0 : -1), "%s: %s", rows[_i].hash, err.text);
	ck_assert(rows[_i].good || err.text[0] != '\0');
}
END_TEST

int
main(void)
{
	TCase *tests = tcase_create("users");

	tcase_add_test(tests, users_are_found_by_name);
	tcase_add_test(tests, a_decoy_is_the_hash_of_somebody);
	tcase_add_test(tests, many_users);
	tcase_add_test(tests, what_is_wrong_is_told_by_line);
	tcase_add_test(tests, a_name_is_there_once);
	tcase_add_test(tests, a_file_that_cannot_be_read);
	tcase_add_loop_test(tests, hashes, 0, (int)(sizeof rows / sizeof *rows));
	return run_case(tests);
}
