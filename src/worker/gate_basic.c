/* Names and passwords (RFC 7617): `auth-basic`. Runs in workers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/credentials.h"
#include "http/fields.h"
#include "worker/additions.h"
#include "worker/exchange.h"
#include "worker/gate.h"
#include "worker/passwords.h"

static bool
basic_wanted(const struct conf_rules *rules)
{
	return rules->auth_realm != NULL;
}

/* Writes the realm so that it stands between quotes (RFC 9110 5.6.4). */
static void
realm_quote(char *to, size_t size, const char *realm)
{
	size_t n = 0;

	for (; *realm != '\0' && n + 3 < size; realm++) {
		if (*realm == '"' || *realm == '\\')
			to[n++] = '\\';
		to[n++] = *realm;
	}
	to[n] = '\0';
}

static enum gate_result
basic_refuse(struct exchange *x, const struct conf_rules *rules, const char *reason)
{
	static const char body[] = "401 Unauthorized\n";
	char realm[320], fields[400];
	const struct answer answer = { .status = 401, .type = "text/plain", .fields = fields,
		.body = { body, sizeof body - 1 }, .keeps = true };

	realm_quote(realm, sizeof realm, rules->auth_realm);
	snprintf(fields, sizeof fields, "WWW-Authenticate: Basic realm=\"%s\", charset=\"UTF-8\"\r\n", realm);
	count(x->worker, AUTH_DENIED, 1);
	exchange_answer(x, &answer, reason);
	return GATE_ANSWERED;
}

/* Too many passwords wait to be checked. */
static enum gate_result
basic_put_off(struct exchange *x, unsigned status, const char *reason)
{
	char body[64];
	const struct answer answer = { .status = status, .type = "text/plain", .fields = "Retry-After: 1\r\n",
		.body = { body, (size_t)snprintf(body, sizeof body, "%u %s\n", status, h1_status_phrase(status)) },
		.keeps = true };

	count(x->worker, AUTH_BUSY, 1);
	exchange_answer(x, &answer, reason);
	return GATE_ANSWERED;
}

static enum step_result
step_wait_password(struct exchange *x)
{
	return exchange_wait(x);
}

/* The user is let in: the log and the server are told who it is. */
static enum gate_result
basic_pass(struct exchange *x, const struct conf_rules *rules, struct text name)
{
	char *user = strndup(name.bytes, name.length);

	if (user == NULL || (rules->auth_user_header != NULL && addition_field(&x->more, rules->auth_user_header, name) < 0)) {
		free(user);
		exchange_reply(x, 503, "no-memory");
		return GATE_ANSWERED;
	}
	free(x->user);
	x->user = user;
	return GATE_PASS;
}

static enum gate_result
basic_check(struct exchange *x, const struct conf_rules *rules, const struct credentials *credentials)
{
	switch (password_check(x, (unsigned)rules->users_file, credentials)) {
	case PASSWORD_RIGHT:
		return basic_pass(x, rules, credentials->name);
	case PASSWORD_WAIT:
		x->step = step_wait_password;
		return GATE_WAIT;
	case PASSWORD_CROWDED:
		return basic_put_off(x, 429, "password-crowd");
	case PASSWORD_BUSY:
		return basic_put_off(x, 503, "password-queue");
	case PASSWORD_WRONG:
		break;
	}
	return basic_refuse(x, rules, "wrong-password");
}

static enum gate_result
basic_enter(struct exchange *exchange, const struct conf_rules *rules, const struct h1_request *request)
{
	unsigned number;
	struct text value = fields_value(request, "authorization", &number);
	struct credentials credentials;
	enum gate_result result;

	if (number != 1)
		return basic_refuse(exchange, rules, number == 0 ? "no-credentials" : "bad-credentials");
	switch (credentials_read(&credentials, value.bytes, value.length)) {
	case CREDENTIALS_READ:
		result = basic_check(exchange, rules, &credentials);
		break;
	case CREDENTIALS_OTHER:
		return basic_refuse(exchange, rules, "no-credentials");
	default:
		result = basic_refuse(exchange, rules, "bad-credentials");
	}
	credentials_clear(&credentials);
	return result;
}

const struct gate gate_basic = { "basic", basic_wanted, basic_enter };
