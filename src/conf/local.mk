noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	conf/accounts.c conf/accounts.h \
	conf/answer_rule.c conf/answer_rule.h \
	conf/app.c conf/app.h \
	conf/arguments.c \
	conf/build.c conf/build.h \
	conf/check.c conf/check.h conf/check_app.c conf/check_auth.c \
	conf/compare.c conf/compare.h \
	conf/conf.c conf/conf.h \
	conf/directories.c \
	conf/drift.c conf/drift.h \
	conf/elements.c conf/elements.h \
	conf/field.h \
	conf/file.c conf/file.h \
	conf/header_rule.c conf/header_rule.h \
	conf/hash_key.c conf/hash_key.h \
	conf/health.c conf/health.h \
	conf/list.c conf/list.h \
	conf/load.c conf/load.h \
	conf/look_up.c \
	conf/names.c \
	conf/options.c conf/options.h \
	conf/options_app.h conf/options_auth.h conf/options_client.h conf/options_health.h conf/options_pool.h conf/options_resolve.h \
	conf/options_row.h \
	conf/options_rules.h \
	conf/password.c conf/password.h \
	conf/page.c conf/page.h \
	conf/people.c \
	conf/prefix.c \
	conf/rate.c \
	conf/report.c conf/report.h \
	conf/scan.c conf/scan.h \
	conf/server.c conf/server.h \
	conf/show.c \
	conf/show_json.c conf/show_json.h \
	conf/sticky.c \
	conf/string_field.c conf/string_field.h \
	conf/syntax.c conf/syntax.h \
	conf/template.c conf/template.h \
	conf/unknown.c conf/unknown.h \
	conf/users.c conf/users.h \
	conf/value.c conf/value.h \
	conf/values_auth.c \
	conf/walk.c conf/walk.h \
	conf/writer.c conf/writer.h
